"""Users who belong to a directory: what this service does not do with their passwords (rocket contract 9.3)."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.connectors import BUILT_IN, add_connector, policy
from tests.flows.test_forgot_password import CHANGE, change, forget, handed_out
from tests.login_world import World, wrong_fields
from tests.queued_mails import do_what_strangers_asked, queued_mails
from tests.service import codes

PASSWORD = "correct horse battery"
NEW = "staple battery horse"
KEPT = "[keptElsewhere]"


def give_away(world: World, user_id: str, connector_id: str, *, keeps_password: bool = False) -> None:
    """Let the user belong to a directory, as a login by it does."""
    with world.service.services.db.transaction() as conn:
        conn.execute("UPDATE users SET connector_id = %s WHERE id = %s", (connector_id, user_id))
        if not keeps_password:
            conn.execute("DELETE FROM passwords WHERE user_id = %s", (user_id,))


@pytest.fixture
def connector_id(world: World) -> str:
    return str(add_connector(world.service)["id"])


@pytest.fixture
def jane(world: World, connector_id: str) -> dict[str, Any]:
    made = world.add_user(email="jane@example.com", password=PASSWORD)
    give_away(world, made["id"], connector_id)
    return made


def test_the_user_tells_whom_they_belong_to(world: World, jane: dict[str, Any], connector_id: str) -> None:
    assert jane["connectorId"] == BUILT_IN
    assert world.user(jane["id"])["connectorId"] == connector_id


def test_a_search_finds_whoever_belongs_to_a_connector(world: World, jane: dict[str, Any], connector_id: str) -> None:
    local = world.add_user(email="local@example.com")

    def found(term: str) -> list[str]:
        by_query = world.service.call("GET", "/api/user/search", params={"queryString": term}).json()
        by_body = world.service.call("POST", "/api/user/search", {"search": {"queryString": term}}).json()
        assert by_query == by_body
        assert by_query["total"] == len(by_query["users"])
        return [user["id"] for user in by_query["users"]]

    assert found(f"connectorId:{connector_id.upper()}") == [jane["id"]]
    assert found(f"connectorId:{BUILT_IN}") == [local["id"]]
    assert found(f"connectorId:{uuid4()}") == []
    assert found("connectorId:none") == []


def test_an_administrator_can_not_set_the_password(world: World, jane: dict[str, Any]) -> None:
    by_login_id = {"loginId": "jane@example.com", "password": NEW}
    assert codes(world.service.call("POST", CHANGE, by_login_id)) == {f"{KEPT}password"}
    checked = world.service.call("GET", CHANGE, params={"loginId": "jane@example.com"})
    assert (checked.status_code, codes(checked)) == (400, {f"{KEPT}password"})
    user = {"user": {"email": "jane@example.com", "password": NEW}}
    for verb in ("PUT", "PATCH"):
        refused = world.service.call(verb, f"/api/user/{jane['id']}", user)
        assert wrong_fields(refused) == {"user.password": f"{KEPT}user.password"}
        assert "directory" in refused.text
    assert world.rows("SELECT count(*) FROM passwords") == [(0,)]


def test_everything_else_of_the_user_can_be_changed(world: World, jane: dict[str, Any], connector_id: str) -> None:
    changed = world.service.call("PATCH", f"/api/user/{jane['id']}", {"user": {"firstName": "Jane"}})
    assert (changed.status_code, changed.json()["user"]["firstName"]) == (200, "Jane")
    claimed = world.service.call("PATCH", f"/api/user/{jane['id']}", {"user": {"connectorId": BUILT_IN}})
    assert claimed.json()["user"]["connectorId"] == connector_id


def test_a_stranger_who_forgot_it_hears_the_same_and_nothing_is_sent(world: World, jane: dict[str, Any]) -> None:
    answers = [forget(world, login_id, key="") for login_id in ("jane@example.com", "nobody@example.com")]
    assert [(each.status_code, each.content) for each in answers] == [(200, b"")] * 2
    assert do_what_strangers_asked(world.service) == 2
    assert queued_mails(world.service) == []
    assert world.count("external_identifiers") == 0


def test_an_administrator_hears_that_a_directory_keeps_it(world: World, jane: dict[str, Any]) -> None:
    for members in ({}, {"sendForgotPasswordEmail": False}):
        refused = forget(world, "jane@example.com", **members)
        assert (refused.status_code, codes(refused)) == (400, {f"{KEPT}loginId"})
    assert world.count("external_identifiers") == 0


def test_an_id_from_before_is_over(world: World, connector_id: str) -> None:
    user = world.add_user(email="kim@example.com", password=PASSWORD)
    secret = handed_out(world, "kim@example.com")
    give_away(world, user["id"], connector_id, keeps_password=True)
    assert change(world, secret).status_code == 404
    assert world.service.call("GET", f"{CHANGE}/{secret}", key="").status_code == 404
    page = world.service.call("GET", f"/password/change/{secret}", key="")
    assert page.status_code == 404
    assert world.rows("SELECT count(*) FROM passwords") == [(1,)]


def test_the_owner_can_not_change_it_by_an_access_token(world: World, connector_id: str) -> None:
    token, user_id = signed_in(world, "lee@example.com")
    give_away(world, user_id, connector_id)
    body = {"password": NEW, "currentPassword": PASSWORD}
    headers = {"Authorization": f"Bearer {token}"}
    refused = world.service.call("POST", CHANGE, body, key="", headers=headers)
    assert codes(refused) == {f"{KEPT}password"}


def signed_in(world: World, email: str) -> tuple[str, str]:
    """A user of the demo application: the access token and the id."""
    registration = {"registration": {"applicationId": world.application_id}}
    user = {"user": {"email": email, "password": PASSWORD}}
    made = world.service.call("POST", "/api/user/registration", user | registration)
    assert made.status_code == 200, made.text
    body = {"loginId": email, "password": PASSWORD, "applicationId": world.application_id}
    answer = world.service.call("POST", "/api/login", body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"]), str(made.json()["user"]["id"])


def test_a_login_never_demands_a_new_password_of_them(world: World, connector_id: str) -> None:
    user_id = world.logged_in("alice")["user"]["id"]
    assert world.service.call("PATCH", f"/api/user/{user_id}", {"user": {"password": PASSWORD}}).status_code == 200
    demanded = {"user": {"passwordChangeRequired": True}}
    assert world.service.call("PATCH", f"/api/user/{user_id}", demanded).status_code == 200
    assert world.login("alice").status_code == 203
    give_away(world, user_id, connector_id, keeps_password=True)
    assert world.login("alice").status_code == 200


def test_a_user_whose_connector_was_deleted_stays_and_can_not_log_in(world: World, connector_id: str) -> None:
    user = world.add_user(email="kim@example.com", password=PASSWORD)
    give_away(world, user["id"], connector_id, keeps_password=True)
    assert world.service.call("DELETE", f"/api/connector/{connector_id}").status_code == 200
    assert world.user(user["id"])["connectorId"] == connector_id
    body = {"loginId": "kim@example.com", "password": PASSWORD}
    assert world.service.call("POST", "/api/login", body).status_code == 404


def change_tenant(world: World, **members: Any) -> None:
    path = f"/api/tenant/{world.service.tenant_id}"
    text = json.dumps({"tenant": members})
    answer = world.service.call("PATCH", path, data=text, headers={"Content-Type": "application/merge-patch+json"})
    assert answer.status_code == 200, answer.text


def test_a_tenant_that_stops_using_a_connector_keeps_its_users(world: World, connector_id: str) -> None:
    user = world.add_user(email="kim@example.com", password=PASSWORD)
    for used in ([policy(connector_id), policy(BUILT_IN)], [policy(BUILT_IN)]):
        change_tenant(world, connectorPolicies=used)
    give_away(world, user["id"], connector_id, keeps_password=True)
    body = {"loginId": "kim@example.com", "password": PASSWORD}
    assert world.service.call("POST", "/api/login", body).status_code == 404
    assert world.service.call("DELETE", f"/api/connector/{connector_id}").status_code == 200
