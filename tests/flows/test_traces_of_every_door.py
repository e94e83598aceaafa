"""The doors beside Complete-Login leave traces too: who was refused there, and by which rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.flows.test_traced_rows import second_factor
from tests.login_world import World

PASSWORD = "correct horse battery"
Knock = Callable[[World], requests.Response]


def log_in(world: World, key: str | None = None, **members: Any) -> requests.Response:
    body = {"loginId": "ada@example.com", "password": PASSWORD, "applicationId": world.application_id} | members
    return world.service.call("POST", "/api/login", body, key=key)


def refresh(world: World, token: str) -> requests.Response:
    return world.service.call("POST", "/api/jwt/refresh", {"refreshToken": token}, key="")


def right_password(world: World) -> requests.Response:
    registration = {"registration": {"applicationId": world.application_id}}
    user = world.add_user(email="ada@example.com")
    assert world.service.call("POST", f"/api/user/registration/{user['id']}", registration).status_code == 200
    return log_in(world)


def not_registered(world: World) -> requests.Response:
    world.add_user(email="ada@example.com")
    return log_in(world)


def wrong_password(world: World) -> requests.Response:
    world.add_user(email="ada@example.com")
    return log_in(world, password="wrong horse battery")


def unknown_user(world: World) -> requests.Response:
    return log_in(world, loginId="nobody@example.com")


def no_key(world: World) -> requests.Response:
    world.add_user(email="ada@example.com")
    return log_in(world, key="")


def deactivated(world: World) -> requests.Response:
    user = world.add_user(email="ada@example.com")
    world.service.call("DELETE", f"/api/user/{user['id']}")
    return log_in(world)


def locked_out(world: World) -> requests.Response:
    world.add_user(email="ada@example.com")
    for _ in range(5):
        log_in(world, password="wrong horse battery")
    return log_in(world)


def unknown_application(world: World) -> requests.Response:
    return log_in(world, applicationId=str(uuid4()))


def unknown_challenge(world: World) -> requests.Response:
    body = {"twoFactorId": uuid4().hex, "code": "123456"}
    return world.service.call("POST", "/api/two-factor/login", body, key="")


def wrong_code(world: World) -> requests.Response:
    challenge = second_factor(world).json()["twoFactorId"]
    return world.service.call("POST", "/api/two-factor/login", {"twoFactorId": challenge, "code": "ABCDEF"}, key="")


def unknown_token(world: World) -> requests.Response:
    return refresh(world, "unknown")


def token_of_an_expired_user(world: World) -> requests.Response:
    body = world.logged_in("alice")
    world.change_user(body["user"]["id"], expiry=world.service.services.runtime.now() - 1)
    return refresh(world, body["refreshToken"])


KNOCKS: list[tuple[str, int, str, Knock]] = [
    ("password", 200, "3.5 row 32", right_password),
    ("password", 202, "3.5 row 31", not_registered),
    ("password", 404, "15.1 code 404", wrong_password),
    ("password", 404, "15.1 code 404", unknown_user),
    ("password", 401, "API key", no_key),
    ("password", 423, "decision 4", deactivated),
    ("password", 423, "decision 53", locked_out),
    ("password", 400, "3.5 row 3", unknown_application),
    ("two-factor", 404, "12.2 code 404", unknown_challenge),
    ("two-factor", 421, "12.2 code 421", wrong_code),
    ("refresh", 400, "10.4 code 400", unknown_token),
    ("refresh", 400, "3.5 row 17", token_of_an_expired_user),
]


@pytest.mark.parametrize(("door", "status", "rule", "knock"), KNOCKS, ids=[knock.__name__ for *_, knock in KNOCKS])
def test_the_trace_names_the_door_and_the_rule(world: World, door: str, status: int, rule: str, knock: Knock) -> None:
    answer = knock(world)
    assert answer.status_code == status, answer.text
    trace = world.trace_of(answer)
    assert (trace["door"], trace["status"], trace["rule"]) == (door, status, rule)


def test_a_refresh_that_works_leaves_no_trace(world: World) -> None:
    token = world.logged_in("alice")["refreshToken"]
    before = world.service.call("GET", "/api/system/login-trace/search").json()["total"]
    answer = refresh(world, token)
    assert answer.status_code == 200
    assert "X-Identity-Trace" not in answer.headers
    assert world.service.call("GET", "/api/system/login-trace/search").json()["total"] == before


def test_an_unknown_user_and_a_wrong_password_are_told_apart_in_the_trace_alone(world: World) -> None:
    wrong, unknown = wrong_password(world), unknown_user(world)
    assert (wrong.content, unknown.content) == (b"", b"")
    texts = [{step["text"] for step in world.trace_of(answer)["steps"]} for answer in (wrong, unknown)]
    assert "The password is wrong." in texts[0]
    assert "Nobody has this login id." in texts[1]
