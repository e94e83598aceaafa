"""Which connectors are asked for a login."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from identity.domain.connectors import (
    BUILT_IN_POLICY,
    Connector,
    ConnectorPolicy,
    SecurityMethod,
    entry_user_id,
    policies_for,
    policies_of,
    policies_to_ask,
)
from identity.domain.model import BUILT_IN_CONNECTOR_ID
from tests.unit.test_user_wire import FULL_USER

STAFF_ID, GUESTS_ID, GONE_ID = (UUID(int=number) for number in (1, 2, 3))
STAFF = ConnectorPolicy(STAFF_ID, frozenset({"Example.com", "example.org"}))
GUESTS = ConnectorPolicy(GUESTS_ID)
LOCAL_STAFF = ConnectorPolicy(BUILT_IN_CONNECTOR_ID, frozenset({"example.com"}))
DIRECTORY = Connector(
    id=STAFF_ID,
    name="Staff",
    authentication_url="ldap://127.0.0.1",
    security_method=SecurityMethod.NONE,
    base_structure="dc=example,dc=com",
    system_account_dn="cn=admin",
    system_account_password="canary",
    login_id_attribute="uid",
    identifying_attribute="uid",
    requested_attributes=("uid",),
    connect_timeout=1,
    read_timeout=1,
    reconcile_id=UUID(int=9),
    debug=False,
    data={},
    insert_instant=1,
    last_update_instant=1,
)


@pytest.mark.parametrize("login_id", ["a@example.com", " A@EXAMPLE.COM ", "a@example.org", '"odd@name"@example.com'])
def test_a_policy_covers_login_ids_of_its_domains_however_they_are_written(login_id: str) -> None:
    assert policies_for(login_id, [STAFF]) == (STAFF,)


@pytest.mark.parametrize("login_id", ["a@example.net", "a@sub.example.com", "example.com", "@example.com", "a@", ""])
def test_a_login_id_of_another_domain_or_of_none_is_covered_by_the_star_alone(login_id: str) -> None:
    assert policies_for(login_id, [STAFF, GUESTS, BUILT_IN_POLICY]) == (GUESTS, BUILT_IN_POLICY)


def test_for_somebody_unknown_the_tenants_connectors_are_asked_in_its_order() -> None:
    assert policies_to_ask("a@example.com", None, [GUESTS, BUILT_IN_POLICY, STAFF]) == (GUESTS, BUILT_IN_POLICY, STAFF)


def test_who_belongs_to_this_service_logs_in_by_the_password_it_has() -> None:
    used = [STAFF, GUESTS, BUILT_IN_POLICY]
    assert policies_to_ask("a@example.com", BUILT_IN_CONNECTOR_ID, used) == (BUILT_IN_POLICY,)


@pytest.mark.parametrize("used", [[], [LOCAL_STAFF]])
def test_who_belongs_to_this_service_can_log_in_even_where_no_policy_says_so(used: list[ConnectorPolicy]) -> None:
    assert policies_to_ask("a@example.net", BUILT_IN_CONNECTOR_ID, used) == (BUILT_IN_POLICY,)


def test_a_connector_that_merges_is_asked_for_the_services_own_users_too_in_the_tenants_order() -> None:
    asked = policies_to_ask("a@example.com", BUILT_IN_CONNECTOR_ID, [STAFF, LOCAL_STAFF, GUESTS], {STAFF_ID})
    assert asked == (STAFF, LOCAL_STAFF)


def test_a_directorys_user_is_asked_for_there_alone_whatever_the_domain_of_the_login_id() -> None:
    assert policies_to_ask("a", STAFF_ID, [GUESTS, STAFF, BUILT_IN_POLICY], {GUESTS_ID}) == (STAFF,)


def test_a_directorys_user_can_not_log_in_once_the_tenant_no_longer_uses_it() -> None:
    assert policies_to_ask("a@example.com", GONE_ID, [STAFF, BUILT_IN_POLICY]) == ()


def test_a_tenant_that_says_nothing_checks_all_passwords_itself() -> None:
    assert policies_of({}) == (BUILT_IN_POLICY,)


def test_the_policies_of_a_tenant_keep_their_order() -> None:
    kept = [
        {"connector_id": str(STAFF_ID), "domains": ["example.com"], "migrate": True, "data": {"a": 1}},
        {"connector_id": str(BUILT_IN_CONNECTOR_ID), "domains": ["*"], "migrate": False, "data": {}},
    ]
    assert policies_of({"connector_policies": kept}) == (
        ConnectorPolicy(STAFF_ID, frozenset({"example.com"}), True, {"a": 1}),
        BUILT_IN_POLICY,
    )


def test_only_ldaps_has_an_address_of_its_own() -> None:
    assert {each: each.scheme for each in SecurityMethod} == {
        SecurityMethod.NONE: "ldap",
        SecurityMethod.START_TLS: "ldap",
        SecurityMethod.LDAPS: "ldaps",
    }


def test_a_connector_merges_and_has_own_authorities_only_where_its_data_says_so() -> None:
    assert (DIRECTORY.merges_existing_users, DIRECTORY.ca_certificates) == (False, None)
    told = replace(DIRECTORY, data={"mergeExistingUsers": True, "caCertificates": "-----BEGIN"})
    assert (told.merges_existing_users, told.ca_certificates) == (True, "-----BEGIN")


def test_a_connector_does_not_print_its_password() -> None:
    assert "canary" not in repr(DIRECTORY)


def test_an_entry_makes_the_same_user_each_time_and_another_in_each_directory() -> None:
    assert entry_user_id(STAFF_ID, "entry") == entry_user_id(STAFF_ID, "entry")
    assert len({entry_user_id(each, entry) for each in (STAFF_ID, GUESTS_ID) for entry in ("a", "b")}) == 4


def test_who_belongs_to_another_connector_than_the_built_in_one_is_of_a_directory() -> None:
    assert not FULL_USER.is_of_directory
    assert replace(FULL_USER, connector_id=STAFF_ID).is_of_directory
