"""The authorization code grant over raw HTTP: from the redirect to the tokens (supporting contract 21.2)."""

from __future__ import annotations

import jwt
import requests

from tests.oauth_world import REDIRECT_URI, SCOPES, VERIFIER, Client, add_client, challenge_of
from tests.sessions import Sessions, claims_of


def refused(answer: requests.Response, status: int = 400) -> tuple[str, str]:
    """Error and reason of a refusal, which nobody may keep."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    body = answer.json()
    assert body["error_description"]
    return body["error"], body["error_reason"]


def test_a_code_becomes_every_token_that_the_scopes_ask_for(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    back = client.come_back(nonce="a nonce", locale="de")
    assert {name: back[name] for name in ("state", "locale", "userState")} == {
        "state": "a state",
        "locale": "de",
        "userState": "Authenticated",
    }
    answer = client.redeem(back["code"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    body = answer.json()
    assert set(body) == {
        "access_token",
        "expires_in",
        "id_token",
        "refresh_token",
        "refresh_token_id",
        "scope",
        "token_type",
        "userId",
    }
    assert (body["token_type"], body["scope"], body["expires_in"]) == ("Bearer", SCOPES, 3600)
    assert body["userId"] == client.user_id
    access, identity = claims_of(body["access_token"]), claims_of(body["id_token"])
    assert jwt.get_unverified_header(body["access_token"])["gty"] == ["authorization_code"]
    assert access["scope"] == SCOPES
    assert access["sid"] == identity["sid"] == body["refresh_token_id"]
    assert (identity["nonce"], identity["aud"], identity["sub"]) == ("a nonce", client.id, client.user_id)
    assert (identity["email"], identity["given_name"]) == (client.email, "Ada")
    assert identity["auth_time"] == access["auth_time"]


def test_a_code_works_once_and_its_reuse_ends_what_it_brought(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    code = client.code()
    tokens = client.redeem(code).json()
    assert client.has_session(tokens["refresh_token_id"])
    assert refused(client.redeem(code)) == ("invalid_grant", "auth_code_not_found")
    assert not client.has_session(tokens["refresh_token_id"])
    assert refused(client.refresh(tokens["refresh_token"])) == ("invalid_grant", "refresh_token_not_found")


def test_the_verifier_must_belong_to_the_challenge(sessions: Sessions) -> None:
    client = add_client(sessions.world, clientAuthenticationPolicy="NotRequiredWhenUsingPKCE")
    asked = {"code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256"}
    right = client.redeem(client.code(**asked), code_verifier=VERIFIER, client_secret=None)
    assert right.status_code == 200, right.text
    wrong = client.redeem(client.code(**asked), code_verifier=VERIFIER + "y", client_secret=None)
    assert refused(wrong) == ("invalid_grant", "invalid_pkce_code_verifier")


def test_another_redirect_uri_uses_the_code_up(sessions: Sessions) -> None:
    client = add_client(sessions.world, authorizedRedirectURLs=[REDIRECT_URI, f"{REDIRECT_URI}/other"])
    code = client.code()
    answer = client.redeem(code, redirect_uri=f"{REDIRECT_URI}/other")
    assert refused(answer) == ("invalid_grant", "invalid_redirect_uri")
    assert refused(client.redeem(code)) == ("invalid_grant", "auth_code_not_found")


def test_a_refresh_keeps_login_and_scopes(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    tokens = client.tokens(nonce="a nonce")
    sessions.world.clock.advance(minutes=5)
    answer = client.refresh(tokens["refresh_token"])
    assert answer.status_code == 200, answer.text
    old, new = claims_of(tokens["id_token"]), claims_of(answer.json()["id_token"])
    assert {name: new[name] for name in ("auth_time", "sid", "sub", "aud", "iss")} == {
        name: old[name] for name in ("auth_time", "sid", "sub", "aud", "iss")
    }
    assert "nonce" not in new
    assert claims_of(answer.json()["access_token"])["scope"] == SCOPES


def test_userinfo_tells_what_the_scopes_stand_for(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    answer = client.userinfo(client.tokens(scope="openid email")["access_token"])
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "sub": client.user_id,
        "email": client.email,
        "email_verified": True,
        "applicationId": client.id,
        "roles": ["user"],
        "tid": str(sessions.tenant_id),
    }


def test_a_person_logs_in_by_the_password_grant(sessions: Sessions) -> None:
    client: Client = add_client(sessions.world)
    answer = client.log_in()
    assert answer.status_code == 200, answer.text
    assert client.has_session(answer.json()["refresh_token_id"])
    assert refused(client.log_in("wrong")) == ("invalid_grant", "invalid_user_credentials")
