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


def test_a_name_that_is_somebody_elses_address_is_looked_for_where_the_form_says(chat: Chat) -> None:
    by_address = chat.person()
    by_address.add_user(fullName="address")
    by_name = chat.person()
    user_id = by_name.add_user(password="another good password", fullName="name")
    # The API refuses such a name; other ways in may not.
    change = "UPDATE users SET username = %s, username_canonical = %s WHERE id = %s RETURNING id"
    chat.world.rows(change, by_address.email, by_address.email, user_id)

    def names(**who: Any) -> set[str]:
        """Whose password goes with it."""
        answers = [chat.login(who | {"password": each}) for each in (PASSWORD, "another good password")]
        return {answer.json()["data"]["me"]["name"] for answer in answers if answer.status_code == 200}

    text = by_address.email
    assert names(user=text) == names(email=text) == names(user={"email": text}) == {"address"}
    assert names(username=text) == names(user={"username": text}) == {"name"}
    assert names(username=by_name.email) == {"name"}


def test_a_login_id_in_another_letter_case_is_the_same_one(chat: Chat, person: Door) -> None:
    name = person.email.partition("@")[0]
    for who in ({"user": name.upper()}, {"username": person.email.upper()}, {"email": f" {person.email} "}):
        assert chat.login(who | {"password": PASSWORD}).status_code == 200


def test_a_digest_of_another_password_is_refused(chat: Chat, person: Door) -> None:
    digest = {"digest": hashlib.sha256(b"wrong").hexdigest(), "algorithm": "sha-256"}
    assert unauthorized(chat.login({"user": person.email, "password": digest}))
    text = hashlib.sha256(PASSWORD.encode()).hexdigest()
    assert unauthorized(chat.login({"user": person.email, "password": text}))
    assert unauthorized(chat.login({"user": person.email, "password": {"hashed": text}}))
