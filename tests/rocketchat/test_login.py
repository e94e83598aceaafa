"""POST /api/v1/login by password: its forms, its success and its one refusal (rocket sections 2, 4 and 8)."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest

from tests.password_door import PASSWORD, Door
from tests.rocketchat.client import Chat, unauthorized


@pytest.fixture
def person(chat: Chat) -> Door:
    made = chat.person()
    made.add_user(username=made.email.partition("@")[0])
    return made


def test_a_login_has_the_exact_envelope(chat: Chat, person: Door) -> None:
    answer = chat.login({"user": person.email, "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    body = answer.json()
    assert set(body) == {"status", "data", "success"}
    assert body["status"] == "success"
    assert body["success"] is True
    data = body["data"]
    assert set(data) == {"userId", "authToken", "me"}
    assert data["userId"] == data["me"]["_id"]
    assert re.fullmatch(r"[23456789ABCDEFGHJKLMNPQRSTWXYZa-km-z]{17}", data["userId"])
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", data["authToken"])


def forms(email: str, name: str) -> list[dict[str, Any]]:
    digest = {"digest": hashlib.sha256(PASSWORD.encode()).hexdigest(), "algorithm": "sha-256"}
    return [
        {"user": email, "password": PASSWORD},
        {"user": name, "password": PASSWORD},
        {"username": name, "password": PASSWORD},
        {"username": email, "password": PASSWORD},
        {"email": email, "password": PASSWORD},
        {"user": {"username": name}, "password": PASSWORD},
        {"user": {"email": email}, "password": PASSWORD},
        {"user": name, "password": digest},
        {"user": {"username": name}, "password": digest},
        {"user": email.upper(), "password": PASSWORD},
        {"user": name, "password": PASSWORD, "unknown": [1]},
    ]


@pytest.mark.parametrize("number", range(11))
def test_every_form_of_a_password_login_logs_in(chat: Chat, person: Door, number: int) -> None:
    answer = chat.login(forms(person.email, person.email.partition("@")[0])[number])
    assert answer.status_code == 200, answer.text


def test_a_form_body_logs_in(chat: Chat, person: Door) -> None:
    answer = chat.login(data={"user": person.email, "password": PASSWORD})
    assert answer.status_code == 200


def test_a_wrong_password_and_an_unknown_user_are_the_same_refusal(chat: Chat, person: Door) -> None:
    assert unauthorized(chat.login({"user": person.email, "password": "wrong"}))
    assert unauthorized(chat.login({"user": "nobody@example.com", "password": PASSWORD}))
