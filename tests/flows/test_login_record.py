"""The login record, the address in it, and what a login answers: login contract 3.3, 3.4 and 3.8."""

from __future__ import annotations

import re
from typing import Any

import jwt
import pytest

from identity.runtime import Runtime
from tests.login_world import TWITTER, World

XFF = "X-Forwarded-For"


def recorded(world: World) -> dict[str, Any]:
    """The one login record there is."""
    [record] = world.service.call("GET", "/api/user/recent-login").json()["logins"]
    found: dict[str, Any] = record
    return found


def test_a_login_is_recorded_with_user_application_instant_and_type(world: World) -> None:
    before = Runtime().now()
    login = world.logged_in("alice")
    record = recorded(world)
    assert record["userId"] == login["user"]["id"]
    assert record["applicationId"] == world.application_id
    assert before <= record["instant"] == login["user"]["lastLoginInstant"]
    assert world.rows("SELECT authentication_type FROM login_records") == [("TWITTER",)]


@pytest.mark.parametrize(
    ("event", "body", "header", "expected"),
    [
        ("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1"),
        (None, "192.0.2.2", "192.0.2.3", "192.0.2.2"),
        (None, None, "192.0.2.3", "192.0.2.3"),
        (None, None, "unknown, 192.0.2.4, 192.0.2.5", "192.0.2.4"),
        (None, None, "2001:DB8::1 , 192.0.2.5", "2001:db8::1"),
        (None, None, "192.0.2.999, <script>, ", "127.0.0.1"),
        (None, None, ", ".join(["x"] * 1000), "127.0.0.1"),
        (None, None, None, "127.0.0.1"),
        ("", " ", "", "127.0.0.1"),
    ],
)
def test_the_address_is_the_event_infos_then_the_bodys_then_the_proxys_then_the_peer(
    world: World, event: str | None, body: str | None, header: str | None, expected: str
) -> None:
    document = world.login_body("alice", ipAddress=body, eventInfo={"ipAddress": event})
    headers = {} if header is None else {XFF: header}
    assert world.post_login(document, headers=headers).status_code == 200
    assert recorded(world)["ipAddress"] == expected


def test_the_user_agent_is_recorded_the_event_infos_before_the_headers(world: World) -> None:
    headers = {"User-Agent": "browser/1"}
    world.post_login(world.login_body("alice"), headers=headers)
    world.post_login(world.login_body("alice", eventInfo={"userAgent": "app/2"}), headers=headers)
    agents = world.rows("SELECT user_agent FROM login_records ORDER BY instant")
    assert agents == [("browser/1",), ("app/2",)]


@pytest.mark.parametrize("registers", [True, False])
def test_200_and_202_move_the_last_login_instants_and_write_a_record(world: World, registers: bool) -> None:
    world.configure(**world.override(createRegistration=registers))
    answer = world.login("alice")
    assert answer.status_code == (200 if registers else 202)
    user = world.user(answer.json()["user"]["id"])
    assert user["lastLoginInstant"] == answer.json()["user"]["lastLoginInstant"] == recorded(world)["instant"]
    assert [item["lastLoginInstant"] for item in user["registrations"]] == [user["lastLoginInstant"]] * registers


def test_a_provider_login_leaves_the_last_login_instant_of_an_identity_alone(world: World) -> None:
    [identity] = world.logged_in("alice")["user"]["identities"]
    assert "lastLoginInstant" not in identity
    assert (identity["type"], identity["verified"], identity["verifiedReason"]) == ("email", True, "Trusted")


def test_the_answered_user_is_the_stored_one(world: World) -> None:
    world.reconcile_with("function reconcile(user, registration) { user.firstName = 'A'; registration.data.b = 1; }")
    first = world.logged_in("alice")["user"]
    assert world.user(first["id"]) == first
    world.reconcile_with("function reconcile(user, registration) { user.firstName = 'C'; registration.data.b = 2; }")
    second = world.logged_in("alice")["user"]
    assert (second["firstName"], second["registrations"][0]["data"]) == ("C", {"b": 2})
    assert world.user(first["id"]) == second


def test_the_user_comes_without_secrets(world: World) -> None:
    world.add_user(email="alice@example.com")
    text = world.login("alice").text
    assert not {"password", "salt", "factor", "encryptionScheme", "secret", "recoveryCodes"} & set(world_members(text))


def world_members(text: str) -> list[str]:
    """Every member name that occurs in a JSON text."""
    return re.findall(r'"(\w+)":', text)


def test_no_provider_token_is_in_the_registration(world: World) -> None:
    [registration] = world.logged_in("alice")["user"]["registrations"]
    assert "tokens" not in registration
    assert world.rows("SELECT tokens FROM registrations") == [({},)]


def test_an_application_without_refresh_tokens_gives_none_and_no_cookie_for_it(world: World) -> None:
    change = {"application": {"loginConfiguration": {"generateRefreshTokens": False}}}
    assert world.service.call("PATCH", f"/api/application/{world.application_id}", change).status_code == 200
    answer = world.login("alice")
    assert set(answer.json()) == {"token", "tokenExpirationInstant", "user"}
    assert answer.cookies.keys() == ["access_token"]
    assert "sid" not in jwt.decode(answer.json()["token"], options={"verify_signature": False})


def test_answers_are_not_to_be_stored_and_are_json_in_utf_8(world: World) -> None:
    for answer in (world.login("alice"), world.login("alice", applicationId=TWITTER)):
        assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_refused_login_leaves_no_record(world: World) -> None:
    world.strategy("LinkByUsernameForExistingUser")
    assert world.login("alice").status_code == 401
    assert world.nothing_written()
