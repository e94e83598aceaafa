"""Values of the Rocket.Chat door: short ids, offsets of time zones, roles and names."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.domain.model import Application, Membership, Registration, Role, User
from identity.domain.rocketchat import (
    ID_ALPHABET,
    chat_id,
    chat_roles,
    display_name,
    token_hash,
    user_name,
    utc_offset,
)

TENANT, USER, APPLICATION = UUID(int=1), UUID(int=2), UUID(int=3)
JANUARY, JULY = 1_768_000_000_000, 1_783_000_000_000


def user(**members: object) -> User:
    empty = dict.fromkeys(User.__dataclass_fields__)
    known = {"tenant_id": TENANT, "id": USER, "data": {}, "preferred_languages": [], "memberships": ()}
    return User(**(empty | known | members))  # type: ignore[arg-type]


def registration(*roles: str, application_id: UUID = APPLICATION) -> Registration:
    empty = dict.fromkeys(Registration.__dataclass_fields__)
    return Registration(**(empty | {"application_id": application_id, "roles": list(roles)}))  # type: ignore[arg-type]


def application(*roles: Role) -> Application:
    empty = dict.fromkeys(Application.__dataclass_fields__)
    return Application(**(empty | {"id": APPLICATION, "roles": roles}))  # type: ignore[arg-type]


def role(name: str, *, is_super_role: bool = False) -> Role:
    return Role(UUID(int=9), name, None, False, is_super_role, 0, 0)


@given(st.uuids(), st.integers(0, 3))
def test_a_short_id_has_seventeen_letters_of_the_fifty_five(user_id: UUID, attempt: int) -> None:
    made = chat_id(user_id, attempt)
    assert len(made) == 17
    assert set(made) <= set(ID_ALPHABET)
    assert made == chat_id(user_id, attempt)


def test_the_alphabet_leaves_out_what_looks_alike() -> None:
    assert len(ID_ALPHABET) == len(set(ID_ALPHABET)) == 55
    assert not set("01IOUVl") & set(ID_ALPHABET)


def test_short_ids_never_change_between_releases() -> None:
    assert chat_id(UUID("85a03867-dccf-4882-adde-1a79aeec50df")) == "h8t372YHu9JzZ4BTp"


def test_another_attempt_makes_another_id() -> None:
    assert len({chat_id(USER, attempt) for attempt in range(20)}) == 20


def test_different_users_have_different_ids() -> None:
    assert len({chat_id(UUID(int=number)) for number in range(1000)}) == 1000


def test_a_stored_token_is_the_padded_base64_of_its_sha256() -> None:
    stored = token_hash("token")
    assert len(stored) == 44
    assert stored == "PEaenWxYddN6Q/NT1PiOYfz4EsZu7jRXRlpAsNpBU+A="


@pytest.mark.parametrize(
    ("zone", "now", "hours"),
    [
        (None, JULY, 0),
        ("Nowhere/AtAll", JULY, 0),
        ("../etc/passwd", JULY, 0),
        ("UTC", JULY, 0),
        ("Europe/Berlin", JANUARY, 1),
        ("Europe/Berlin", JULY, 2),
        ("America/Sao_Paulo", JULY, -3),
        ("Asia/Kolkata", JULY, 5.5),
        ("Asia/Kathmandu", JULY, 5.75),
    ],
)
def test_the_offset_of_a_zone_is_a_number_of_hours_now(zone: str | None, now: int, hours: float) -> None:
    offset = utc_offset(zone, now)
    assert offset == hours
    assert isinstance(offset, int) == (hours == int(hours))


def test_a_name_is_the_full_one_or_made_of_what_there_is() -> None:
    assert display_name(user(full_name="Ada King", first_name="Ada")) == "Ada King"
    assert display_name(user(first_name="Ada", last_name="Lovelace")) == "Ada Lovelace"
    assert display_name(user(last_name="Lovelace")) == "Lovelace"
    assert display_name(user()) is None


def test_a_user_name_is_that_or_the_local_part_of_the_address() -> None:
    assert user_name(user(username="ada", email="a@example.com")) == "ada"
    assert user_name(user(email="ada@example.com")) == "ada"
    assert user_name(user()) is None


def test_without_a_registration_or_a_role_somebody_is_a_user() -> None:
    assert chat_roles(application(), user(), []) == ["user"]
    assert chat_roles(application(), user(), [registration("admin", application_id=UUID(int=8))]) == ["user"]
    assert chat_roles(application(), user(), [registration()]) == ["user"]


def test_roles_are_those_of_the_registration_and_of_groups() -> None:
    member = Membership(UUID(int=4), UUID(int=5), USER, 0, roles={APPLICATION: frozenset({"editor"})})
    everybody = replace(user(), memberships=(member,))
    assert chat_roles(application(role("editor")), everybody, [registration("author")]) == ["author", "editor"]


def test_whoever_has_the_super_role_is_an_administrator() -> None:
    known = application(role("boss", is_super_role=True), role("author"))
    assert chat_roles(known, user(), [registration("boss")]) == ["admin", "boss"]
    assert chat_roles(known, user(), [registration("author")]) == ["author"]
    assert chat_roles(application(role("admin")), user(), [registration("admin")]) == ["admin"]
