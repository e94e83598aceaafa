"""Validating, issuing and vending access tokens: login contract 10.4; the claims of a login: 10.1."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import jwt
import pytest
import requests

from identity.signing import sign
from identity.store import keys
from tests.contract.people import codes
from tests.service import NOBODYS_ID
from tests.sessions import REFRESH, Session, Sessions, claims_of
from tests.unit.key_samples import forged

VALIDATE, ISSUE, VEND = "/api/jwt/validate", "/api/jwt/issue", "/api/jwt/vend"
SAMPLE_ORDER = ["aud", "exp", "iat", "iss", "sub", "jti", "authenticationType", "email", "email_verified"]
SAMPLE_ORDER += ["applicationId", "roles", "sid", "auth_time", "tid"]


def issue(sessions: Sessions, session: Session, application_id: str, **options: Any) -> requests.Response:
    """GET /api/jwt/issue with the session's access token."""
    parameters = {"applicationId": application_id, **options.pop("params", {})}
    return sessions.call("GET", ISSUE, key=f"Bearer {session.token}", params=parameters, **options)


def vend(sessions: Sessions, claims: dict[str, Any] | None = None, **members: Any) -> str:
    answer = sessions.call("POST", VEND, {"claims": claims or {}, **members})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


def signed_here(sessions: Sessions, claims: dict[str, Any]) -> str:
    """A token of any claims, signed by the tenant's key."""
    services = sessions.world.service.services
    with services.db.read() as conn:
        key = keys.find_signer(conn, services.sealer, sessions.world.service.signing_key_id)
    assert key is not None
    return sign(claims, key)


def register(sessions: Sessions, session: Session, application_id: str) -> None:
    path, body = f"/api/user/registration/{session.user_id}", {"registration": {"applicationId": application_id}}
    assert sessions.call("POST", path, body).status_code == 200


def test_the_claims_of_a_login_come_in_the_documented_order(sessions: Sessions) -> None:
    claims = sessions.begin().claims
    assert list(claims) == SAMPLE_ORDER
    assert claims["iss"] == "acme.com"
    assert claims["auth_time"] == claims["iat"]


def test_a_login_without_a_refresh_token_has_no_sid(sessions: Sessions) -> None:
    application_id = sessions.application(loginConfiguration={"generateRefreshTokens": False})
    person = sessions.begin().person
    body = sessions.world.login(person, applicationId=application_id).json()
    assert "refreshToken" not in body and "refreshTokenId" not in body
    assert "sid" not in claims_of(body["token"])


def test_the_official_client_validates_with_bearer(sessions: Sessions) -> None:
    session = sessions.begin()
    answer = sessions.world.service.client.validate_jwt(session.token)
    assert answer.was_successful(), answer.status
    assert answer.success_response == {"jwt": session.claims}


def test_the_cookie_validates_too_and_the_header_wins(sessions: Sessions) -> None:
    one, other = sessions.begin(), sessions.begin()
    by_cookie = sessions.call("GET", VALIDATE, key="", cookies={"access_token": one.token})
    assert by_cookie.json()["jwt"]["sub"] == one.user_id
    both = sessions.call("GET", VALIDATE, key=f"Bearer {other.token}", cookies={"access_token": one.token})
    assert both.json()["jwt"]["sub"] == other.user_id


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Basic YTpi", "super key"])
def test_without_a_token_that_holds_validation_is_401_and_empty(sessions: Sessions, header: str) -> None:
    key = sessions.world.service.key if header == "super key" else header
    answer = sessions.call("GET", VALIDATE, key=key)
    assert (answer.status_code, answer.content) == (401, b"")


def test_an_expired_token_is_401_and_its_last_second_is_not(sessions: Sessions) -> None:
    token = vend(sessions, timeToLiveInSeconds=100)
    sessions.world.clock.advance(seconds=98)
    assert sessions.call("GET", VALIDATE, key=f"Bearer {token}").status_code == 200
    sessions.world.clock.advance(seconds=2)
    assert sessions.call("GET", VALIDATE, key=f"Bearer {token}").status_code == 401


def test_a_revoked_refresh_token_does_not_end_the_access_token(sessions: Sessions) -> None:
    session = sessions.begin()
    assert sessions.call("DELETE", f"{REFRESH}/{session.refresh_token_id}").status_code == 200
    assert sessions.call("GET", VALIDATE, key=f"Bearer {session.token}").status_code == 200


