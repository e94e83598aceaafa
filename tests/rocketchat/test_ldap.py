"""People of a directory at the Rocket.Chat door: the same body, the same answers, the same users (rocket section 9)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from identity.domain.rocketchat import chat_id
from tests import postgres
from tests.fakes.authority import Authority
from tests.fakes.slapd import BASE, Slapd, running_slapd
from tests.ldap_world import LdapWorld
from tests.rocketchat.client import Chat, chat_world, unauthorized
from tests.second_factors import change_tenant, with_phone

ANN_DN = f"cn=Ann Lee,ou=people,{BASE}"


@pytest.fixture
def slapd() -> Iterator[Slapd]:
    with running_slapd() as made:
        yield made


@pytest.fixture
def ldap(own_chat: Chat, slapd: Slapd) -> LdapWorld:
    made = LdapWorld(own_chat.world, slapd)
    made.connect(securityMethod="StartTLS")
    return made


def test_the_same_user_comes_out_of_both_doors(own_chat: Chat, ldap: LdapWorld) -> None:
    session = own_chat.logged_in("ann", "ann's password")
    user_id = ldap.user()["id"]
    assert session.user_id == chat_id(UUID(user_id))
    assert (session.me["username"], session.me["name"]) == ("ann", "Ann Lee")
    assert session.is_alive
    assert own_chat.logged_in("ann", "ann's password").user_id == session.user_id
    assert own_chat.world.count("users") == 1


@pytest.mark.parametrize(
    ("login_id", "password"),
    [("ann", "wrong"), ("nobody", "ann's password"), ("twin", "twin's password"), ("*)(uid=*", "ann's password")],
)
def test_whom_the_directory_does_not_vouch_for_is_unauthorized(
    own_chat: Chat, ldap: LdapWorld, login_id: str, password: str
) -> None:
    assert unauthorized(own_chat.login({"user": login_id, "password": password}))


def test_a_filter_in_place_of_a_user_name_finds_nobody_at_either_door(own_chat: Chat, ldap: LdapWorld) -> None:
    for name in ("*)(uid=*", "*", "ann)(|(uid=*", "a*"):
        assert unauthorized(own_chat.login({"user": name, "password": "ann's password"}))
        assert ldap.status(name) == 404
    assert ldap.slapd.binds(ANN_DN) == 0
    assert own_chat.world.count("users") == 0


@pytest.mark.parametrize("form", [{"user": "ann"}, {"username": "ann"}, {"user": {"username": "ann"}}])
def test_every_form_of_a_login_asks_the_directory(own_chat: Chat, ldap: LdapWorld, form: dict[str, Any]) -> None:
    """Rocket.Chat asks none for a `user` that is an object."""
    assert own_chat.login(form | {"password": "ann's password"}).status_code == 200
    assert ldap.slapd.binds(ANN_DN) == 1


def test_an_empty_password_never_reaches_the_directory(own_chat: Chat, ldap: LdapWorld) -> None:
    """Many directories say yes to a bind without one."""
    before = ldap.slapd.binds()
    assert unauthorized(own_chat.login({"user": "ann", "password": ""}))
    assert ldap.status("ann", "") == 400
    assert ldap.slapd.binds() == before


def test_slapd_stopped_restarted_with_starttls_and_with_a_wrong_authority_at_both_doors(
    own_chat: Chat, ldap: LdapWorld
) -> None:
    """The fixture's connector speaks StartTLS."""
    right = {"user": "ann", "password": "ann's password"}
    session, user_id = own_chat.logged_in("ann", "ann's password"), ldap.user()["id"]
    ldap.slapd.stop()
    assert unauthorized(own_chat.login(right))
    assert ldap.status() == 404
    ldap.slapd.start()
    assert own_chat.logged_in("ann", "ann's password").user_id == session.user_id
    assert ldap.user()["id"] == user_id
    ldap.change(ldap.connectors[0]["connectorId"], data={"caCertificates": Authority.new().pem})
    assert unauthorized(own_chat.login(right))
    assert ldap.status() == 404
    assert "tls: " in ldap.log()[0]


def test_a_directory_that_is_down_is_unauthorized_and_local_people_come_in(own_chat: Chat, ldap: LdapWorld) -> None:
    own_chat.logged_in("ann", "ann's password")
    local = own_chat.person()
    local.add_user()
    ldap.slapd.stop()
    assert unauthorized(own_chat.login({"user": "ann", "password": "ann's password"}))
    assert "not available" in ldap.log()[0]
    own_chat.logged_in(local.email)
    ldap.slapd.start()
    own_chat.logged_in("ann", "ann's password")


