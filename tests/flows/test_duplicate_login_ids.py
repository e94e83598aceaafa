"""user.loginId.duplicate.create and .update: somebody was to get a login id that another user has (contract 17.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.login_world import World
from tests.webhook_world import Hooks, hooks_of

CREATE, UPDATE = "user.loginId.duplicate.create", "user.loginId.duplicate.update"
PASSWORD = "correct horse battery"
TAKEN = {"email": "Ada@Example.com", "password": PASSWORD}


@pytest.fixture
def hooks(world: World) -> Iterator[Hooks]:
    with hooks_of(world.service) as made:
        made.switch_on(CREATE, UPDATE)
        yield made


@pytest.fixture
def ada(world: World) -> dict[str, Any]:
    return world.add_user(email="ada@example.com", username="ada")


@pytest.mark.parametrize(
    ("path", "more"), [("/api/user", {}), ("/api/user/registration", {"registration": True})], ids=["alone", "combined"]
)
def test_a_new_user_with_the_address_of_another_is_told(
    world: World, hooks: Hooks, ada: dict[str, Any], path: str, more: dict[str, Any]
) -> None:
    hook = hooks.add(CREATE, UPDATE)
    body = {"user": TAKEN} | {name: {"applicationId": world.application_id} for name in more}
    refused = world.service.call("POST", path, body)
    assert refused.json()["fieldErrors"]["user.email"][0]["code"] == "[duplicate]user.email"
    hooks.deliver()
    [event] = hook.events
    assert (event["type"], event["existing"]["id"], event["duplicateEmail"]) == (CREATE, ada["id"], "ada@example.com")
    assert (event["user"]["email"], "duplicateUsername" in event) == ("ada@example.com", False)
    assert PASSWORD not in hook.requests[0].body.decode()


def test_a_user_who_is_to_get_the_username_of_another_is_told(world: World, hooks: Hooks, ada: dict[str, Any]) -> None:
    bob = world.add_user(username="bob")
    hook = hooks.add(CREATE, UPDATE)
    refused = world.service.call("PATCH", f"/api/user/{bob['id']}", {"user": {"username": "ADA"}})
    assert refused.json()["fieldErrors"]["user.username"][0]["code"] == "[duplicate]user.username"
    hooks.deliver()
    [event] = hook.events
    assert (event["type"], event["existing"]["id"], event["duplicateUsername"]) == (UPDATE, ada["id"], "ADA")
    assert event["user"]["id"] == bob["id"]
    assert world.user(bob["id"])["username"] == "bob"


def test_another_duplicate_than_of_a_login_id_is_told_to_nobody(
    world: World, hooks: Hooks, ada: dict[str, Any]
) -> None:
    hook = hooks.add(CREATE, UPDATE)
    again = {"user": {"username": "other", "password": PASSWORD}}
    assert world.service.call("POST", f"/api/user/{ada['id']}", again).status_code == 400
    hooks.deliver()
    assert hook.events == []