@pytest.mark.parametrize(
    "change",
    [{"iss": "another.example"}, {"iss": None}, {"exp": None}, {"iat": None}, {"exp": "never"}, {"nbf": 2**40}],
)
def test_a_token_of_ours_without_what_it_must_say_is_401(sessions: Sessions, change: dict[str, Any]) -> None:
    claims = {name: value for name, value in (sessions.begin().claims | change).items() if value is not None}
    assert sessions.call("GET", VALIDATE, key=f"Bearer {signed_here(sessions, claims)}").status_code == 401


def test_an_altered_token_and_one_without_a_signature_are_401(sessions: Sessions) -> None:
    session = sessions.begin()
    header, payload, signature = session.token.split(".")
    altered = forged({"alg": "none", "typ": "JWT"}, session.claims, b"").rsplit(".", 1)[0]
    other = sessions.begin().token.split(".")[1]
    for token in (f"{altered}.", f"{header}.{payload}.", f"{header}.{other}.{signature}"):
        assert sessions.call("GET", VALIDATE, key=f"Bearer {token}").status_code == 401


def test_the_official_client_issues_a_token_for_another_application(sessions: Sessions) -> None:
    session, target = sessions.begin(), sessions.application()
    register(sessions, session, target)
    sessions.world.clock.advance(seconds=100)
    answer = sessions.world.service.client.issue_jwt(target, session.token)
    assert answer.status == 200, answer.status
    assert set(answer.success_response) == {"token"}
    old, new = session.claims, claims_of(answer.success_response["token"])
    assert (new["aud"], new["applicationId"], new["roles"]) == (target, target, ["user"])
    assert new["authenticationType"] == "JWT_SSO"
    assert {name: new[name] for name in ("exp", "sub", "tid", "iss", "auth_time")} == {
        name: old[name] for name in ("exp", "sub", "tid", "iss", "auth_time")
    }
    assert new["iat"] - old["iat"] in (100, 101)
    assert new["jti"] != old["jti"] and "sid" not in new


def test_an_owner_who_is_not_registered_there_gets_202_and_a_token_that_says_nothing_of_it(sessions: Sessions) -> None:
    answer = issue(sessions, sessions.begin(), target := sessions.application())
    assert answer.status_code == 202, answer.text
    claims = claims_of(answer.json()["token"])
    assert claims["aud"] == target
    assert "applicationId" not in claims and "roles" not in claims
    assert set(answer.json()) == {"token"}


def test_issuing_reads_the_cookie_as_well(sessions: Sessions) -> None:
    session = sessions.begin()
    cookies, parameters = {"access_token": session.token}, {"applicationId": session.application_id}
    answer = sessions.call("GET", ISSUE, key="", cookies=cookies, params=parameters)
    assert answer.status_code == 200, answer.text


def test_a_refresh_token_that_was_sent_is_answered_with_one_for_the_target_that_keeps_its_start(
    sessions: Sessions,
) -> None:
    session, target = sessions.begin(), sessions.application()
    register(sessions, session, target)
    sessions.world.clock.advance(minutes=10)
    answer = sessions.world.service.client.issue_jwt(target, session.token, session.refresh_token)
    refresh_token = answer.success_response["refreshToken"]
    assert refresh_token != session.refresh_token
    token_id = claims_of(answer.success_response["token"])["sid"]
    new, old = sessions.record(token_id), sessions.record(session.refresh_token_id)
    assert new is not None and old is not None
    assert (new["applicationId"], new["userId"]) == (target, session.user_id)
    assert (new["startInstant"], new["insertInstant"]) == (old["startInstant"], old["insertInstant"])
    refreshed = claims_of(sessions.refreshed(refresh_token)["token"])
    assert (refreshed["aud"], refreshed["auth_time"]) == (target, session.claims["auth_time"])
    assert sessions.is_live(session.refresh_token)


def test_the_cookies_refresh_token_comes_before_the_querys(sessions: Sessions) -> None:
    session, stranger, target = sessions.begin(), sessions.begin(), sessions.application()
    register(sessions, session, target)
    parameters = {"refreshToken": stranger.refresh_token}
    answer = issue(sessions, session, target, params=parameters, cookies={"refresh_token": session.refresh_token})
    assert "refreshToken" in answer.json()


def test_no_refresh_token_comes_for_a_strangers_an_unknown_or_an_expired_one(sessions: Sessions) -> None:
    source, target = sessions.application({"refreshTokenTimeToLiveInMinutes": 10}), sessions.application({})
    session, stranger = sessions.begin(source), sessions.begin(source)
    register(sessions, session, target)
    for token in (stranger.refresh_token, "unknown"):
        assert set(issue(sessions, session, target, params={"refreshToken": token}).json()) == {"token"}
    sessions.world.clock.advance(minutes=11)
    assert set(issue(sessions, session, target, params={"refreshToken": session.refresh_token}).json()) == {"token"}


