"""Tokens that X issued to another application: whoever holds one is nobody here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from identity.emulators.x.options import Consumer
from tests.login_world import TWITTER, World, refused


@pytest.fixture
def stranger(world: World) -> Iterator[Consumer]:
    """Another application that is registered with X."""
    yield world.x.add_consumer()
    own = {"key": world.x.consumer_key, "secret": world.x.consumer_secret}
    world.x.control("PUT", "settings", {"consumers": [own]})


def codes_of_x(world: World) -> list[int]:
    return [int(call["status"]) for call in world.x.calls()]


def test_an_access_token_of_another_app_logs_nobody_in(world: World, stranger: Consumer) -> None:
    token, secret = world.x.access_token("alice", stranger)
    data = {"oauth_token": token, "oauth_token_secret": secret}
    answer = world.post_login(world.login_body("alice", data=data))
    assert refused(answer) == "[TwitterVerifyCredentials]"
    assert codes_of_x(world) == [401]
    assert world.x.calls()[0]["reason"] == "the token was issued to another application"
    assert world.nothing_written()


def test_nor_does_a_request_token_of_another_app_with_its_verifier(world: World, stranger: Consumer) -> None:
    token, secret, verifier = world.x.request_token("alice", consumer=stranger)
    data = {"oauth_token": token, "oauth_token_secret": secret, "oauth_verifier": verifier}
    answer = world.post_login(world.login_body("alice", data=data))
    assert refused(answer) == "[TwitterAccessToken]"
    assert codes_of_x(world) == [401]
    assert world.nothing_written()


def test_nor_does_one_of_another_app_open_the_account_of_somebody_who_is_linked(
    world: World, stranger: Consumer
) -> None:
    user_id = world.logged_in("alice")["user"]["id"]
    sessions = world.count("refresh_tokens")
    token, secret = world.x.access_token("alice", stranger)
    body = world.login_body("alice", data={"oauth_token": token, "oauth_token_secret": secret})
    assert refused(world.post_login(body)) == "[TwitterVerifyCredentials]"
    assert world.count("refresh_tokens") == sessions
    assert [link["identityProviderId"] for link in world.links(user_id)] == [TWITTER]
