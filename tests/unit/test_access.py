"""What an API key opens, sees and may hand on: login contract 1.1, security T28."""

from __future__ import annotations

from uuid import UUID

import pytest

from identity.domain.access import KEY_MANAGER_ENDPOINT, Caller
from identity.domain.api_keys import may_manage, may_see, normalised

KEY = UUID("00000000-0000-4000-8000-000000000001")
TENANT = UUID("00000000-0000-4000-8000-00000000000a")
OTHER = UUID("00000000-0000-4000-8000-00000000000b")
SUPER = Caller(KEY)
READER = Caller(KEY, permissions={"/api/user": frozenset({"GET"})})


def test_a_key_without_permissions_opens_every_endpoint_but_the_key_managers() -> None:
    assert SUPER.is_super
    assert SUPER.may("/api/user", "DELETE")
    assert not SUPER.may(KEY_MANAGER_ENDPOINT, "GET")


def test_a_key_with_permissions_opens_what_they_name_and_no_more() -> None:
    assert READER.may("/api/user", "GET")
    assert not READER.may("/api/user", "PUT")
    assert not READER.may("/api/user/registration", "GET")


def test_the_key_managers_endpoint_needs_the_flag_whatever_the_permissions_say() -> None:
    listed = {KEY_MANAGER_ENDPOINT: frozenset({"GET"})}
    assert not Caller(KEY, permissions=listed).may(KEY_MANAGER_ENDPOINT, "GET")
    assert Caller(KEY, key_manager=True, permissions=listed).may(KEY_MANAGER_ENDPOINT, "DELETE")


def test_a_key_hands_on_only_what_it_has() -> None:
    assert may_manage(SUPER, {})
    assert not may_manage(READER, {})
    assert may_manage(READER, {"/api/user": frozenset({"GET"})})
    assert not may_manage(READER, {"/api/user": frozenset({"GET", "PUT"})})
    assert not may_manage(READER, {"/api/tenant": frozenset({"GET"})})


def test_a_locked_key_sees_the_keys_of_its_tenant_only() -> None:
    locked = Caller(KEY, tenant_id=TENANT)
    assert may_see(SUPER, TENANT) and may_see(SUPER, None)
    assert may_see(locked, TENANT)
    assert not may_see(locked, OTHER) and not may_see(locked, None)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({}, {}),
        ({"/api/user": frozenset({"GET"})}, {"/api/user": frozenset({"GET"})}),
        (
            {"/api/user": frozenset({"GET"}), KEY_MANAGER_ENDPOINT: frozenset({"GET"})},
            {"/api/user": frozenset({"GET"})},
        ),
        ({KEY_MANAGER_ENDPOINT: frozenset({"GET"})}, None),
    ],
)
def test_stored_permissions_never_name_the_key_managers_endpoint(
    given: dict[str, frozenset[str]], stored: dict[str, frozenset[str]] | None
) -> None:
    assert normalised(given) == stored
