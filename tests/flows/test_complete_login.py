"""Complete-Login with an existing and a new user: login contract 3.1 to 3.9."""

from __future__ import annotations

import time

import jwt
import pytest

from tests.login_world import TWITTER, World


def test_a_first_login_creates_user_registration_and_link_and_answers_200_with_tokens(world: World) -> None:
    answer = world.login("alice")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    user = body["user"]
    alice = world.x.person("alice")
    assert user["email"] == alice["email"]
    assert user["verified"] is True
    assert "username" not in user
    [registration] = user["registrations"]
    assert registration["applicationId"] == world.application_id
    assert registration["roles"] == ["user"]
    [link] = world.links(user["id"])
    assert link["identityProviderUserId"] == str(alice["id"])
    assert link["displayName"] == alice["email"]
    assert {"token", "tokenExpirationInstant", "refreshToken", "refreshTokenId", "user"} == set(body)


def test_a_second_login_is_the_same_user_through_the_link(world: World) -> None:
    first = world.login("alice").json()
    second = world.login("alice", verifier=True).json()
    assert second["user"]["id"] == first["user"]["id"]
    assert second["refreshTokenId"] != first["refreshTokenId"]
    assert (world.count("users"), world.count("links"), world.count("login_records")) == (1, 1, 2)


def test_the_token_says_who_logged_in_where_and_how(world: World) -> None:
    body = world.login("alice").json()
    claims = jwt.decode(body["token"], options={"verify_signature": False})
    assert claims["sub"] == body["user"]["id"]
    assert claims["aud"] == claims["applicationId"] == world.application_id
    assert claims["authenticationType"] == "TWITTER"
    assert claims["roles"] == ["user"]
    assert claims["sid"] == body["refreshTokenId"]
    assert claims["tid"] == str(world.service.tenant_id)
    assert claims["email"] == body["user"]["email"]
    assert claims["email_verified"] is True
    assert claims["exp"] * 1000 == body["tokenExpirationInstant"]
    assert claims["exp"] - claims["iat"] == 3600
    assert "gty" not in claims
    assert "scope" not in claims


def test_one_login_calls_x_exactly_once_with_an_access_token_and_twice_with_a_verifier(world: World) -> None:
    before = len(world.x.calls())
    world.login("alice")
    assert calls_of_x(world, before + 1) - before == 1
    world.login("alice", verifier=True)
    assert calls_of_x(world, before + 3) - before == 3


def calls_of_x(world: World, expected: int) -> int:
    """How many calls X has noted; it notes a call once it is done with it, which may be after the service is."""
    deadline = time.monotonic() + 10
    while len(world.x.calls()) < expected and time.monotonic() < deadline:
        time.sleep(0.01)
    return len(world.x.calls())


def test_without_registration_the_answer_is_202_with_a_token_but_no_refresh_token(world: World) -> None:
    world.configure(applicationConfiguration={world.application_id: {"enabled": True, "createRegistration": False}})
    answer = world.login("alice")
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert {"token", "tokenExpirationInstant", "user"} == set(body)
    claims = jwt.decode(body["token"], options={"verify_signature": False})
    assert claims["aud"] == world.application_id
    assert "applicationId" not in claims
    assert "roles" not in claims
    assert "access_token" in answer.cookies
    assert "refresh_token" not in answer.cookies


def test_no_jwt_drops_every_token_and_both_cookies(world: World) -> None:
    answer = world.login("alice", noJWT=True)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"user"}
    assert not answer.cookies
    assert world.count("refresh_tokens") == 0


def test_no_link_answers_404_until_there_is_a_link(world: World) -> None:
    answer = world.login("alice", noLink=True)
    assert (answer.status_code, answer.content) == (404, b"")
    assert world.count("users") == 0
    world.login("alice")
    assert world.login("alice", noLink=True).status_code == 200


def test_a_deactivated_user_gets_404_and_nothing_is_written(world: World) -> None:
    user_id = world.login("alice").json()["user"]["id"]
    assert world.service.call("DELETE", f"/api/user/{user_id}").status_code == 200
    answer = world.login("alice")
    assert (answer.status_code, answer.content) == (404, b"")
    assert world.count("login_records") == 1


