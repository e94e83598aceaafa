"""Sessions of the Rocket.Chat door: two headers, /api/v1/me, logging out, going on with a token (rocket section 5)."""

from __future__ import annotations

import pytest

from tests.password_door import PASSWORD
from tests.rocketchat.client import Chat, Session, unauthorized

ME, LOGOUT = "/api/v1/me", "/api/v1/logout"
SIGNED_OUT = {
    "success": False,
    "error": "You must be logged in to do this.",
    "status": "error",
    "message": "You must be logged in to do this.",
}


def test_me_is_flat_and_the_same_as_at_the_login(chat: Chat) -> None:
    session = chat.somebody()
    answer = session.get(ME)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == session.me | {"success": True}


def test_the_long_id_and_other_letter_cases_of_the_headers_do_as_well(chat: Chat) -> None:
    person = chat.person()
    user_id = person.add_user()
    session = chat.logged_in(person.email)
    for name in (user_id, user_id.upper()):
        assert chat.call("GET", ME, headers={"x-auth-token": session.token, "x-user-id": name}).status_code == 200


@pytest.mark.parametrize("missing", ["X-Auth-Token", "X-User-Id"])
def test_both_headers_are_needed(chat: Chat, missing: str) -> None:
    headers = {name: value for name, value in chat.somebody().headers.items() if name != missing}
    answer = chat.call("GET", ME, headers=headers)
    assert (answer.status_code, answer.json()) == (401, SIGNED_OUT)
    assert answer.headers["Content-Type"] == "application/json"


def test_a_token_does_not_go_with_another_users_id(chat: Chat) -> None:
    one, other = chat.somebody(), chat.somebody()
    answer = Session(chat, other.user_id, one.token).get(ME)
    assert (answer.status_code, answer.json()) == (401, SIGNED_OUT)


def test_no_bearer_opens_this_door(chat: Chat) -> None:
    session = chat.somebody()
    headers = {"Authorization": f"Bearer {session.token}", "X-User-Id": session.user_id}
    assert chat.call("GET", ME, headers=headers).status_code == 401


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_logging_out_ends_this_session_alone(chat: Chat, method: str) -> None:
    person = chat.person()
    person.add_user()
    session, other = chat.logged_in(person.email), chat.logged_in(person.email)
    answer = session.call(method, LOGOUT)
    assert answer.status_code == 200
    assert answer.json() == {"status": "success", "data": {"message": "You've been logged out!"}}
    assert session.call(method, LOGOUT).status_code == 401
    assert other.is_alive


def test_a_token_is_given_back_as_it_is(chat: Chat) -> None:
    session = chat.somebody()
    answer = chat.login({"resume": session.token, "password": "whatever", "user": 3})
    assert answer.status_code == 200
    assert answer.json()["data"] == {"userId": session.user_id, "authToken": session.token, "me": session.me}


@pytest.mark.parametrize("token", ["unknown", 3, ["x"], {"$ne": ""}, True])
def test_nobody_goes_on_with_anything_else(chat: Chat, token: object) -> None:
    assert unauthorized(chat.login({"resume": token}))


def test_a_token_works_for_ninety_days(chat: Chat) -> None:
    session = chat.somebody()
    chat.world.clock.advance(days=89)
    assert session.is_alive
    assert chat.login({"resume": session.token}).status_code == 200
    chat.world.clock.advance(days=1)
    assert not session.is_alive
    assert unauthorized(chat.login({"resume": session.token}))


def test_headers_of_a_session_do_not_disturb_a_login(chat: Chat) -> None:
    person = chat.person()
    person.add_user()
    stranger = Session(chat, "nobody", "nothing")
    answer = stranger.post("/api/v1/login", {"user": person.email, "password": PASSWORD})
    assert answer.status_code == 200
