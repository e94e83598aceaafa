"""The refresh grant (supporting contract 21.2): the same login and rules, at most the same scopes."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from tests.oauth_world import SCOPES, add_client, refused
from tests.sessions import PERMISSIVE, Sessions, claims_of

KEPT = ("aud", "applicationId", "auth_time", "iss", "roles", "sid", "sub", "tid")
NOT_FOUND = ("invalid_grant", "refresh_token_not_found")


def test_a_refresh_keeps_who_and_since_when_and_what_was_granted(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    tokens = client.tokens(nonce="a nonce")
    sessions.world.clock.advance(minutes=5)
    answer = client.refresh(tokens["refresh_token"])
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert set(body) == {"access_token", "expires_in", "id_token", "token_type", "userId"}
    for name in ("access_token", "id_token"):
        old, new = claims_of(tokens[name]), claims_of(body[name])
        assert {claim: new[claim] for claim in KEPT} == {claim: old[claim] for claim in KEPT}
        assert new["authenticationType"] == "REFRESH_TOKEN"
        assert new["jti"] != old["jti"]
    assert "nonce" not in claims_of(body["id_token"])
    assert claims_of(body["access_token"])["scope"] == SCOPES
    assert jwt.get_unverified_header(body["access_token"])["gty"] == ["authorization_code", "refresh_token"]


def test_a_refresh_may_ask_for_less_and_the_next_one_for_all_again(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    token = client.tokens()["refresh_token"]
    less = client.refresh(token, scope="email").json()
    assert claims_of(less["access_token"])["scope"] == "email"
    assert "id_token" not in less
    assert claims_of(client.refresh(token).json()["access_token"])["scope"] == SCOPES


def test_a_refresh_can_not_ask_for_more(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    token = client.tokens(scope="openid offline_access")["refresh_token"]
    assert refused(client.refresh(token, scope="openid email")) == ("invalid_scope", "unknown_scope")


def test_asking_for_too_much_does_not_use_a_one_time_token_up(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    client.change(jwtConfiguration={"enabled": True, "refreshTokenUsagePolicy": "OneTimeUse"})
    token = client.tokens(scope="openid offline_access")["refresh_token"]
    assert refused(client.refresh(token, scope="openid email")) == ("invalid_scope", "unknown_scope")
    assert client.refresh(token).status_code == 200


def test_a_one_time_token_is_answered_with_its_successor(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    client.change(jwtConfiguration={"enabled": True, "refreshTokenUsagePolicy": "OneTimeUse"})
    tokens = client.tokens()
    body = client.refresh(tokens["refresh_token"]).json()
    assert body["refresh_token"] != tokens["refresh_token"]
    assert body["refresh_token_id"] == tokens["refresh_token_id"]
    assert refused(client.refresh(tokens["refresh_token"])) == NOT_FOUND
    assert client.refresh(body["refresh_token"]).status_code == 200


def test_another_clients_token_is_none(sessions: Sessions) -> None:
    client, other = add_client(sessions.world), add_client(sessions.world)
    token = client.tokens()["refresh_token"]
    assert refused(other.refresh(token)) == NOT_FOUND
    assert client.refresh(token).status_code == 200


@pytest.mark.parametrize("token", ["nonsense", "x" * 5000])
def test_an_unknown_token_is_not_found(sessions: Sessions, token: str) -> None:
    assert refused(add_client(sessions.world).refresh(token)) == NOT_FOUND


@pytest.mark.parametrize("trouble", ["deactivated", "expired", "unregistered", "revoked"])
def test_who_may_not_refresh_finds_no_token(sessions: Sessions, trouble: str) -> None:
    client = add_client(sessions.world)
    tokens = client.tokens()
    path = {
        "deactivated": f"/api/user/{client.user_id}",
        "unregistered": f"/api/user/registration/{client.user_id}/{client.id}",
        "revoked": f"/api/jwt/refresh/{tokens['refresh_token_id']}",
    }.get(trouble)
    if path is None:
        sessions.world.change_user(client.user_id, expiry=1)
    else:
        assert sessions.call("DELETE", path).status_code == 200
    assert refused(client.refresh(tokens["refresh_token"])) == NOT_FOUND


@pytest.mark.parametrize(("seconds", "status"), [("60", 200), ("3600", 200), ("3601", 400), ("0", 400)])
def test_a_refresh_may_shorten_the_life_of_the_access_token(sessions: Sessions, seconds: str, status: int) -> None:
    client = add_client(sessions.world)
    answer = client.refresh(client.tokens()["refresh_token"], expires_in=seconds)
    if status == 200:
        claims = claims_of(answer.json()["access_token"])
        assert (claims["exp"] - claims["iat"], answer.json()["expires_in"]) == (int(seconds), int(seconds))
    else:
        assert refused(answer) == ("invalid_request", "invalid_expires_in")


def test_the_switch_of_the_api_is_not_the_switch_of_the_grant(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    token = client.tokens()["refresh_token"]
    assert sessions.refresh(token).status_code == 400
    client.change(loginConfiguration=PERMISSIVE)
    client.configure(enabledGrants=["authorization_code"])
    assert sessions.refresh(token).status_code == 200
    assert refused(client.refresh(token)) == ("unauthorized_client", "grant_type_disabled")


def test_the_api_refreshes_a_token_of_a_client_within_its_scopes(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    client.change(loginConfiguration=PERMISSIVE)
    token = sessions.refreshed(client.tokens()["refresh_token"])["token"]
    claims: dict[str, Any] = claims_of(token)
    assert claims["scope"] == SCOPES
    assert "email" not in claims


def test_a_token_of_the_api_is_refreshed_without_any_scope(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    client.change(loginConfiguration={**PERMISSIVE, "requireAuthentication": False})
    body = {"loginId": client.email, "password": "correct horse battery", "applicationId": client.id}
    logged_in = sessions.call("POST", "/api/login", body).json()
    answer = client.refresh(logged_in["refreshToken"])
    assert answer.status_code == 200, answer.text
    claims = claims_of(answer.json()["access_token"])
    assert not claims.keys() & {"scope", "email"}
    assert "id_token" not in answer.json()
