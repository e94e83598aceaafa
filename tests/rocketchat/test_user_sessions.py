"""Ending sessions by users.logout and its neighbours (rocket section 5.5)."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

import pytest

from tests.rocketchat.client import Chat, Session
from tests.rocketchat.tokens import NOT_TEXTS, is_forbidden, personal, refusal, stranger

LOGOUT = "/api/v1/users.logout"
LOGOUT_OTHERS = "/api/v1/users.logoutOtherClients"
REMOVE_OTHERS = "/api/v1/users.removeOtherTokens"


def twice(chat: Chat) -> tuple[Session, Session]:
    """Two sessions of somebody new."""
    person = chat.person()
    person.add_user()
    return chat.logged_in(person.email), chat.logged_in(person.email)


@pytest.mark.parametrize("body", [None, {}, {"userId": None}, {"userId": "  "}])
def test_users_logout_ends_every_token_of_the_caller(chat: Chat, body: object) -> None:
    session, other = twice(chat)
    token = personal(session)
    answer = session.post(LOGOUT, body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json() == {"message": f"User {session.user_id} has been logged out!", "success": True}
    assert not any(each.is_alive for each in (session, other, token))


def test_oneself_may_be_named_by_either_id(chat: Chat) -> None:
    person = chat.person()
    user_id = person.add_user()
    for _ in range(2):
        session = chat.logged_in(person.email)
        assert session.post(LOGOUT, {"userId": session.user_id}).status_code == 200
        session = chat.logged_in(person.email)
        assert session.post(LOGOUT, {"userId": user_id}).status_code == 200
        assert not session.is_alive


def test_an_admin_logs_others_out(chat: Chat) -> None:
    admin, (one, other) = chat.admin(), twice(chat)
    answer = admin.post(LOGOUT, {"userId": one.user_id})
    assert answer.json() == {"message": f"User {one.user_id} has been logged out!", "success": True}
    assert not one.is_alive
    assert not other.is_alive
    assert admin.is_alive


def test_nobody_else_does_whether_or_not_there_is_such_a_user(chat: Chat) -> None:
    session, other = chat.somebody(), chat.somebody()
    for name in (other.user_id, str(uuid4()), "rocket.cat", stranger(chat)["id"]):
        assert is_forbidden(session.post(LOGOUT, {"userId": name}))
    assert other.is_alive


def test_users_of_other_tenants_do_not_exist(chat: Chat) -> None:
    admin = chat.admin()
    for name in (stranger(chat)["id"], str(uuid4()), "A" * 17, "nobody"):
        assert refusal(admin.post(LOGOUT, {"userId": name})) == "error-invalid-user-id"


@pytest.mark.parametrize("path", [LOGOUT_OTHERS, REMOVE_OTHERS])
def test_other_logins_end_and_personal_tokens_stay(chat: Chat, path: str) -> None:
    session, other = twice(chat)
    token = personal(session)
    answer = session.post(path)
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    assert session.is_alive
    assert token.is_alive
    assert not other.is_alive


def test_the_answer_says_which_token_stays_and_until_when(chat: Chat) -> None:
    with chat.world.clock.standing_still():
        session = chat.somebody()
        now = chat.world.clock.runtime().now()
    body = session.post(LOGOUT_OTHERS).json()
    assert body == {"token": session.token, "tokenExpires": body["tokenExpires"], "success": True}
    expires = datetime.fromisoformat(body["tokenExpires"])
    assert body["tokenExpires"].endswith("Z")
    assert expires.timestamp() * 1000 == now + 90 * 86_400_000


def test_a_personal_token_has_no_end_and_ends_all_logins(chat: Chat) -> None:
    session, other = twice(chat)
    token = personal(session)
    body = token.post(LOGOUT_OTHERS).json()
    assert body == {"token": token.token, "tokenExpires": "", "success": True}
    assert [each.is_alive for each in (session, other, token)] == [False, False, True]


def test_removing_other_tokens_says_no_more_than_that_it_was_done(chat: Chat) -> None:
    assert chat.somebody().post(REMOVE_OTHERS).json() == {"success": True}


@pytest.mark.parametrize("path", [LOGOUT, LOGOUT_OTHERS, REMOVE_OTHERS])
def test_others_are_not_touched_and_one_must_be_signed_in(chat: Chat, path: str) -> None:
    session, other = chat.somebody(), chat.somebody()
    assert session.post(path).status_code == 200
    assert other.is_alive
    assert chat.call("POST", path, {}).status_code == 401


@pytest.mark.parametrize("value", NOT_TEXTS)
def test_an_id_that_is_no_text_is_refused(chat: Chat, value: object) -> None:
    session = chat.somebody()
    assert refusal(session.post(LOGOUT, {"userId": value})) == "invalid-params"
    assert session.is_alive


@pytest.mark.parametrize("body", [[], "text", 3, None, [{"userId": "x"}]])
@pytest.mark.parametrize("path", [LOGOUT_OTHERS, REMOVE_OTHERS, LOGOUT])
def test_a_body_that_is_no_object_is_an_empty_one(chat: Chat, path: str, body: object) -> None:
    assert chat.somebody().post(path, body).status_code == 200
