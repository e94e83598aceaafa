"""What a client brings of a provider is seen by nobody who is not meant to: no log, no answer, no row, no trace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from identity.settings import RocketChat
from tests.facebook_world import facebook_world
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


def test_a_canary_secret_in_every_input_of_a_login_by_facebook_is_in_no_trace_log_event_or_error(
    database_url: str, log: Everything
) -> None:
    door = RocketChat(rate_limit_calls=0, tenant_id=str(uuid4()), application_id=str(uuid4()))
    with facebook_world(database_url, rocketchat=door) as world:
        world.configure(debug=True)
        canaries = Canaries(world.service, {"app secret": world.graph.app_secret})
        for kind in (None, "invalid_token", "bad_parameter", "transient", "garbage", "html", "redirect", "reset"):
            canaries.made[f"token {kind}"] = token = world.graph.access_token("alice")
            if kind:
                world.graph.fault(kind)
            _by_facebook(canaries, token, world.graph.app_secret)
            world.graph.clear_faults()
        right = world.graph.access_token("alice")
        _by_facebook(canaries, right, canaries("wrong secret"))
        _by_facebook(canaries, canaries("wrong token"), world.graph.app_secret)
        assert world.count("rocketchat_tokens") == 1
        assert world.events("Debug")
        assert canaries.found_in(log.of_the_service) == set()
        assert canaries.found_in("\n".join(canaries.refusals)) == set()
        assert canaries.found_in(canaries.stored()) == set()


def _by_facebook(canaries: Canaries, token: str, secret: str) -> None:
    body = {"serviceName": "facebook", "accessToken": token, "secret": secret, "expiresIn": 1}
    answer = canaries.service.call("POST", LOGIN, body, key="")
    if answer.status_code != 200:
        canaries.refusals.append(answer.text)


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
