"""The authorization code grant over raw HTTP: from the redirect to the tokens (supporting contract 21.2)."""

from __future__ import annotations

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest

from tests.acting import acting
from tests.oauth_world import REDIRECT_URI, SCOPES, VERIFIER, add_client, challenge_of, query_of, refused
from tests.sessions import Sessions, claims_of


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


def test_a_verifier_is_refused_for_a_code_without_challenge(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    answer = client.redeem(client.code(), code_verifier=VERIFIER)
    assert refused(answer) == ("invalid_grant", "invalid_pkce_code_verifier")


def test_a_code_with_a_challenge_needs_its_verifier(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    code = client.code(code_challenge=challenge_of(VERIFIER), code_challenge_method="S256")
    assert refused(client.redeem(code)) == ("invalid_grant", "missing_code_verifier")
    assert refused(client.redeem(code, code_verifier=VERIFIER)) == ("invalid_grant", "auth_code_not_found")


@pytest.mark.parametrize("verifier", ["short", "x" * 129, "ü" * 43, "a b" * 20])
def test_a_malformed_verifier_is_refused(sessions: Sessions, verifier: str) -> None:
    client = add_client(sessions.world)
    code = client.code(code_challenge=challenge_of(VERIFIER), code_challenge_method="S256")
    assert refused(client.redeem(code, code_verifier=verifier)) == ("invalid_grant", "invalid_pkce_code_verifier")


def test_who_need_not_use_a_challenge_with_a_secret_must_use_one_without(sessions: Sessions) -> None:
    policy = "NotRequiredWhenUsingClientAuthentication"
    client = add_client(sessions.world, clientAuthenticationPolicy="NotRequired", proofKeyForCodeExchangePolicy=policy)
    assert client.redeem(client.code()).status_code == 200
    answer = client.redeem(client.code(), client_secret=None)
    assert refused(answer) == ("invalid_grant", "missing_code_challenge")


def test_a_code_lives_as_long_as_the_tenant_says(sessions: Sessions) -> None:
    client, clock = add_client(sessions.world), sessions.world.clock
    early, late = client.code(), client.code()
    clock.advance(seconds=28)
    assert client.redeem(early).status_code == 200
    clock.advance(seconds=3)
    assert refused(client.redeem(late)) == ("invalid_grant", "auth_code_not_found")


def test_a_code_is_for_its_own_client(sessions: Sessions) -> None:
    client, other = add_client(sessions.world), add_client(sessions.world)
    code = client.code()
    assert refused(other.redeem(code)) == ("invalid_grant", "client_id_mismatch")
    assert refused(client.redeem(code)) == ("invalid_grant", "auth_code_not_found")


def test_another_client_that_brings_a_used_code_ends_nothing(sessions: Sessions) -> None:
    client, other = add_client(sessions.world), add_client(sessions.world)
    code = client.code()
    tokens = client.redeem(code).json()
    assert refused(other.redeem(code)) == ("invalid_grant", "auth_code_not_found")
    assert client.has_session(tokens["refresh_token_id"])


def test_of_sixteen_that_bring_one_code_one_gets_tokens_which_the_others_end(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    code = client.code()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: client.redeem(code), range(16)))
    [first] = [answer.json() for answer in answers if answer.status_code == 200]
    others = [refused(answer) for answer in answers if answer.status_code != 200]
    assert others == [("invalid_grant", "auth_code_not_found")] * 15
    assert not client.has_session(first["refresh_token_id"])


def test_who_may_not_log_in_any_more_gets_no_tokens_for_a_code(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    code, later = client.code(), client.code()
    sessions.world.change_user(client.user_id, expiry=1)
    assert refused(client.redeem(code)) == ("invalid_grant", "user_expired")
    assert sessions.call("DELETE", f"/api/user/{client.user_id}").status_code == 200
    assert refused(client.redeem(later)) == ("invalid_grant", "auth_code_not_found")


def test_an_action_that_prevents_logins_prevents_the_exchange(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    code = client.code()
    acting(sessions.world.service).ban(client.user_id)
    assert refused(client.redeem(code))[0] == "invalid_grant"


def test_a_deleted_users_code_is_no_code(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    code = client.code()
    assert sessions.call("DELETE", f"/api/user/{client.user_id}?hardDelete=true").status_code == 200
    assert refused(client.redeem(code)) == ("invalid_grant", "auth_code_not_found")


def test_a_deactivated_application_is_no_client(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    code = client.code()
    assert sessions.call("DELETE", f"/api/application/{client.id}").status_code == 200
    assert refused(client.redeem(code), 401) == ("invalid_client", "invalid_client_authentication")


def test_a_stranger_gets_tokens_without_roles_and_without_refresh_token(sessions: Sessions) -> None:
    client = add_client(sessions.world, registered=False)
    back = client.come_back()
    assert back["userState"] == "AuthenticatedNotRegistered"
    tokens = client.redeem(back["code"]).json()
    assert "refresh_token" not in tokens
    assert not claims_of(tokens["access_token"]).keys() & {"applicationId", "roles", "sid"}


def test_an_application_that_wants_registrations_turns_strangers_away(sessions: Sessions) -> None:
    client = add_client(sessions.world, registered=False)
    code = client.code()
    client.configure(requireRegistration=True)
    assert refused(client.redeem(code)) == ("invalid_grant", "registration_required")
    back = client.come_back()
    assert (back["error"], back["error_reason"]) == ("access_denied", "registration_required")


@pytest.mark.parametrize(
    ("members", "scope"),
    [
        ({"generateRefreshTokens": False}, SCOPES),
        ({"enabledGrants": ["authorization_code"]}, SCOPES),
        ({}, "openid"),
    ],
)
def test_a_refresh_token_needs_switch_grant_and_scope(sessions: Sessions, members: dict[str, Any], scope: str) -> None:
    tokens = add_client(sessions.world, **members).tokens(scope=scope)
    assert not tokens.keys() & {"refresh_token", "refresh_token_id"}
    assert "sid" not in claims_of(tokens["access_token"])


def test_without_the_scope_openid_there_is_no_id_token(sessions: Sessions) -> None:
    tokens = add_client(sessions.world).tokens(scope="email")
    assert "id_token" not in tokens
    assert tokens["scope"] == "email"


def test_under_strict_an_access_token_says_nothing_of_the_user_and_under_compatibility_it_does(
    sessions: Sessions,
) -> None:
    client = add_client(sessions.world)
    personal = {"email", "email_verified", "preferred_username"}
    assert not claims_of(client.tokens()["access_token"]).keys() & personal
    client.configure(scopeHandlingPolicy="Compatibility")
    assert claims_of(client.tokens(scope=None)["access_token"]).keys() >= personal


def test_scopes_of_the_application_are_known(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    assert client.come_back(scope="openid paint")["error_reason"] == "unknown_scope"
    path = f"/api/application/{client.id}/scope"
    assert sessions.call("POST", path, {"scope": {"name": "paint"}}).status_code == 200
    assert claims_of(client.tokens(scope="openid paint")["access_token"])["scope"] == "openid paint"


def test_the_id_token_is_signed_with_the_key_the_application_names(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    made = sessions.call("POST", "/api/key/generate", {"key": {"algorithm": "ES384", "name": f"ID {client.id}"}})
    key = made.json()["key"]
    client.change(jwtConfiguration={"enabled": True, "idTokenKeyId": key["id"]})
    tokens = client.tokens(nonce="n")
    header = jwt.get_unverified_header(tokens["id_token"])
    assert (header["alg"], header["kid"]) == ("ES384", key["kid"])
    assert jwt.get_unverified_header(tokens["access_token"])["alg"] == "RS256"
    keys = sessions.call("GET", "/.well-known/jwks.json", key="").json()["keys"]
    [public] = [each for each in keys if each["kid"] == key["kid"]]
    claims = jwt.decode(
        tokens["id_token"],
        jwt.PyJWK(public).key,
        ["ES384"],
        audience=client.id,
        options={"verify_iat": False, "verify_exp": False},
    )
    digest = hashlib.sha384(tokens["access_token"].encode()).digest()
    assert claims["at_hash"] == base64.urlsafe_b64encode(digest[:24]).decode().rstrip("=")


def test_an_id_token_opens_nothing_that_an_access_token_opens(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    tokens = client.tokens()
    for token, status in ((tokens["access_token"], 200), (tokens["id_token"], 401)):
        headers = {"Authorization": f"Bearer {token}"}
        assert sessions.call("GET", "/api/jwt/validate", key="", headers=headers).status_code == status
        assert client.userinfo(token).status_code == status
    answer = client.post("/oauth2/introspect", token=tokens["id_token"])
    assert answer.json() == {"active": False}


def test_the_refresh_token_is_listed_with_its_scopes_and_device(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    tokens = client.tokens(**{"metaData.device.description": "A tablet"})
    record = sessions.record(tokens["refresh_token_id"])
    assert record is not None
    assert record["metaData"]["scopes"] == SCOPES.split()
    assert record["metaData"]["device"]["description"] == "A tablet"
    assert set(record["metaData"]) == {"device", "scopes"}


def test_nothing_that_a_code_stands_for_is_stored_in_clear(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    code = client.code()
    rows = sessions.world.rows("SELECT id_hash::text, data::text FROM external_identifiers")
    assert not any(code in column for row in rows for column in row)


def test_a_code_comes_in_the_fragment_when_that_is_asked(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    location = client.answer(response_mode="fragment").headers["Location"]
    assert location.startswith(f"{REDIRECT_URI}#")
    assert client.redeem(query_of(location)["code"]).status_code == 200
