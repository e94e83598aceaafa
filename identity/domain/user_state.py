"""userState: what an authorization response says of the user beside its code; a hint, and nothing to decide by.

Source: supporting contract 21.1. The order is that of the login's gates: 212, 213, 202.
"""

from __future__ import annotations

from enum import UNIQUE, Enum, verify

from identity.domain.model import Application, Registration, Tenant, User
from identity.domain.verification import email_verification, registration_verification


@verify(UNIQUE)
class UserState(Enum):
    """The value is the wire's."""

    AUTHENTICATED = "Authenticated"
    NOT_REGISTERED = "AuthenticatedNotRegistered"
    NOT_VERIFIED = "AuthenticatedNotVerified"
    REGISTRATION_NOT_VERIFIED = "AuthenticatedRegistrationNotVerified"


def user_state(tenant: Tenant, application: Application, user: User, registration: Registration | None) -> UserState:
    if email_verification(tenant.settings).wanted and user.email is not None and not user.verified:
        return UserState.NOT_VERIFIED
    if registration is None:
        return UserState.NOT_REGISTERED
    if registration_verification(application.settings).wanted and not registration.verified:
        return UserState.REGISTRATION_NOT_VERIFIED
    return UserState.AUTHENTICATED
