"""POST /api/v1/login with an access token of Facebook (rocket sections 6.2 and 10.5), against the Graph emulator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests

from identity.settings import RocketChat
from tests import postgres
from tests.facebook_world import FACEBOOK, FacebookWorld, facebook_world
from tests.login_world import refused
from tests.rocketchat.client import Chat, unauthorized
from tests.second_factors import with_phone
from tests.snapshot import Snapshot

FAULT = {"success": False, "error": "Internal server error"}
NOT_VOUCHED_FOR = {
    "success": False,
    "status": "error",
    "error": "error-oauth-identity",
    "message": "Failed to fetch identity from Facebook.",
}

REFUSED = ["invalid_token", "session", "bad_parameter", "no_permission", "permission_missing", "app_removed", "expired"]
FAILS = ["unknown_error", "transient", "app_throttled", "user_throttled", "unavailable", "garbage", "redirect", "reset"]


@pytest.fixture(scope="module")
def shared(postgres_server: postgres.Server, migrated_template: str) -> Iterator[tuple[FacebookWorld, Snapshot]]:
    url = postgres.fresh_database(postgres_server, migrated_template)
    door = RocketChat(rate_limit_calls=0, tenant_id=str(uuid4()), application_id=str(uuid4()))
    with facebook_world(url, rocketchat=door) as made, Snapshot(url) as beginning:
        yield made, beginning
    postgres.drop_database(postgres_server, url)


@pytest.fixture
def world(shared: tuple[FacebookWorld, Snapshot]) -> FacebookWorld:
    """As it was when it began, for each test."""
    made, beginning = shared
    made.begin_again(beginning)
    return made


def body_of(world: FacebookWorld, person: str = "alice", **members: Any) -> dict[str, Any]:
    """What a client sends that has an access token of this person."""
    token, secret = world.graph.access_token(person), world.graph.app_secret
    return {"serviceName": "facebook", "accessToken": token, "secret": secret, "expiresIn": 200} | members


def facebook(world: FacebookWorld, person: str = "alice", **members: Any) -> requests.Response:
    return Chat(world).login(body_of(world, person, **members))


def logged_in(world: FacebookWorld, person: str = "alice", **members: Any) -> dict[str, Any]:
    answer = facebook(world, person, **members)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_the_page_s_example_logs_in(world: FacebookWorld) -> None:
    data = logged_in(world)
    assert data["userId"] == data["me"]["_id"]
    assert data["me"]["emails"] == [{"address": "alice@example.com", "verified": True}]
    assert data["me"]["isOAuthUser"] is True
    headers = {"X-Auth-Token": data["authToken"], "X-User-Id": data["userId"]}
    assert Chat(world).call("GET", "/api/v1/me", headers=headers).json()["_id"] == data["userId"]
    assert world.rows("SELECT authentication_type FROM login_records") == [("FACEBOOK",)]


def test_a_form_logs_in_too(world: FacebookWorld) -> None:
    assert Chat(world).login(data=body_of(world)).status_code == 200


@pytest.mark.parametrize("first", ["rocketchat", "complete login"])
def test_the_same_user_comes_out_of_both_doors(world: FacebookWorld, first: str) -> None:
    if first == "rocketchat":
        chat_id = logged_in(world)["userId"]
        user_id = world.logged_in("alice")["user"]["id"]
    else:
        user_id = world.logged_in("alice")["user"]["id"]
        chat_id = logged_in(world)["userId"]
    assert world.rows("SELECT id::text, rc_id FROM users") == [(user_id, chat_id)]
    [link] = world.links(user_id)
    assert link["identityProviderUserId"] == world.graph.id_of("alice")


def test_the_link_keeps_when_the_client_s_token_ends_and_the_profile(world: FacebookWorld) -> None:
    with world.clock.standing_still():
        logged_in(world, expiresIn="200")
        now = world.service.services.runtime.now()
    [(data,)] = world.rows("SELECT data FROM links")
    assert data == {"expiresAt": now + 200_000, "email": "alice@example.com", "name": "Alice Adams"}


def test_a_facebook_token_of_another_app_logs_nobody_in(world: FacebookWorld) -> None:
    other = world.graph.add_app()
    foreign = world.graph.access_token("alice", app=other.id)
    # Whoever owns that app knows its secret: it is never used in place of ours.
    assert unauthorized(facebook(world, accessToken=foreign, secret=other.secret))
    assert world.graph.calls() == []
    # With our secret the proof is one that Facebook refuses for that token, at this door and at the other one.
    answer = facebook(world, accessToken=foreign)
    assert (answer.status_code, answer.json()) == (401, NOT_VOUCHED_FOR)
    assert refused(world.login("alice", data={"token": foreign})) == "[FacebookMe]"
    assert world.nothing_written()


def test_another_secret_than_ours_is_refused_before_facebook_is_asked(world: FacebookWorld) -> None:
    for secret in ("another app's", world.graph.app_secret + "x", world.graph.app_secret[:-1]):
        assert unauthorized(facebook(world, secret=secret))
    assert world.graph.calls() == []


def test_the_application_s_own_secret_counts_as_configuration(world: FacebookWorld) -> None:
    own = {"appId": world.graph.app_id, "client_secret": world.graph.app_secret}
    world.configure(appId="the other app", client_secret="its secret", **world.override(**own))
    assert facebook(world).status_code == 200
    assert unauthorized(facebook(world, secret="its secret"))


def test_a_service_that_is_not_there_or_not_offered_is_named_so(world: FacebookWorld) -> None:
    world.configure(enabled=False)
    assert facebook(world).json()["message"] == "No registered oauth service found for: facebook"
    assert world.service.call("DELETE", f"/api/identity-provider/{FACEBOOK}").status_code == 200
    assert facebook(world).json()["message"] == "Service not configured"
    assert world.graph.calls() == []


def test_every_member_is_required_and_of_its_type(world: FacebookWorld) -> None:
    for member in ("secret", "expiresIn"):
        body = body_of(world)
        del body[member]
        answer = Chat(world).login(body)
        assert (answer.status_code, answer.json()["message"]) == (401, f"Match error: Missing key '{member}'")
    for members in ({"secret": 5}, {"secret": None}, {"accessToken": 7}, {"expiresIn": "soon"}, {"expiresIn": -1}):
        answer = facebook(world, **members)
        assert (answer.status_code, answer.json()["error"]) == (401, "Unauthorized")
        assert answer.json()["message"].startswith("Match error")
    assert world.graph.calls() == []


@pytest.mark.parametrize("kind", REFUSED)
def test_a_token_that_facebook_refuses_is_named_so(world: FacebookWorld, kind: str) -> None:
    world.graph.fault(kind)
    answer = facebook(world)
    assert (answer.status_code, answer.json()) == (401, NOT_VOUCHED_FOR)
    assert world.nothing_written()


def test_a_token_that_facebook_never_gave_is_not_echoed(world: FacebookWorld) -> None:
    answer = facebook(world, accessToken="nobody-s-token")
    assert (answer.status_code, answer.json()) == (401, NOT_VOUCHED_FOR)


@pytest.mark.parametrize("kind", FAILS)
def test_a_provider_that_fails_is_an_internal_error(world: FacebookWorld, kind: str) -> None:
    world.graph.fault(kind)
    answer = facebook(world)
    assert (answer.status_code, answer.json()) == (500, FAULT)
    assert world.nothing_written()


def test_a_second_factor_is_asked_for_and_taken_in_the_same_body(world: FacebookWorld) -> None:
    user_id = world.logged_in("alice")["user"]["id"]
    phone, _ = with_phone(world, user_id)
    demand = facebook(world)
    assert (demand.status_code, demand.json()["error"]) == (401, "totp-required")
    assert facebook(world, code=phone.code()).status_code == 200