@pytest.mark.parametrize(
    "members",
    [
        {"loginConfiguration": {"generateRefreshTokens": False}},
        {"jwtConfiguration": {"enabled": True, "refreshTokenExpirationPolicy": "SlidingWindow"}},
    ],
)
def test_no_refresh_token_comes_for_a_target_that_issues_none_or_expires_them_otherwise(
    sessions: Sessions, members: dict[str, Any]
) -> None:
    session, target = sessions.begin(), sessions.application(**members)
    register(sessions, session, target)
    answer = issue(sessions, session, target, params={"refreshToken": session.refresh_token})
    assert (answer.status_code, set(answer.json())) == (200, {"token"})


def test_issuing_without_a_token_that_holds_is_401(sessions: Sessions) -> None:
    session = sessions.begin()
    parameters = {"applicationId": session.application_id}
    for key in ("", "Bearer a.b.c", sessions.world.service.key):
        answer = sessions.call("GET", ISSUE, key=key, params=parameters)
        assert (answer.status_code, answer.content) == (401, b"")
    sessions.world.clock.advance(seconds=3601)
    assert issue(sessions, session, session.application_id).status_code == 401


def test_nothing_is_issued_to_a_user_who_is_deactivated_expired_or_gone(sessions: Sessions) -> None:
    session = sessions.begin()
    user = f"/api/user/{session.user_id}"
    assert sessions.call("DELETE", user).status_code == 200
    assert issue(sessions, session, session.application_id).status_code == 401
    assert sessions.call("PUT", f"{user}?reactivate=true").status_code == 200
    assert issue(sessions, session, session.application_id).status_code == 200
    expiry = sessions.world.service.services.runtime.now() + 1000
    assert sessions.call("PATCH", user, {"user": {"expiry": expiry}}).status_code == 200
    sessions.world.clock.advance(seconds=1)
    assert issue(sessions, session, session.application_id).status_code == 401
    assert sessions.call("DELETE", f"{user}?hardDelete=true").status_code == 200
    assert issue(sessions, session, session.application_id).status_code == 401


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("undefined", "missing"),
        ("", "missing"),
        ("x", "couldNotConvert"),
        ("5e4a4c80-fc3a-465e-ac9a-997d68db920c", "invalid"),
    ],
)
def test_issuing_names_a_bad_application(sessions: Sessions, given: str, code: str) -> None:
    assert codes(issue(sessions, sessions.begin(), given)) == {"applicationId": [f"[{code}]applicationId"]}


def test_the_official_client_vends_any_claims_but_its_own_times(sessions: Sessions) -> None:
    request = {"claims": {"sub": "robot", "cargo": {"a": [1, None]}, "exp": 1, "iat": 2}, "timeToLiveInSeconds": 90}
    answer = sessions.world.service.client.vend_jwt(request)
    assert answer.was_successful(), answer.status
    claims = claims_of(answer.success_response["token"])
    now = sessions.world.service.services.runtime.now() // 1000
    assert (claims["sub"], claims["cargo"], claims["exp"] - claims["iat"]) == ("robot", {"a": [1, None]}, 90)
    assert abs(claims["iat"] - now) <= 5
    assert claims["iss"] == "acme.com"
    assert sessions.call("GET", VALIDATE, key=f"Bearer {answer.success_response['token']}").json() == {"jwt": claims}


def test_a_vended_token_has_an_id_of_its_own_and_lives_as_long_as_the_tenant_says(sessions: Sessions) -> None:
    one, other = claims_of(vend(sessions)), claims_of(vend(sessions))
    assert set(one) == {"exp", "iat", "iss", "jti"}
    assert one["jti"] != other["jti"]
    assert one["exp"] - one["iat"] == 3600


def test_other_claims_are_the_callers(sessions: Sessions) -> None:
    given = {"iss": "robots.example", "jti": "1", "aud": ["a", "b"], "tid": str(uuid4()), "nbf": 5}
    claims = claims_of(vend(sessions, given))
    assert {name: claims[name] for name in given} == given