def test_an_expired_user_gets_410(world: World) -> None:
    user_id = world.login("alice").json()["user"]["id"]
    expiry = world.service.services.runtime.now() + 60_000
    patch = {"user": {"expiry": expiry}}
    assert world.service.call("PATCH", f"/api/user/{user_id}", patch).status_code == 200
    assert world.login("alice").status_code == 200
    world.clock.advance(seconds=61)
    answer = world.login("alice")
    assert (answer.status_code, answer.content) == (410, b"")


def test_cookies_have_the_documented_attributes(world: World) -> None:
    answer = world.login("alice")
    cookies = answer.raw.headers.getlist("Set-Cookie")
    access = next(cookie for cookie in cookies if cookie.startswith("access_token="))
    refresh = next(cookie for cookie in cookies if cookie.startswith("refresh_token="))
    assert "HttpOnly" in access and "SameSite=Lax" in access and "Path=/" in access
    assert "Max-Age" not in access and "Secure" not in access
    assert "Max-Age=2592000" in refresh and "HttpOnly" in refresh


def test_cookies_are_secure_behind_a_proxy_that_speaks_https(world: World) -> None:
    body = world.login_body("alice")
    headers = {"X-Forwarded-Proto": "https"}
    answer = world.service.call("POST", "/api/identity-provider/login", body, key="", headers=headers)
    assert all("Secure" in cookie for cookie in answer.raw.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize("strategy", ["Disabled", "CreatePendingLink", "LinkAnonymously", "LinkByUsername"])
def test_an_existing_link_wins_whatever_the_strategy(world: World, strategy: str) -> None:
    user_id = world.login("alice").json()["user"]["id"]
    world.strategy(strategy)
    answer = world.login("alice")
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["id"] == user_id


def test_a_disabled_strategy_answers_404_when_there_is_no_link(world: World) -> None:
    world.strategy("Disabled")
    answer = world.login("alice")
    assert (answer.status_code, answer.content) == (404, b"")
    assert world.count("users") == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"enabled": False}, "[InvalidIdentityProviderId]"),
        ({"applicationConfiguration": {}}, "[InvalidIdentityProviderId]"),
        ({"consumerSecret": "another"}, "[TwitterVerifyCredentials]"),
    ],
)
def test_a_provider_that_may_not_be_used_is_401_with_its_code(
    world: World, change: dict[str, object], code: str
) -> None:
    world.configure(**change)
    answer = world.login("alice")
    assert answer.status_code == 401, answer.text
    errors = answer.json()
    assert [error["code"] for error in errors["generalErrors"]] == [code]
    assert errors["fieldErrors"] == {}


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        ({"applicationId": None}, "applicationId", "[missing]applicationId"),
        ({"applicationId": "nonsense"}, "applicationId", "[invalidJSON]"),
        ({"applicationId": TWITTER}, "applicationId", "[invalid]applicationId"),
        ({"identityProviderId": None}, "identityProviderId", "[missing]identityProviderId"),
        ({"data": {}}, "data.oauth_token", "[blank]data.oauth_token"),
        (
            {"data": {"oauth_token": "a", "oauth_token_secret": " "}},
            "data.oauth_token_secret",
            "[blank]data.oauth_token_secret",
        ),
        ({"data": {"oauth_token": 7}}, "data.oauth_token", "[invalidJSON]"),
        ({"data": []}, "data", "[invalidJSON]"),
        ({"noJWT": "yes"}, "noJWT", "[invalidJSON]"),
        ({"ipAddress": "a\u0000b"}, "ipAddress", "[invalid]ipAddress"),
    ],
)
def test_a_bad_request_names_the_field(world: World, change: dict[str, object], path: str, code: str) -> None:
    answer = world.login("alice", **change)
    assert answer.status_code == 400, answer.text
    assert [error["code"] for error in answer.json()["fieldErrors"][path]] == [code]