def test_a_digest_never_reaches_the_directory(own_chat: Chat, ldap: LdapWorld) -> None:
    own_chat.logged_in("ann", "ann's password")
    before = ldap.slapd.binds()
    digest = {"digest": hashlib.sha256(b"ann's password").hexdigest(), "algorithm": "sha-256"}
    assert unauthorized(own_chat.login({"user": {"username": "ann"}, "password": digest}))
    assert ldap.slapd.binds() == before


def test_the_second_factor_comes_after_the_directory(own_chat: Chat, ldap: LdapWorld) -> None:
    phone, _ = with_phone(own_chat.world, ldap.user()["id"])
    right = {"user": "ann", "password": "ann's password"}
    assert unauthorized(own_chat.login(right | {"password": "wrong", "code": phone.code()}))
    asked = own_chat.login(right)
    assert (asked.status_code, asked.json()["error"]) == (401, "totp-required")
    answered = own_chat.login(right | {"code": phone.code()})
    assert answered.status_code == 200, answered.text


def test_an_unproved_address_keeps_nobody_of_a_directory_out(own_chat: Chat, slapd: Slapd) -> None:
    """It is in the way of passwords of the service's own only."""
    directory = LdapWorld(own_chat.world, slapd)
    directory.connect(body="user.email = 'ann@made-up.example';")
    change_tenant(own_chat.world, emailConfiguration={"verifyEmail": True})
    session = own_chat.logged_in("ann", "ann's password")
    assert session.me["emails"] == [{"address": "ann@made-up.example", "verified": False}]
    assert directory.status() == 212


def test_who_is_deactivated_hears_so_after_the_right_password(own_chat: Chat, ldap: LdapWorld) -> None:
    user_id = ldap.user()["id"]
    own_chat.world.service.call("DELETE", f"/api/user/{user_id}")
    assert unauthorized(own_chat.login({"user": "ann", "password": "wrong"}))
    answer = own_chat.login({"user": "ann", "password": "ann's password"})
    assert (answer.status_code, answer.json()["error"]) == (401, "error-user-is-not-activated")


def test_a_run_of_wrong_passwords_here_closes_the_other_door_too(own_chat: Chat, ldap: LdapWorld) -> None:
    ldap.user()
    for _ in range(5):
        own_chat.login({"user": "ann", "password": "wrong"})
    assert ldap.status() == 404
    own_chat.world.clock.advance(minutes=6)
    assert ldap.status() == 200


@pytest.fixture
def strict(postgres_server: postgres.Server, migrated_template: str, slapd: Slapd) -> Iterator[tuple[Chat, LdapWorld]]:
    """A door with a rule of its own: blocked after two failures, whatever the tenant's lockout says."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with chat_world(url, block_user_attempts=2) as chat:
        ldap = LdapWorld(chat.world, slapd)
        ldap.connect()
        yield chat, ldap
    postgres.drop_database(postgres_server, url)


def test_a_directory_that_is_down_is_no_failure_by_the_doors_own_rules(strict: tuple[Chat, LdapWorld]) -> None:
    chat, ldap = strict
    chat.logged_in("ann", "ann's password")
    ldap.slapd.stop()
    for _ in range(4):
        assert unauthorized(chat.login({"user": "ann", "password": "ann's password"}))
    ldap.slapd.start()
    chat.logged_in("ann", "ann's password")


def test_the_doors_own_rules_stand_in_for_the_tenants_lockout(strict: tuple[Chat, LdapWorld]) -> None:
    chat, ldap = strict
    session = chat.logged_in("ann", "ann's password")
    for _ in range(5):
        assert ldap.status("ann", "wrong") == 404
    assert ldap.status() == 404
    assert chat.logged_in("ann", "ann's password").user_id == session.user_id
    for _ in range(2):
        assert unauthorized(chat.login({"user": "ann", "password": "wrong"}))
    blocked = chat.login({"user": "ann", "password": "ann's password"})
    assert (blocked.status_code, blocked.json()["error"]) == (401, "error-login-blocked-for-user")


def test_a_lambda_that_throws_is_our_fault_and_one_whose_values_do_not_fit_refuses(
    own_chat: Chat, slapd: Slapd
) -> None:
    directory = LdapWorld(own_chat.world, slapd)
    directory.connect(body="throw new Error('no');")
    assert own_chat.login({"user": "ann", "password": "ann's password"}).status_code == 500
    directory.connectors.clear()
    directory.connect(name="Addresses", body="user.email = 'no address';")
    assert unauthorized(own_chat.login({"user": "ann", "password": "ann's password"}))
