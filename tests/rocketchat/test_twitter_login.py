"""POST /api/v1/login with an access token of X (rocket section 6): the forms, every refusal, and whom it is for."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.fakes.x import XEmulator
from tests.login_world import TWITTER, World, refused
from tests.rocketchat.client import Chat, chat_world, unauthorized
from tests.second_factors import with_phone

FAULT = {"success": False, "error": "Internal server error"}


@pytest.fixture
def chat(own_chat: Chat) -> Chat:
    """Each test has its own: they reconfigure the provider, and the people of X are few."""
    return own_chat


@pytest.fixture
def world(chat: Chat) -> World:
    return chat.world


def body_of(world: World, person: str = "alice", **members: Any) -> dict[str, Any]:
    """What a client sends that has an access token of this person."""
    token, secret = world.x.access_token(person)
    body = {
        "serviceName": "twitter",
        "accessToken": token,
        "accessTokenSecret": secret,
        "appId": world.x.consumer_key,
        "appSecret": world.x.consumer_secret,
        "expiresIn": 200,
    }
    return body | members


def twitter(chat: Chat, person: str = "alice", **members: Any) -> requests.Response:
    return chat.login(body_of(chat.world, person, **members))


def logged_in(chat: Chat, person: str = "alice", **members: Any) -> dict[str, Any]:
    answer = twitter(chat, person, **members)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def is_refused(answer: requests.Response, message: str, error: str = "Unauthorized") -> bool:
    """The classic body of a 401, without details."""
    body = {"success": False, "status": "error", "error": error, "message": message}
    return answer.status_code == 401 and answer.json() == body


def user_id_of(world: World, email: str) -> str:
    [(user_id,)] = world.rows("SELECT id FROM users WHERE email_canonical = %s", email)
    return str(user_id)


def test_the_page_s_example_logs_in(chat: Chat) -> None:
    data = logged_in(chat, expiresIn="200")
    assert data["userId"] == data["me"]["_id"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", data["authToken"])
    assert data["me"]["emails"] == [{"address": "alice@example.com", "verified": True}]
    assert data["me"]["isOAuthUser"] is True
    assert data["me"]["services"] == {"password": {"exists": False}}


def test_its_token_opens_the_other_routes(chat: Chat) -> None:
    data = logged_in(chat)
    headers = {"X-Auth-Token": data["authToken"], "X-User-Id": data["userId"]}
    assert chat.call("GET", "/api/v1/me", headers=headers).json()["_id"] == data["userId"]


def test_a_form_logs_in_too(chat: Chat, world: World) -> None:
    assert chat.login(data=body_of(world)).status_code == 200


@pytest.mark.parametrize("first", ["rocketchat", "complete login"])
def test_the_same_user_comes_out_of_both_doors(chat: Chat, world: World, first: str) -> None:
    if first == "rocketchat":
        chat_id = logged_in(chat)["userId"]
        user_id = world.logged_in("alice")["user"]["id"]
    else:
        user_id = world.logged_in("alice")["user"]["id"]
        chat_id = logged_in(chat)["userId"]
    assert world.rows("SELECT id::text, rc_id FROM users") == [(user_id, chat_id)]
    assert world.count("links") == 1


def test_many_first_logins_at_both_doors_at_once_are_one_user(chat: Chat, world: World) -> None:
    bodies = [(body_of(world), world.login_body("alice")) for _ in range(4)]
    with ThreadPoolExecutor(8) as threads:
        here = [threads.submit(chat.login, body) for body, _ in bodies]
        there = [threads.submit(world.post_login, body) for _, body in bodies]
        ids = {call.result().json()["data"]["userId"] for call in here}
        assert {call.result().status_code for call in there} == {200}
    assert world.rows("SELECT rc_id FROM users") == [(user_id,) for user_id in ids]
    assert (world.count("users"), world.count("links"), world.count("rocketchat_tokens")) == (1, 1, 4)


def test_the_link_is_the_one_of_the_other_door_with_what_this_one_adds(chat: Chat, world: World) -> None:
    user_id = world.logged_in("alice")["user"]["id"]
    [before] = world.links(user_id)
    with world.clock.standing_still():
        body = body_of(world, expiresIn=200)
        assert chat.login(body).status_code == 200
        now = world.service.services.runtime.now()
    [after] = world.links(user_id)
    assert after["token"] == body["accessToken"]
    assert after["data"]["expiresAt"] == now + 200_000
    assert after["data"]["name"] == world.x.person("alice")["name"]
    assert after["data"]["email"] == "alice@example.com"
    assert {"accessToken", "accessTokenSecret", "appSecret", "id"}.isdisjoint(after["data"])
    same = ("identityProviderId", "identityProviderUserId", "displayName", "insertInstant", "userId")
    assert [after[name] for name in same] == [before[name] for name in same]
    assert after["identityProviderUserId"] == world.x.person("alice")["id"]


def test_a_login_is_recorded_as_one_through_x(chat: Chat, world: World) -> None:
    logged_in(chat)
    assert world.rows("SELECT authentication_type FROM login_records") == [("TWITTER",)]


def test_an_x_token_issued_to_another_app_logs_nobody_in(chat: Chat, world: World) -> None:
    with XEmulator() as other:
        token, secret = other.access_token("alice")
        foreign = {"accessToken": token, "accessTokenSecret": secret}
        theirs = {"appId": other.consumer_key, "appSecret": other.consumer_secret}
    # Whoever owns that app knows its credentials: they are never used in place of ours.
    assert unauthorized(twitter(chat, **foreign, **theirs))
    assert world.x.calls() == []
    # Not even with our credentials, which X answers for, and neither at the other door.
    assert is_refused(twitter(chat, **foreign), "Failed to fetch identity from Twitter.", "error-oauth-identity")
    data = {"oauth_token": token, "oauth_token_secret": secret}
    assert refused(world.login("alice", data=data)) == "[TwitterVerifyCredentials]"
    assert world.nothing_written()


@pytest.mark.parametrize("member", ["appId", "appSecret"])
def test_other_credentials_than_ours_are_refused_before_x_is_asked(chat: Chat, world: World, member: str) -> None:
    assert unauthorized(twitter(chat, **{member: "another app's"}))
    assert unauthorized(twitter(chat, **{member: world.x.consumer_key.upper() + "x"}))
    assert world.x.calls() == []


def test_the_application_s_own_credentials_count_as_configuration(chat: Chat, world: World) -> None:
    own = {"consumerKey": world.x.consumer_key, "consumerSecret": world.x.consumer_secret}
    world.configure(consumerKey="the other app", consumerSecret="its secret", **world.override(**own))
    assert twitter(chat).status_code == 200
    assert unauthorized(twitter(chat, appId="the other app", appSecret="its secret"))


def test_a_service_name_that_is_no_text_is_a_match_error(chat: Chat) -> None:
    for name in (None, 5, True, ["twitter"], {"$ne": ""}):
        answer = twitter(chat, serviceName=name)
        assert answer.json()["message"].startswith("Match error")
        assert is_refused(answer, answer.json()["message"])


def test_a_body_without_a_service_name_is_a_match_error(chat: Chat) -> None:
    assert is_refused(chat.login({"accessToken": "x"}), "Match error: Missing key 'serviceName'")


def test_an_unknown_service_is_named(chat: Chat) -> None:
    assert is_refused(twitter(chat, serviceName="github"), "Unexpected AccessToken service github")


HOSTILE = {"nul": "a\x00b", "surrogate": "\udc80", "wide": "😀" * 50, "long": "x" * 50_000, "line": "a\r\nb: c"}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_breaks_nothing(chat: Chat, world: World, name: str) -> None:
    for member in ("serviceName", "accessToken", "accessTokenSecret", "appId", "appSecret", "expiresIn"):
        raw = json.dumps(body_of(world) | {member: HOSTILE[name]})  # escapes what no text in UTF-8 can hold
        answer = chat.login(data=raw, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/json"), member
    world.service.services.traces.flush()
    assert world.count("login_traces") == 6


def test_google_is_not_configured(chat: Chat) -> None:
    body = {"serviceName": "google", "accessToken": "x", "idToken": "y", "expiresIn": 200}
    assert is_refused(chat.login(body), "Service not configured")


def test_twitter_is_not_configured_once_the_provider_is_deleted(chat: Chat, world: World) -> None:
    assert twitter(chat).status_code == 200
    assert world.service.call("DELETE", f"/api/identity-provider/{TWITTER}").status_code == 200
    assert is_refused(twitter(chat), "Service not configured")


def test_a_disabled_provider_is_no_registered_service(chat: Chat, world: World) -> None:
    world.configure(enabled=False)
    assert is_refused(twitter(chat), "No registered oauth service found for: twitter")


def test_a_provider_that_the_application_may_not_use_is_no_registered_service(chat: Chat, world: World) -> None:
    world.configure(**world.override(enabled=False))
    assert is_refused(twitter(chat), "No registered oauth service found for: twitter")


@pytest.mark.parametrize("member", ["accessTokenSecret", "appId", "appSecret"])
def test_a_member_of_the_wrong_type_is_a_match_error(chat: Chat, world: World, member: str) -> None:
    for value in (5, True, None, ["x"], {"x": 1}, ""):
        answer = twitter(chat, **{member: value})
        assert re.match(rf"Match error: .* in field {member}$", answer.json()["message"])
        assert is_refused(answer, answer.json()["message"])
    assert world.x.calls() == []


def test_expires_in_must_be_an_integer_or_its_digits(chat: Chat, world: World) -> None:
    for value in (True, 1.5, -1, "-1", "1.5", "soon", "", None, [], 10**12):
        assert is_refused(twitter(chat, expiresIn=value), "Match error: Expected Integer in field expiresIn")
    assert world.x.calls() == []


def test_every_member_is_required(chat: Chat, world: World) -> None:
    for member in ("accessTokenSecret", "appId", "appSecret", "expiresIn"):
        body = body_of(world)
        del body[member]
        assert is_refused(chat.login(body), f"Match error: Missing key '{member}'")


@pytest.mark.parametrize("member", ["accessToken", "accessTokenSecret"])
def test_a_token_that_x_refuses_is_named_so_and_not_echoed(chat: Chat, world: World, member: str) -> None:
    answer = twitter(chat, **{member: "nobody-s-token"})
    assert is_refused(answer, "Failed to fetch identity from Twitter.", "error-oauth-identity")
    assert world.nothing_written()


@pytest.mark.parametrize(
    "kind", ["invalid_token", "could_not_authenticate", "app_suspended", "suspended", "locked", "no_access"]
)
def test_a_token_that_x_knows_no_more_is_refused(chat: Chat, world: World, kind: str) -> None:
    world.x.fault(kind)
    assert is_refused(twitter(chat), "Failed to fetch identity from Twitter.", "error-oauth-identity")


@pytest.mark.parametrize(
    "kind",
    ["internal_error", "over_capacity", "unavailable", "rate_limited", "redirect", "garbage", "html", "reset", "huge"],
)
def test_a_provider_that_fails_is_an_internal_error(chat: Chat, world: World, kind: str) -> None:
    world.x.fault(kind)
    answer = twitter(chat)
    assert (answer.status_code, answer.json()) == (500, FAULT)
    assert answer.headers["Content-Type"] == "application/json"
    assert world.nothing_written()


def test_a_provider_that_never_answers_is_an_internal_error(database_url: str) -> None:
    with chat_world(database_url, x_settings={"read_timeout": 0.3, "login_budget": 0.5}) as chat:
        chat.world.x.fault("hang")
        assert twitter(chat).json() == FAULT


def test_a_provider_that_is_away_is_an_internal_error(database_url: str) -> None:
    with chat_world(database_url) as chat:
        body = body_of(chat.world)
        chat.world.x.__exit__(None, None, None)
        assert chat.login(body).json() == FAULT


def test_the_linking_strategy_decides_at_this_door_too(chat: Chat, world: World) -> None:
    world.strategy("LinkByEmailForExistingUser")
    assert unauthorized(twitter(chat))
    world.add_user(email="alice@example.com", verified=True)
    assert twitter(chat).status_code == 200
    world.strategy("Disabled")
    assert unauthorized(twitter(chat, "bob"))
    world.strategy("CreatePendingLink")
    assert unauthorized(twitter(chat, "bob"))


def test_the_lambda_reconciles_whoever_comes_by_this_door(chat: Chat, world: World) -> None:
    world.reconcile_with("function reconcile(user, registration, idToken) { user.fullName = idToken.screen_name; }")
    assert logged_in(chat)["me"]["name"] == world.x.person("alice")["screen_name"]


def test_a_lambda_that_fails_is_an_internal_error(chat: Chat, world: World) -> None:
    world.reconcile_with("function reconcile() { throw new Error('no'); }")
    answer = twitter(chat)
    assert (answer.status_code, answer.json()) == (500, FAULT)


def test_a_deactivated_user_is_told_so_after_the_token_has_proved_them(chat: Chat, world: World) -> None:
    logged_in(chat)
    world.service.call("DELETE", f"/api/user/{user_id_of(world, 'alice@example.com')}")
    answer = twitter(chat)
    assert (answer.status_code, answer.json()["error"]) == (401, "error-user-is-not-activated")


def test_a_second_factor_is_asked_for_and_taken_in_the_same_body(chat: Chat, world: World) -> None:
    logged_in(chat)
    phone, _ = with_phone(world, user_id_of(world, "alice@example.com"))
    demand = twitter(chat)
    assert (demand.status_code, demand.json()["error"]) == (401, "totp-required")
    assert demand.json()["details"]["method"] == "totp"
    assert twitter(chat, code=phone.code()).status_code == 200
    assert world.rows("SELECT data ? 'expiresAt' FROM links") == [(True,)]
    with_header = chat.login(body_of(world), headers={"x-2fa-code": phone.code()})
    assert with_header.status_code == 200
    wrong = twitter(chat, code=phone.wrong_codes(1)[0])
    assert (wrong.status_code, wrong.json()["error"]) == (401, "totp-invalid")
