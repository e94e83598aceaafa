"""users.createToken: a login without a password, for administrators who know the operator's secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests import postgres
from tests.rocketchat.client import Chat, Session, chat_world
from tests.rocketchat.tokens import NOT_TEXTS, refusal, stranger

CREATE = "/api/v1/users.createToken"
SECRET = "only the operator knows"


@pytest.fixture(scope="module")
def open_chat(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Chat]:
    """A door whose operator has set a secret."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with chat_world(url, create_token_secret=SECRET) as made:
        yield made
    postgres.drop_database(postgres_server, url)


def create(session: Session, **members: Any) -> requests.Response:
    return session.post(CREATE, {"secret": SECRET} | members)


def test_an_admin_with_the_secret_gets_a_login_of_anybody(open_chat: Chat) -> None:
    admin, name = open_chat.admin(), f"user-{uuid4().hex}"
    person = open_chat.person()
    user_id = person.add_user(username=name)
    short_id = open_chat.logged_in(person.email).user_id
    for named in ({"userId": user_id}, {"userId": short_id}, {"username": name}, {"username": name.upper()}):
        answer = create(admin, **named)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
        body = answer.json()
        token = body["data"]["authToken"]
        assert body == {"data": {"userId": short_id, "authToken": token}, "success": True}
        assert len(token) == 43
        assert Session(open_chat, short_id, token).get("/api/v1/me").json()["username"] == name


def test_an_id_counts_before_a_name(open_chat: Chat) -> None:
    admin, one = open_chat.admin(), open_chat.somebody()
    answer = create(admin, userId=one.user_id, username="somebody else")
    assert answer.json()["data"]["userId"] == one.user_id


def test_a_user_name_counts_before_what_the_caller_is_called_by_their_address(open_chat: Chat) -> None:
    admin, bearer = open_chat.admin(), open_chat.person()
    bearer.add_user(username=admin.me["username"])
    wanted = open_chat.logged_in(bearer.email).user_id
    assert create(admin, username=admin.me["username"]).json()["data"]["userId"] == wanted != admin.user_id


def test_it_expires_like_a_login(open_chat: Chat) -> None:
    admin, one = open_chat.admin(), open_chat.somebody()
    made = Session(open_chat, one.user_id, create(admin, userId=one.user_id).json()["data"]["authToken"])
    assert made.is_alive
    open_chat.world.clock.advance(days=90)
    assert not made.is_alive


def test_each_one_is_in_the_audit_log_without_the_token(open_chat: Chat) -> None:
    admin, person = open_chat.admin(), open_chat.person()
    user_id = person.add_user()
    token = create(admin, userId=user_id).json()["data"]["authToken"]
    answer = open_chat.world.service.call("GET", f"/api/system/audit-log/search?message=*{user_id}*")
    assert answer.json()["total"] == 1
    assert token not in answer.text


@pytest.mark.parametrize("secret", ["wrong", "", "Only the operator knows", f"{SECRET}!", "\u00e9"])
def test_without_the_secret_nobody_gets_one(open_chat: Chat, secret: str) -> None:
    admin, one = open_chat.admin(), open_chat.somebody()
    code = "invalid-params" if not secret else "error-not-authorized"
    assert refusal(create(admin, userId=one.user_id, secret=secret)) == code


def test_a_secret_that_is_missing_is_asked_for(open_chat: Chat) -> None:
    admin = open_chat.admin()
    assert refusal(admin.post(CREATE, {"userId": admin.user_id})) == "invalid-params"


def test_nobody_but_an_admin_gets_one_not_even_of_themselves(open_chat: Chat) -> None:
    session, other = open_chat.somebody(), open_chat.somebody()
    for name in (session.user_id, other.user_id, str(uuid4()), stranger(open_chat)["id"]):
        assert refusal(create(session, userId=name)) == "error-not-authorized"
    assert refusal(create(session)) == "error-not-authorized"


@pytest.mark.parametrize("secret", ["", SECRET, "x"])
def test_where_no_secret_is_set_nobody_gets_one(chat: Chat, secret: str) -> None:
    admin = chat.admin()
    answer = admin.post(CREATE, {"userId": admin.user_id, "secret": secret})
    assert refusal(answer) == ("error-not-authorized" if secret else "invalid-params")


def test_somebody_must_be_named_who_exists_in_this_tenant(open_chat: Chat) -> None:
    admin, other = open_chat.admin(), stranger(open_chat)
    assert refusal(create(admin)) == "error-user-param-not-provided"
    assert refusal(create(admin, userId=" ", username="")) == "error-user-param-not-provided"
    for name in (other["id"], str(uuid4()), "x" * 17):
        assert refusal(create(admin, userId=name)) == "error-invalid-user"
    assert refusal(create(admin, username=other["username"])) == "error-invalid-user"


def test_a_deactivated_user_gets_none(open_chat: Chat) -> None:
    admin, person = open_chat.admin(), open_chat.person()
    user_id = person.add_user()
    assert open_chat.world.service.call("DELETE", f"/api/user/{user_id}").status_code == 200
    assert refusal(create(admin, userId=user_id)) == "error-user-is-not-activated"


@pytest.mark.parametrize("name", ["secret", "userId", "username"])
@pytest.mark.parametrize("value", NOT_TEXTS)
def test_a_parameter_that_is_no_text_is_refused(open_chat: Chat, name: str, value: object) -> None:
    admin = open_chat.admin()
    members = {"userId": admin.user_id, name: value}
    assert refusal(create(admin, **members)) == "invalid-params"


def test_nobody_is_signed_in_by_the_secret_alone(open_chat: Chat) -> None:
    assert open_chat.call("POST", CREATE, {"secret": SECRET, "userId": str(uuid4())}).status_code == 401
