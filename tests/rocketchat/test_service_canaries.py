"""What a client brings of a provider is seen by nobody who is not meant to: no log, no answer, no row, no trace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.flows.test_canaries import Canaries, Everything, log
from tests.login_world import World
from tests.rocketchat.client import LOGIN, Chat, chat_world
from tests.webhook_world import hooks_of

__all__ = ["log"]  # the fixture


@pytest.fixture
def chat(database_url: str) -> Iterator[Chat]:
    with chat_world(database_url) as made:
        yield made


@pytest.fixture
def canaries(chat: Chat) -> Canaries:
    return Canaries(chat.world.service)


def twitter(world: World, person: str = "alice", **members: Any) -> dict[str, Any]:
    token, secret = world.x.access_token(person)
    app = {"appId": world.x.consumer_key, "appSecret": world.x.consumer_secret}
    return {"serviceName": "twitter", "accessToken": token, "accessTokenSecret": secret, "expiresIn": 1} | app | members


def test_a_canary_secret_in_every_input_of_a_service_login_is_in_no_trace_log_event_or_error(
    chat: Chat, canaries: Canaries, log: Everything
) -> None:
    world = chat.world
    world.configure(debug=True)
    world.add_lambda("function reconcile(user, registration, idToken) { console.info(JSON.stringify(arguments)); }")
    canaries.made["consumer secret"] = world.x.consumer_secret
    with hooks_of(world.service) as hooks:
        hook = hooks.add("user.login.failed", "user.login.success", "user.create")
        hooks.switch_on("user.login.failed", "user.login.success", "user.create")
        _right_and_wrong(canaries, world)
        hooks.deliver()
        assert canaries.found_in(str(hook.events)) == set()
    assert canaries.found_in(log.of_the_service) == set()
    assert canaries.found_in("\n".join(canaries.refusals)) == set()
    assert canaries.found_in(canaries.stored()) == set()
    assert world.count("login_traces") >= 10


def _right_and_wrong(canaries: Canaries, world: World) -> None:
    right = twitter(world)
    canaries.made |= {"right token": right["accessToken"], "right secret": right["accessTokenSecret"]}
    answer = canaries.call("POST", LOGIN, right, key="")
    assert answer.status_code == 200
    canaries.made["auth token"] = answer.json()["data"]["authToken"]
    for member in ("accessToken", "accessTokenSecret", "appSecret", "appId"):
        canaries.call("POST", LOGIN, twitter(world, **{member: canaries(f"wrong {member}")}), key="")
        canaries.call("POST", LOGIN, twitter(world, **{member: {"x": canaries(f"{member} in an object")}}), key="")
        canaries.call("POST", LOGIN, twitter(world, **{member: [canaries(f"{member} in a list")]}), key="")
    canaries.call("POST", LOGIN, twitter(world, expiresIn=canaries("expiresIn")), key="")
    canaries.call("POST", LOGIN, twitter(world, code=canaries("code")), key="")
    canaries.call("POST", LOGIN, data=twitter(world, accessToken=canaries("token of a form")), key="")
    facebook = {"serviceName": "facebook", "accessToken": canaries("Facebook token"), "expiresIn": 1}
    canaries.call("POST", LOGIN, facebook | {"secret": canaries("Facebook secret")}, key="")
    canaries.call("POST", LOGIN, {"serviceName": "google", "accessToken": canaries("Google token")}, key="")
    for kind in ("invalid_token", "no_access", "garbage"):
        world.x.fault(kind, times=1)
        answer = world.service.call("POST", LOGIN, twitter(world, "bob"), key="")
        canaries.refusals.append(answer.text)
