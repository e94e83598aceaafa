"""The hand-written answers say what the documented schemas say."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

import pytest

from identity.domain.model import BUILT_IN_CONNECTOR_ID, Membership, Registration, User
from identity.domain.standing import TwoFactorMethod
from identity.http.fusionauth.schemas.users import (
    IdentitySchema,
    RegistrationSchema,
    UserSchema,
    identities_wire,
    registration_wire,
    user_wire,
)

FULL_USER = User(
    tenant_id=UUID(int=1),
    id=UUID(int=2),
    email="bob@example.com",
    username="bob",
    active=True,
    verified=True,
    verified_instant=3,
    verified_reason="Trusted",
    expiry=4,
    birth_date="1976-05-30",
    first_name="John",
    full_name="John Doe",
    image_url="http://example.com/x.png",
    last_name="Doe",
    middle_name="William",
    mobile_phone="303-555-1234",
    parent_email="parent@example.com",
    timezone="America/Denver",
    preferred_languages=["en", "fr"],
    clean_speak_id=UUID(int=5),
    connector_id=BUILT_IN_CONNECTOR_ID,
    password_change_required=False,
    data={"displayName": "Johnny"},
    last_login_instant=6,
    insert_instant=7,
    last_update_instant=8,
    password_last_update_instant=9,
    password_change_reason="Expired",
    memberships=(Membership(UUID(int=6), UUID(int=7), UUID(int=2), 8, {"floor": 3}),),
    two_factor_methods=(TwoFactorMethod("ABCD", "email", email="bob@example.com", last_used=True),),
)
FULL_REGISTRATION = Registration(
    tenant_id=UUID(int=1),
    user_id=UUID(int=2),
    application_id=UUID(int=10),
    id=UUID(int=11),
    username="johnny",
    roles=["admin", "user"],
    timezone="America/Denver",
    preferred_languages=["en"],
    authentication_token="secret",
    tokens={"Other": "token"},
    clean_speak_id=UUID(int=12),
    verified=True,
    verified_instant=13,
    data={"a": 1},
    last_login_instant=14,
    insert_instant=15,
    last_update_instant=16,
)
BARE_USER = replace(
    FULL_USER,
    **dict.fromkeys(("email", "username", "verified_instant", "verified_reason", "expiry", "birth_date")),
    **dict.fromkeys(("first_name", "full_name", "image_url", "last_name", "middle_name", "mobile_phone")),
    **dict.fromkeys(("parent_email", "timezone", "clean_speak_id", "last_login_instant")),
    password_last_update_instant=None,
    preferred_languages=[],
    data={},
)
BARE_REGISTRATION = replace(
    FULL_REGISTRATION,
    **dict.fromkeys(("username", "timezone", "authentication_token", "clean_speak_id")),
    **dict.fromkeys(("verified_instant", "last_login_instant")),
    tokens={},
    roles=[],
)


def described(registration: Registration) -> dict[str, Any]:
    members = asdict(registration) | {"tokens": registration.tokens or None}
    return members | {"username_status": "ACTIVE" if registration.username else None}


@pytest.mark.parametrize("registration", [FULL_REGISTRATION, BARE_REGISTRATION])
def test_a_registration_reads_as_its_schema_says(registration: Registration) -> None:
    assert registration_wire(registration) == RegistrationSchema().dump(described(registration))


@pytest.mark.parametrize("user", [FULL_USER, BARE_USER])
def test_a_user_reads_as_the_schema_says(user: User) -> None:
    members = asdict(user) | {
        "identities": [
            {"".join(f"_{c.lower()}" if c.isupper() else c for c in name): value for name, value in identity.items()}
            for identity in identities_wire(user)
        ],
        "registrations": [described(FULL_REGISTRATION)],
        "two_factor": {"methods": user.two_factor_methods},
        "username_status": "ACTIVE" if user.username else None,
    }
    assert user_wire(user, [FULL_REGISTRATION]) == UserSchema().dump(members)


def test_full_objects_carry_every_member_of_their_schemas() -> None:
    hidden = {"encryptionScheme", "factor", "password"}
    assert set(user_wire(FULL_USER, [])) == {field.data_key for field in UserSchema().fields.values()} - hidden
    members = {field.data_key for field in RegistrationSchema().fields.values()}
    assert set(registration_wire(FULL_REGISTRATION)) == members | {"usernameStatus"}
    assert set(identities_wire(FULL_USER)[0]) == {field.data_key for field in IdentitySchema().fields.values()}


def test_absent_members_are_left_out_and_empty_lists_stay() -> None:
    wire = user_wire(BARE_USER, [])
    assert None not in wire.values()
    assert (wire["identities"], wire["registrations"], wire["preferredLanguages"], wire["data"]) == ([], [], [], {})


def test_a_username_can_not_be_verified_and_a_trusted_email_is() -> None:
    email, username = identities_wire(FULL_USER)
    assert (email["verified"], email["verifiedReason"], email["verifiedInstant"]) == (True, "Trusted", 3)
    assert (username["verified"], username["verifiedReason"]) == (False, "Unverifiable")
    assert "verifiedInstant" not in username
