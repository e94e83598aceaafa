"""What comes after a directory has said yes: second factors, webhooks, and the doors that take a password."""

from __future__ import annotations

from collections.abc import Iterator

import jwt
import pytest

from tests.fakes.sink import Exchange
from tests.fakes.slapd import Slapd, running_slapd
from tests.hosted import Tab, allow_client
from tests.ldap_world import LdapWorld
from tests.login_world import World
from tests.oauth_world import add_client
from tests.second_factors import answer as answer_challenge
from tests.second_factors import with_phone
from tests.webhook_world import NO, OK, Hooks, hooks_of

MADE = ("user.create", "user.create.complete", "user.registration.create", "user.registration.create.complete")


@pytest.fixture
def ldap(world: World, shared_slapd: Slapd) -> LdapWorld:
    made = LdapWorld(world, shared_slapd)
    made.connect()
    return made


@pytest.fixture
def hooks(ldap: LdapWorld) -> Iterator[Hooks]:
    with hooks_of(ldap.world.service) as made:
        yield made


def test_the_second_factor_is_the_services_own_and_asked_for_after_the_directory(ldap: LdapWorld) -> None:
    user_id = ldap.user()["id"]
    phone, _ = with_phone(ldap.world, user_id)
    assert ldap.status("ann", "wrong") == 404
    challenge = ldap.knock()
    assert challenge.status_code == 242
    answer = answer_challenge(ldap.world, challenge.json()["twoFactorId"], phone.code())
    assert answer.status_code == 200, answer.text
    claims = jwt.decode(answer.json()["token"], options={"verify_signature": False})
    assert (claims["sub"], claims["authenticationType"]) == (user_id, "LDAP_CONNECTOR")


def test_a_directorys_people_sign_in_on_the_hosted_page(ldap: LdapWorld) -> None:
    allow_client(ldap.world)
    with Tab(ldap.world) as tab:
        tab.ask()
        tab.sign_in("ann", "ann's password")
        assert tab.brought()["code"]
    assert ldap.world.service.call("GET", "/api/user", params={"username": "ann"}).status_code == 200


def test_the_hosted_page_and_the_password_grant_refuse_who_has_no_fitting_name(
    world: World, shared_slapd: Slapd
) -> None:
    client = add_client(world)
    LdapWorld(world, shared_slapd).connect(body="user.email = 'no address';")
    allow_client(world)
    with Tab(world) as tab:
        tab.ask()
        tab.sign_in("ann", "ann's password")
        assert tab.page.status == 400
        assert tab.page.alert
    assert client.log_in("ann's password", username="ann").status_code == 400


def test_the_hosted_page_says_the_same_of_a_wrong_password_and_of_a_directory_that_is_down(world: World) -> None:
    allow_client(world)
    with running_slapd() as slapd, Tab(world) as tab:
        LdapWorld(world, slapd).connect()
        tab.ask()
        tab.sign_in("ann", "wrong")
        wrong = tab.page.status, tab.page.alert
        slapd.stop()
        tab.sign_in("ann", "ann's password")
        assert (tab.page.status, tab.page.alert) == wrong


def test_a_directorys_people_get_tokens_by_the_password_grant(ldap: LdapWorld) -> None:
    client = add_client(ldap.world)
    answer = client.log_in("ann's password", username="ann")
    assert answer.status_code == 200, answer.text
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    assert claims["authenticationType"] == "LDAP_CONNECTOR"


def test_who_the_directory_makes_is_announced_as_any_other(ldap: LdapWorld, hooks: Hooks) -> None:
    hook = hooks.add(*MADE, "user.login.success")
    hooks.switch_on(*MADE, "user.login.success")
    user_id = ldap.user()["id"]
    hooks.deliver()
    assert hook.types == [
        "user.create",
        "user.registration.create",
        "user.create.complete",
        "user.registration.create.complete",
        "user.login.success",
    ]
    success = hook.events[-1]
    assert (success["authenticationType"], success["user"]["id"]) == ("LDAP_CONNECTOR", user_id)
    assert success["connectorId"] == success["user"]["connectorId"] == ldap.connectors[0]["connectorId"]


def test_a_webhook_may_veto_a_new_user_and_nothing_is_written(ldap: LdapWorld, hooks: Hooks) -> None:
    hooks.add("user.create", behaviour=NO)
    hooks.switch_on("user.create", transaction="Any")
    assert ldap.status() == 504
    assert ldap.world.service.call("GET", "/api/user", params={"username": "ann"}).status_code == 404
    assert ldap.world.count("connector_entries") == 0


def test_a_webhook_that_agrees_lets_the_user_be_made_with_the_registration(ldap: LdapWorld, hooks: Hooks) -> None:
    hook = hooks.add("user.create", "user.registration.create")
    hooks.switch_on("user.create", "user.registration.create", transaction="Any")
    user = ldap.user()
    assert len(user["registrations"]) == 1
    assert sorted(hook.types) == ["user.create", "user.registration.create"]


def test_an_update_of_attributes_is_announced(ldap: LdapWorld, hooks: Hooks) -> None:
    user_id = ldap.user()["id"]
    hook = hooks.add("user.update")
    hooks.switch_on("user.update", transaction="Any")
    assert ldap.status() == 200
    assert hook.types == []
    ldap.world.service.call("PATCH", f"/api/user/{user_id}", {"user": {"firstName": "Somebody"}})
    assert ldap.user()["firstName"] == "Ann"
    assert hook.events[-1]["original"]["firstName"] == "Somebody"
    assert hook.events[-1]["user"]["firstName"] == "Ann"


def test_who_is_removed_while_they_log_in_is_made_anew(ldap: LdapWorld, hooks: Hooks) -> None:
    """The login begins again with what the directory has said; the lambda has another user to name."""
    user_id = ldap.user()["id"]
    ldap.world.change_user(user_id, firstName="Somebody")

    def remove(exchange: Exchange) -> bool:
        ldap.world.service.call("DELETE", f"/api/user/{user_id}", params={"hardDelete": "true"})
        return OK(exchange)

    hooks.add("user.update", behaviour=remove)
    hooks.switch_on("user.update", transaction="Any")
    made = ldap.user()
    assert (made["username"], made["email"], made["firstName"]) == ("ann", "ann@example.com", "Ann")


def test_a_wrong_password_of_who_is_known_is_announced(ldap: LdapWorld, hooks: Hooks) -> None:
    user_id = ldap.user()["id"]
    hook = hooks.add("user.login.failed")
    hooks.switch_on("user.login.failed")
    assert ldap.status("ann", "wrong") == 404
    hooks.deliver()
    [event] = hook.events
    assert (event["user"]["id"], event["authenticationType"]) == (user_id, "LDAP_CONNECTOR")
