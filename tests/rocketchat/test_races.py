"""Logins at the Rocket.Chat door beside what ends sessions: no token outlives it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.invariants import broken
from tests.password_door import PASSWORD, Door
from tests.rocketchat.client import Chat, Session

NEW_PASSWORD = "another good password"


def deactivate(chat: Chat, door: Door, user_id: str) -> None:
    assert chat.world.service.call("DELETE", f"/api/user/{user_id}").status_code == 200


def delete(chat: Chat, door: Door, user_id: str) -> None:
    assert chat.world.service.call("DELETE", f"/api/user/{user_id}?hardDelete=true").status_code == 200


def change_password(chat: Chat, door: Door, user_id: str) -> None:
    change = {"loginId": door.email, "currentPassword": PASSWORD, "password": NEW_PASSWORD}
    assert chat.world.service.call("POST", "/api/user/change-password", change).status_code == 200


@pytest.mark.parametrize("end", [deactivate, delete, change_password])
def test_no_login_survives_what_happens_meanwhile(chat: Chat, end: Callable[[Chat, Door, str], None]) -> None:
    for _ in range(3):
        person = chat.person()
        user_id = person.add_user()
        with ThreadPoolExecutor(8) as pool:
            body = {"user": person.email, "password": PASSWORD}
            logins = [pool.submit(chat.login, body) for _ in range(6)]
            ended = pool.submit(end, chat, person, user_id)
            logins += [pool.submit(chat.login, body) for _ in range(6)]
            ended.result()
            answers = [login.result() for login in logins]
        assert {answer.status_code for answer in answers} <= {200, 401}
        tokens = [answer.json()["data"] for answer in answers if answer.status_code == 200]
        assert not [data for data in tokens if Session(chat, data["userId"], data["authToken"]).is_alive]
    with psycopg.connect(chat.world.service.services.settings.database.url) as conn:
        assert broken(conn) == {}


def test_logging_out_twice_at_once_ends_one_session_once(chat: Chat) -> None:
    session = chat.somebody()
    with ThreadPoolExecutor(4) as pool:
        statuses = [answer.status_code for answer in pool.map(lambda _: session.post("/api/v1/logout"), range(4))]
    assert set(statuses) <= {200, 401}
    assert 200 in statuses
    assert not session.is_alive
