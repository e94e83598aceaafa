"""`rocket-python` from PyPI, unchanged, at the door: it sends a form, and logs in anew before each call."""

from __future__ import annotations

import pytest
import requests
from rocketchat.api import RocketChatAPI

from tests.password_door import PASSWORD, Door
from tests.rocketchat.client import Chat
from tests.second_factors import with_phone


@pytest.fixture
def person(chat: Chat) -> Door:
    made = chat.person()
    made.add_user(username=made.email.partition("@")[0])
    return made


def client(chat: Chat, user: str, password: str = PASSWORD) -> RocketChatAPI:
    return RocketChatAPI(settings={"username": user, "password": password, "domain": chat.world.service.url})


def client_of(chat: Chat, person: Door) -> RocketChatAPI:
    """One that goes on with the token of an earlier login."""
    session = chat.logged_in(person.email)
    settings = {"token": session.token, "user_id": session.user_id, "domain": chat.world.service.url}
    return RocketChatAPI(settings=settings)


def refusal(error: pytest.ExceptionInfo[requests.HTTPError]) -> tuple[int, str]:
    return error.value.response.status_code, error.value.response.json()["error"]


def test_it_logs_in_reads_me_lists_users_and_logs_out(chat: Chat, person: Door) -> None:
    api = client(chat, person.email)
    me = api.get_my_info()
    assert me["emails"][0]["address"] == person.email
    [found] = [user for user in api.get_users() if user["id"] == me["_id"]]
    assert found["username"] == me["username"]
    assert api.get_user_info(me["_id"])["user"]["_id"] == me["_id"]
    assert api.logout()["status"] == "success"


def test_after_its_logout_a_token_is_worth_nothing(chat: Chat, person: Door) -> None:
    api = client_of(chat, person)
    assert api.get_my_info()["emails"][0]["address"] == person.email
    api.logout()
    with pytest.raises(requests.HTTPError) as gone:
        api.get_my_info()
    assert refusal(gone) == (401, "You must be logged in to do this.")


def test_a_wrong_password_is_an_http_error_of_401(chat: Chat, person: Door) -> None:
    with pytest.raises(requests.HTTPError) as refused:
        client(chat, person.email, "wrong").get_my_info()
    assert refusal(refused) == (401, "Unauthorized")


def test_a_second_factor_is_an_http_error_that_says_so(chat: Chat) -> None:
    person = chat.person()
    with_phone(chat.world, person.add_user())
    with pytest.raises(requests.HTTPError) as refused:
        client(chat, person.email).get_my_info()
    assert refusal(refused) == (401, "totp-required")
