"""`rocketchat_API` from PyPI, unchanged, at the door: it sends JSON, an e-mail address as `user` or as `username`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from rocketchat_API.APIExceptions.RocketExceptions import (
    RocketApiException,
    RocketAuthenticationException,
    RocketConnectionException,
)
from rocketchat_API.rocketchat import RocketChat

from tests import postgres
from tests.password_door import PASSWORD, Door
from tests.rocketchat.client import Chat, chat_world
from tests.second_factors import with_phone
from tests.service import running_service

CREATE_TOKEN_SECRET = "what the operator has set"


@pytest.fixture(scope="module")
def chat(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Chat]:
    """As the others, and tokens can be made."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with chat_world(url, create_token_secret=CREATE_TOKEN_SECRET) as made:
        yield made
    postgres.drop_database(postgres_server, url)


@pytest.fixture
def http() -> Iterator[requests.Session]:
    """The client never closes a connection of its own."""
    with requests.Session() as session:
        yield session


@pytest.fixture
def person(chat: Chat) -> Door:
    made = chat.person()
    made.add_user(username=made.email.partition("@")[0])
    return made


def signed_in(chat: Chat, http: requests.Session, user: str, password: str = PASSWORD) -> RocketChat:
    return RocketChat(user, password, server_url=chat.world.service.url, session=http)


def test_it_logs_in_reads_me_lists_users_and_logs_out(chat: Chat, http: requests.Session, person: Door) -> None:
    rocket = signed_in(chat, http, person.email)
    me = rocket.me()
    assert me["emails"][0]["address"] == person.email
    assert me["_id"] == rocket.headers["X-User-Id"]
    assert me["_id"] in {user["_id"] for user in rocket.users_list()}
    assert rocket.users_info(user_id=me["_id"])["user"]["username"] == me["username"]
    assert rocket.logout()["status"] == "success"
    with pytest.raises(RocketApiException) as gone:
        rocket.me()
    assert gone.value.status_code == 401


def test_it_goes_on_with_the_token_of_an_earlier_login(chat: Chat, http: requests.Session, person: Door) -> None:
    first = signed_in(chat, http, person.email)
    token, user_id = first.headers["X-Auth-Token"], first.headers["X-User-Id"]
    again = RocketChat(auth_token=token, user_id=user_id, server_url=chat.world.service.url, session=http)
    assert again.me()["_id"] == user_id


@pytest.mark.parametrize("form", ["{name}", "{name}@example.com", "{name}@EXAMPLE.com", "{name}@people.example"])
def test_a_name_or_any_e_mail_address_logs_in(chat: Chat, http: requests.Session, form: str) -> None:
    person = chat.person()
    name = person.email.partition("@")[0]
    login_id = form.format(name=name)
    person.add_user(username=name, email=login_id if "@" in login_id else person.email)
    assert signed_in(chat, http, login_id).me()["username"] == name


def test_a_wrong_password_is_its_authentication_exception(chat: Chat, http: requests.Session, person: Door) -> None:
    with pytest.raises(RocketAuthenticationException):
        signed_in(chat, http, person.email, "wrong")


def test_a_second_factor_is_its_authentication_exception(chat: Chat, http: requests.Session) -> None:
    person = chat.person()
    with_phone(chat.world, person.add_user())
    with pytest.raises(RocketAuthenticationException):
        signed_in(chat, http, person.email)


def test_it_reads_what_the_service_is(chat: Chat, http: requests.Session, person: Door) -> None:
    rocket = signed_in(chat, http, person.email)
    assert rocket.info()["success"] is True
    assert rocket.info()["version"]


def test_an_administrator_makes_a_token_with_the_secret(chat: Chat, http: requests.Session, person: Door) -> None:
    rocket = signed_in(chat, http, chat.admin().me["emails"][0]["address"])
    person_id = signed_in(chat, http, person.email).headers["X-User-Id"]
    made = rocket.users_create_token(user_id=person_id, secret=CREATE_TOKEN_SECRET)["data"]
    assert made["userId"] == person_id
    again = RocketChat(auth_token=made["authToken"], user_id=person_id, server_url=chat.world.service.url, session=http)
    assert again.me()["emails"][0]["address"] == person.email


def test_a_closed_door_is_its_connection_exception(database_url: str, http: requests.Session) -> None:
    with running_service(database_url) as service, pytest.raises(RocketConnectionException):
        RocketChat("ada@example.com", PASSWORD, server_url=service.url, session=http)
