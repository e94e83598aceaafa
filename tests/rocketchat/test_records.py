"""What a login at the Rocket.Chat door leaves behind: record, trace and numbers, and no secret in any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import requests

from identity.settings import Login
from tests import postgres
from tests.password_door import PASSWORD
from tests.rocketchat.client import LOGIN, Chat, chat_world
from tests.troubles import Somebody, deactivate, expire, unregister

Knock = Callable[[Chat, Somebody], requests.Response]


def right_password(chat: Chat, somebody: Somebody) -> requests.Response:
    return chat.login({"user": somebody.email, "password": PASSWORD})


def not_registered(chat: Chat, somebody: Somebody) -> requests.Response:
    unregister(somebody)
    return right_password(chat, somebody)


def wrong_password(chat: Chat, somebody: Somebody) -> requests.Response:
    return chat.login({"user": somebody.email, "password": "wrong"})


def no_form(chat: Chat, _: Somebody) -> requests.Response:
    return chat.login({"user": 3})


def deactivated(chat: Chat, somebody: Somebody) -> requests.Response:
    deactivate(somebody)
    return right_password(chat, somebody)


def token(chat: Chat, somebody: Somebody) -> requests.Response:
    return chat.login({"resume": chat.logged_in(somebody.email, PASSWORD).token})


def unknown_token(chat: Chat, _: Somebody) -> requests.Response:
    return chat.login({"resume": "unknown"})


def token_of_an_expired_user(chat: Chat, somebody: Somebody) -> requests.Response:
    session = chat.logged_in(somebody.email, PASSWORD)
    expire(somebody)
    return chat.login({"resume": session.token})


KNOCKS: tuple[tuple[str, int, str, Knock], ...] = (
    ("password", 200, "3.5 row 32", right_password),
    ("password", 202, "3.5 row 31", not_registered),
    ("password", 404, "15.1 code 404", wrong_password),
    ("password", 401, "rocket 2.2", no_form),
    ("password", 423, "decision 4", deactivated),
    ("session", 200, "3.5 row 32", token),
    ("session", 401, "rocket 5.3", unknown_token),
    ("session", 410, "3.5 row 17", token_of_an_expired_user),
)


@pytest.mark.parametrize(("door", "status", "rule", "knock"), KNOCKS, ids=[knock.__name__ for *_, knock in KNOCKS])
def test_the_trace_has_the_verdict_and_its_rule(
    own_chat: Chat, door: str, status: int, rule: str, knock: Knock
) -> None:
    answer = knock(own_chat, Somebody(own_chat.world))
    assert answer.status_code == (200 if status in {200, 202} else 401)
    trace = own_chat.world.trace_of(answer)
    assert (trace["door"], trace["status"], trace["rule"]) == (door, status, rule)
    assert PASSWORD not in str(trace)


def test_a_login_is_recorded_with_its_address(chat: Chat) -> None:
    person = chat.person()
    user_id = person.add_user()
    body = {"user": person.email, "password": PASSWORD}
    chat.login(body, headers={"X-Forwarded-For": "203.0.113.9, 10.0.0.1", "User-Agent": "a phone"})
    rows = chat.world.rows(
        "SELECT ip_address, user_agent, authentication_type, application_id::text FROM login_records"
        " WHERE user_id = %s",
        user_id,
    )
    assert rows == [("203.0.113.9", "a phone", "PASSWORD", chat.world.application_id)]
    assert chat.world.user(user_id)["lastLoginInstant"]


def test_a_login_here_makes_no_other_token(chat: Chat) -> None:
    person = chat.person()
    user_id = person.add_user()
    answer = chat.login({"user": person.email, "password": PASSWORD})
    assert "Set-Cookie" not in answer.headers
    assert chat.world.rows("SELECT id FROM refresh_tokens WHERE user_id = %s", user_id) == []


def test_logins_are_counted_by_their_verdict(chat: Chat) -> None:
    def counted() -> float:
        text = chat.world.service.call("GET", "/api/prometheus/metrics").text
        sample = 'identity_logins_total{door="password",status="404"} '
        return sum(float(line.removeprefix(sample)) for line in text.splitlines() if line.startswith(sample))

    before = counted()
    chat.login({"user": "nobody@example.com", "password": "wrong"})
    assert counted() == before + 1


@pytest.fixture(scope="module")
def guarded(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Chat]:
    """Three failed logins a minute for an address, at whichever door."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with chat_world(url, other_settings={"login": Login(rate_limit=3)}) as made:
        yield made
    postgres.drop_database(postgres_server, url)


def test_failures_at_this_door_count_at_every_door(guarded: Chat) -> None:
    guarded.person().application(loginConfiguration={"requireAuthentication": False})
    for _ in range(3):
        assert guarded.login({"user": "nobody@example.com", "password": "wrong"}).status_code == 401
    answer = guarded.login({"user": "nobody@example.com", "password": "wrong"})
    assert answer.status_code == 429
    assert "[error-too-many-requests]" in answer.json()["error"]
    assert set(answer.json()) == {"success", "error"}
    body = {"loginId": "nobody@example.com", "password": "x", "applicationId": guarded.world.application_id}
    assert guarded.call("POST", "/api/login", body).status_code == 429
    assert guarded.call("GET", "/api/v1/me").status_code == 401
    assert guarded.call("POST", LOGIN, {"resume": "x"}).status_code == 429
