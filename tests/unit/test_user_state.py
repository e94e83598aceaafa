"""What an authorization response says of the user beside its code."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from identity.domain.model import Application, Registration, Tenant, User
from identity.domain.user_state import UserState, user_state
from tests.unit.test_user_wire import FULL_REGISTRATION, FULL_USER

ID = UUID(int=1)
LAX = Tenant(ID, "Default", True, None, ID, ID, {}, {}, 0, 0)
STRICT = replace(LAX, settings={"email_configuration": {"verify_email": True}})
OPEN = Application(ID, ID, "Demo", True, None, None, {}, {}, 0, 0)
CAREFUL = replace(OPEN, settings={"verify_registration": True})

VERIFIED, UNVERIFIED = FULL_USER, replace(FULL_USER, verified=False)
REGISTERED, DOUBTFUL = FULL_REGISTRATION, replace(FULL_REGISTRATION, verified=False)


@pytest.mark.parametrize(
    ("tenant", "application", "user", "registration", "state"),
    [
        (STRICT, CAREFUL, VERIFIED, REGISTERED, "Authenticated"),
        (STRICT, CAREFUL, UNVERIFIED, REGISTERED, "AuthenticatedNotVerified"),
        (STRICT, CAREFUL, UNVERIFIED, DOUBTFUL, "AuthenticatedNotVerified"),
        (STRICT, CAREFUL, UNVERIFIED, None, "AuthenticatedNotVerified"),
        (STRICT, CAREFUL, VERIFIED, None, "AuthenticatedNotRegistered"),
        (STRICT, CAREFUL, VERIFIED, DOUBTFUL, "AuthenticatedRegistrationNotVerified"),
        (STRICT, OPEN, VERIFIED, DOUBTFUL, "Authenticated"),
        (LAX, CAREFUL, UNVERIFIED, REGISTERED, "Authenticated"),
        (LAX, CAREFUL, UNVERIFIED, DOUBTFUL, "AuthenticatedRegistrationNotVerified"),
        (LAX, OPEN, UNVERIFIED, DOUBTFUL, "Authenticated"),
        (LAX, OPEN, UNVERIFIED, None, "AuthenticatedNotRegistered"),
    ],
)
def test_the_address_comes_before_the_registration_and_only_what_is_demanded_counts(
    tenant: Tenant, application: Application, user: User, registration: Registration | None, state: str
) -> None:
    assert user_state(tenant, application, user, registration) is UserState(state)


def test_who_has_no_address_has_none_to_verify() -> None:
    assert user_state(STRICT, OPEN, replace(UNVERIFIED, email=None), REGISTERED) is UserState.AUTHENTICATED