def test_a_vended_token_is_signed_with_the_key_that_was_named(sessions: Sessions) -> None:
    name = f"vending {uuid4()}"
    made = sessions.call("POST", "/api/key/generate", {"key": {"algorithm": "ES384", "name": name}}).json()["key"]
    token = vend(sessions, {"sub": "robot"}, keyId=made["id"])
    assert sessions.call("GET", VALIDATE, key=f"Bearer {token}").json()["jwt"]["sub"] == "robot"
    assert jwt.get_unverified_header(token) == {"alg": "ES384", "kid": made["kid"], "typ": "JWT"}


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({"claims": {}, "timeToLiveInSeconds": 0}, "timeToLiveInSeconds", "[invalid]timeToLiveInSeconds"),
        ({"claims": {}, "timeToLiveInSeconds": -1}, "timeToLiveInSeconds", "[invalid]timeToLiveInSeconds"),
        ({"claims": {}, "timeToLiveInSeconds": 2**62}, "timeToLiveInSeconds", "[invalid]timeToLiveInSeconds"),
        ({"claims": {}, "timeToLiveInSeconds": "90"}, "timeToLiveInSeconds", "[invalidJSON]"),
        ({"claims": []}, "claims", "[invalidJSON]"),
        ({"claims": {}, "keyId": "x"}, "keyId", "[invalidJSON]"),
        ({"claims": {}, "keyId": NOBODYS_ID}, "keyId", "[invalid]keyId"),
    ],
)
def test_a_bad_vending_names_the_field(sessions: Sessions, body: dict[str, Any], path: str, code: str) -> None:
    assert codes(sessions.call("POST", VEND, body)) == {path: [code]}


def test_a_key_that_only_verifies_vends_nothing(sessions: Sessions) -> None:
    material = sessions.world.service.client.retrieve_jwt_public_keys().success_response["publicKeys"]
    body = {"key": {"name": f"theirs {uuid4()}", "publicKey": next(iter(material.values())), "kid": uuid4().hex}}
    made = sessions.call("POST", "/api/key/import", body).json()["key"]
    answer = sessions.call("POST", VEND, {"claims": {}, "keyId": made["id"]})
    assert codes(answer) == {"keyId": ["[invalid]keyId"]}


def test_a_call_that_names_no_tenant_vends_for_the_default_tenant(sessions: Sessions) -> None:
    with sessions.other_tenant() as (other, key):
        seconds = {"jwtConfiguration": {"timeToLiveInSeconds": 77}, "issuer": "other.example"}
        assert sessions.call("PATCH", f"/api/tenant/{other}", {"tenant": seconds}).status_code == 200
        claims = claims_of(vend(sessions))
        assert (claims["iss"], claims["exp"] - claims["iat"]) == ("acme.com", 3600)
        for options in ({"tenant": other}, {"key": key}):
            claims = claims_of(sessions.call("POST", VEND, {"claims": {}}, **options).json()["token"])
            assert (claims["iss"], claims["exp"] - claims["iat"]) == ("other.example", 77)


def test_a_tenants_own_key_can_not_vend_a_token_that_speaks_for_another_tenant(sessions: Sessions) -> None:
    session = sessions.begin()
    with sessions.other_tenant() as (other, key):
        claims = {"sub": session.user_id, "iss": "acme.com"}
        for tenant in (session.claims["tid"], session.claims["tid"].upper(), 7):
            answer = sessions.call("POST", VEND, {"claims": claims | {"tid": tenant}}, key=key)
            assert codes(answer) == {"claims.tid": ["[invalid]claims.tid"]}
        own = sessions.call("POST", VEND, {"claims": claims | {"tid": str(other)}}, key=key)
        assert own.status_code == 200
        parameters = {"applicationId": session.application_id}
        for token in (own.json()["token"], vend(sessions, claims)):
            assert sessions.call("GET", ISSUE, key=f"Bearer {token}", params=parameters).status_code == 401


@pytest.mark.parametrize("auth_time", ["yesterday", -1, 2**62, 1.5, [1], None])
def test_a_vended_token_with_a_strange_auth_time_is_issued_anew_with_a_sane_one(
    sessions: Sessions, auth_time: Any
) -> None:
    session = sessions.begin()
    claims = {"sub": session.user_id, "tid": session.claims["tid"], "auth_time": auth_time}
    parameters = {"applicationId": session.application_id}
    answer = sessions.call("GET", ISSUE, key=f"Bearer {vend(sessions, claims)}", params=parameters)
    assert answer.status_code == 200, answer.text
    issued = claims_of(answer.json()["token"])
    assert issued["auth_time"] == issued["iat"]


@pytest.mark.parametrize("change", [{"sub": "robot"}, {"tid": "x"}, {"sub": None}])
def test_a_vended_token_that_names_no_user_of_ours_is_issued_nothing(
    sessions: Sessions, change: dict[str, Any]
) -> None:
    session = sessions.begin()
    claims = {"sub": session.user_id, "tid": session.claims["tid"]} | change
    parameters = {"applicationId": session.application_id}
    token = vend(sessions, {name: value for name, value in claims.items() if value is not None})
    assert sessions.call("GET", ISSUE, key=f"Bearer {token}", params=parameters).status_code == 401
