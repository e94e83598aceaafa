"""What tenant and application demand of addresses and registrations, and what a verification changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from identity.domain.verification import (
    Verification,
    email_verification,
    must_verify_again,
    proved_address,
    registration_verification,
    verified_user,
)
from tests.unit.test_user_wire import FULL_USER

NOW = 1_700_000_000_000
BOB = replace(FULL_USER, email="bob@example.com", data={})
GATED, ALLOW = {"behavior": "Gated"}, {"behavior": "Allow"}


@pytest.mark.parametrize(
    ("settings", "demand"),
    [
        ({}, Verification()),
        ({"switch": False}, Verification()),
        ({"switch": True}, Verification(wanted=True)),
        ({"switch": True, "verification_strategy": "ClickableLink"}, Verification(wanted=True)),
        ({"switch": True, "verification_strategy": "FormField"}, Verification(wanted=True, takes_code=True)),
        ({"switch": True, "unverified": None}, Verification(wanted=True)),
        ({"switch": True, "unverified": ALLOW}, Verification(wanted=True)),
        ({"switch": True, "unverified": GATED}, Verification(wanted=True, gated=True)),
        (
            {"switch": True, "verification_strategy": "FormField", "unverified": GATED},
            Verification(wanted=True, takes_code=True, gated=True),
        ),
    ],
)
def test_a_tenant_demands_of_addresses_what_an_application_demands_of_registrations(
    settings: dict[str, Any], demand: Verification
) -> None:
    def named(switch: str) -> dict[str, Any]:
        return {switch if name == "switch" else name: value for name, value in settings.items()}

    assert email_verification({"email_configuration": named("verify_email")}) == demand
    assert registration_verification(named("verify_registration")) == demand


def test_neither_demands_what_the_other_is_told_to() -> None:
    assert not registration_verification({"verify_email": True}).wanted
    assert not email_verification({"email_configuration": {"verify_registration": True}}).wanted
    assert not email_verification({"verify_email": True}).wanted
    assert email_verification({"email_configuration": None}) == Verification()


BOTH = {"verify_email": True, "verify_email_when_changed": True}


@pytest.mark.parametrize(
    ("settings", "before", "after", "again"),
    [
        (BOTH, "bob@example.com", "rob@example.com", True),
        (BOTH, None, "bob@example.com", True),
        (BOTH, "bob@example.com", "bob@example.com", False),
        (BOTH, "bob@example.com", "Bob@Example.COM", False),
        (BOTH, "bob@example.com", None, False),
        (BOTH, None, None, False),
        ({**BOTH, "verify_email_when_changed": False}, "bob@example.com", "rob@example.com", False),
        ({**BOTH, "verify_email": False}, "bob@example.com", "rob@example.com", False),
        ({"verify_email": True}, None, "bob@example.com", False),
        (None, "bob@example.com", "rob@example.com", False),
    ],
)
def test_another_address_is_verified_anew_where_the_tenant_wants_both(
    settings: dict[str, Any] | None, before: str | None, after: str | None, again: bool
) -> None:
    tenant = {"email_configuration": settings}
    assert must_verify_again(tenant, replace(BOB, email=before), replace(BOB, email=after)) is again


@pytest.mark.parametrize(
    ("email", "data", "address"),
    [
        ("Bob@Example.com", {}, "bob@example.com"),
        ("bob@example.com", {"email": "other@example.com"}, "bob@example.com"),
        (None, {"email": "Other@example.com"}, "other@example.com"),
        (None, {"email": 7}, ""),
        (None, {}, ""),
    ],
)
def test_a_mailed_id_proves_the_address_it_went_to_however_it_is_written(
    email: str | None, data: dict[str, Any], address: str
) -> None:
    assert proved_address(replace(BOB, email=email, data=data)) == address


@pytest.mark.parametrize(("first", "stays"), [(None, NOW), (0, 0), (3, 3), (NOW + 1, NOW + 1)])
def test_the_instant_of_the_first_verification_is_set_once_and_stays(first: int | None, stays: int) -> None:
    before = replace(BOB, verified=False, verified_reason=None, verified_instant=first, last_update_instant=8)
    assert verified_user(before, "Completed", NOW) == replace(
        before, verified=True, verified_reason="Completed", verified_instant=stays, last_update_instant=NOW
    )
