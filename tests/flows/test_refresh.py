"""POST /api/jwt/refresh: its forms, its answer, and every 400 (login contract 10.4)."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.contract.people import codes
from tests.login_world import TWITTER
from tests.sessions import PERMISSIVE, REFRESH, Sessions, claims_of

KEPT = ("applicationId", "aud", "auth_time", "email", "email_verified", "iss", "roles", "sid", "sub", "tid")
REFUSED = {"refreshToken": ["[invalid]refreshToken"]}


def by_cookie(sessions: Sessions, token: str, json: Any = None) -> requests.Response:
    return sessions.call("POST", REFRESH, json, key="", cookies={"refresh_token": token})


def test_the_official_client_refreshes_with_the_body_form(sessions: Sessions) -> None:
    session = sessions.begin()
    answer = sessions.world.service.client.exchange_refresh_token_for_jwt(
        {"refreshToken": session.refresh_token, "token": session.token}
    )
    assert answer.was_successful(), answer.status
    assert set(answer.success_response) == {"refreshToken", "refreshTokenId", "token"}
    assert answer.success_response["refreshToken"] == session.refresh_token
    assert answer.success_response["refreshTokenId"] == session.refresh_token_id


def test_a_refreshed_token_keeps_who_where_and_since_when(sessions: Sessions) -> None:
    session = sessions.begin()
    sessions.world.clock.advance(minutes=5)
    old, new = session.claims, claims_of(sessions.refreshed(session.refresh_token)["token"])
    assert new["authenticationType"] == "REFRESH_TOKEN"
    assert new["jti"] != old["jti"]
    assert {name: new[name] for name in KEPT} == {name: old[name] for name in KEPT}
    assert new["iat"] - old["iat"] in (300, 301)
    assert new["exp"] - new["iat"] == 3600
    assert "gty" not in new and "scope" not in new


def test_roles_are_read_again_from_the_registration(sessions: Sessions) -> None:
    session = sessions.begin()
    path = f"/api/user/registration/{session.user_id}/{session.application_id}"
    body = {"registration": {"roles": ["user", "admin"]}}
    assert sessions.call("PUT", path, body).status_code == 200
    assert claims_of(sessions.refreshed(session.refresh_token)["token"])["roles"] == ["admin", "user"]


def test_the_cookie_form_needs_no_body(sessions: Sessions) -> None:
    session = sessions.begin()
    answer = by_cookie(sessions, session.refresh_token)
    assert answer.status_code == 200, answer.text
    assert answer.json()["refreshTokenId"] == session.refresh_token_id


def test_the_cookie_wins_over_the_body(sessions: Sessions) -> None:
    one, other = sessions.begin(), sessions.begin()
    answer = by_cookie(sessions, one.refresh_token, {"refreshToken": other.refresh_token})
    assert answer.json()["refreshTokenId"] == one.refresh_token_id
    assert codes(by_cookie(sessions, "nonsense", {"refreshToken": other.refresh_token})) == REFUSED


def test_both_cookies_are_rewritten_and_the_refresh_cookie_ends_with_its_token(sessions: Sessions) -> None:
    session = sessions.begin()
    sessions.world.clock.advance(days=1)
    answer = sessions.refresh(session.refresh_token)
    cookies: SimpleCookie = SimpleCookie()
    for line in answer.raw.headers.getlist("Set-Cookie"):
        cookies.load(line)
    access, refresh = cookies["access_token"], cookies["refresh_token"]
    assert (access.value, refresh.value) == (answer.json()["token"], session.refresh_token)
    for cookie in (access, refresh):
        assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/", True, "Lax")
        assert not cookie["secure"] and not cookie["domain"]
    assert not access["max-age"] and not access["expires"]
    assert 29 * 86_400 - 60 < int(refresh["max-age"]) <= 29 * 86_400
    assert refresh["expires"]


def test_the_time_to_live_may_be_shortened(sessions: Sessions) -> None:
    session = sessions.begin()
    for seconds in (1, 60, 3600):
        claims = claims_of(sessions.refreshed(session.refresh_token, timeToLiveInSeconds=seconds)["token"])
        assert claims["exp"] - claims["iat"] == seconds


@pytest.mark.parametrize("seconds", [3601, 0, -1, 2**62])
def test_the_time_to_live_may_not_be_prolonged_nor_shortened_to_nothing(sessions: Sessions, seconds: int) -> None:
    session = sessions.begin()
    answer = sessions.refresh(session.refresh_token, timeToLiveInSeconds=seconds)
    assert codes(answer) == {"timeToLiveInSeconds": ["[invalid]timeToLiveInSeconds"]}


def test_a_refused_time_to_live_does_not_spend_a_one_time_token(sessions: Sessions) -> None:
    session = sessions.begin(sessions.application({"refreshTokenUsagePolicy": "OneTimeUse"}))
    assert sessions.refresh(session.refresh_token, timeToLiveInSeconds=3601).status_code == 400
    assert sessions.is_live(session.refresh_token)


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        (None, "refreshToken", "[missing]refreshToken"),
        ({}, "refreshToken", "[missing]refreshToken"),
        ({"refreshToken": None}, "refreshToken", "[missing]refreshToken"),
        ({"refreshToken": ""}, "refreshToken", "[missing]refreshToken"),
        ({"refreshToken": 7}, "refreshToken", "[invalidJSON]"),
        ({"refreshToken": "a\u0000b"}, "refreshToken", "[invalid]refreshToken"),
        ({"refreshToken": "\ud800"}, "", "[invalidJSON]"),
        ({"refreshToken": "x" * 4097}, "refreshToken", "[tooLong]refreshToken"),
        ({"refreshToken": "unknown"}, "refreshToken", "[invalid]refreshToken"),
        ({"refreshToken": "unknown", "timeToLiveInSeconds": "60"}, "timeToLiveInSeconds", "[invalidJSON]"),
        ([], "", "[invalidJSON]"),
    ],
)
def test_a_bad_request_names_the_field(sessions: Sessions, body: Any, path: str, code: str) -> None:
    assert codes(sessions.call("POST", REFRESH, body, key="")) == {path: [code]}


@pytest.mark.parametrize("cookie", ["", "a%00b", "\xff\xfe", "x" * 5000])
def test_a_strange_cookie_is_refused_as_an_unknown_token_or_as_none(sessions: Sessions, cookie: str) -> None:
    answer = sessions.call("POST", REFRESH, key="", headers={"Cookie": f"refresh_token={cookie}".encode("latin-1")})
    expected = "[invalid]refreshToken" if cookie else "[missing]refreshToken"
    assert codes(answer) == {"refreshToken": [expected]}


def test_a_form_is_no_way_to_refresh(sessions: Sessions) -> None:
    answer = sessions.call("POST", REFRESH, key="", data={"refreshToken": "x"})
    assert codes(answer) == {"": ["[InvalidContentType]"]}


def test_a_revoked_token_is_refused(sessions: Sessions) -> None:
    session = sessions.begin()
    assert sessions.call("DELETE", f"{REFRESH}/{session.refresh_token_id}").status_code == 200
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED


def test_a_user_who_lost_the_registration_is_refused_even_when_it_comes_back(sessions: Sessions) -> None:
    session = sessions.begin()
    path = f"/api/user/registration/{session.user_id}"
    assert sessions.call("DELETE", f"{path}/{session.application_id}").status_code == 200
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED
    again = {"registration": {"applicationId": session.application_id}}
    assert sessions.call("POST", path, again).status_code == 200
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED


def test_a_registration_that_is_not_there_refuses_a_token_that_is(sessions: Sessions) -> None:
    """Even if a registration went without its tokens, nobody gets an access token without one."""
    session = sessions.begin()
    with sessions.world.service.services.db.transaction() as conn:
        conn.execute("DELETE FROM registrations WHERE user_id = %s", (session.user_id,))
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED
    assert sessions.record(session.refresh_token_id) is not None


def test_a_deactivated_user_is_refused_and_their_sessions_do_not_come_back(sessions: Sessions) -> None:
    session = sessions.begin()
    assert sessions.call("DELETE", f"/api/user/{session.user_id}").status_code == 200
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED
    assert sessions.call("PUT", f"/api/user/{session.user_id}?reactivate=true").status_code == 200
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED


def test_an_inactive_user_is_refused_by_the_gate_as_well(sessions: Sessions) -> None:
    session = sessions.begin()
    with sessions.world.service.services.db.transaction() as conn:
        conn.execute("UPDATE users SET active = false WHERE id = %s", (session.user_id,))
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED


def test_an_expired_user_is_refused_from_the_very_instant_on(sessions: Sessions) -> None:
    session = sessions.begin()
    expiry = sessions.world.service.services.runtime.now() + 60_000
    assert sessions.call("PATCH", f"/api/user/{session.user_id}", {"user": {"expiry": expiry}}).status_code == 200
    assert sessions.is_live(session.refresh_token)
    sessions.world.clock.advance(seconds=60)
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED


def test_a_deleted_user_is_refused(sessions: Sessions) -> None:
    session = sessions.begin()
    assert sessions.call("DELETE", f"/api/user/{session.user_id}?hardDelete=true").status_code == 200
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED


def test_an_application_that_allows_no_refresh_says_disabled(sessions: Sessions) -> None:
    application_id = sessions.application()
    session = sessions.begin(application_id)
    sessions.change(application_id, loginConfiguration=PERMISSIVE | {"allowTokenRefresh": False})
    assert codes(sessions.refresh(session.refresh_token)) == {"refreshToken": ["[disabled]refreshToken"]}


def test_an_application_that_issues_no_more_refresh_tokens_still_honours_the_old_ones(sessions: Sessions) -> None:
    application_id = sessions.application()
    session = sessions.begin(application_id)
    sessions.change(application_id, loginConfiguration=PERMISSIVE | {"generateRefreshTokens": False})
    assert sessions.is_live(session.refresh_token)
    assert "refreshToken" not in sessions.world.login(session.person, applicationId=application_id).json()


def test_an_inactive_application_is_refused(sessions: Sessions) -> None:
    application_id = sessions.application()
    session = sessions.begin(application_id)
    assert sessions.call("DELETE", f"/api/application/{application_id}").status_code == 200
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED


def test_naming_the_tokens_own_tenant_changes_nothing(sessions: Sessions) -> None:
    session = sessions.begin()
    client = sessions.world.service.client_for(tenant=sessions.tenant_id)
    assert client.exchange_refresh_token_for_jwt({"refreshToken": session.refresh_token}).was_successful()


def test_another_tenants_token_looks_like_none_at_all(sessions: Sessions) -> None:
    session = sessions.begin()
    body = {"refreshToken": session.refresh_token}
    with sessions.other_tenant() as (other, key):
        assert codes(sessions.call("POST", REFRESH, body, key="", tenant=other)) == REFUSED
        assert codes(sessions.call("POST", REFRESH, body, key="", tenant=uuid4())) == REFUSED
        assert codes(sessions.call("POST", REFRESH, body, key=key)) == REFUSED
        answer = sessions.call("POST", REFRESH, body, key=key, tenant=sessions.tenant_id)
        assert (answer.status_code, answer.content) == (401, b"")
    assert sessions.is_live(session.refresh_token)


def test_a_tenant_header_that_is_no_id_is_400(sessions: Sessions) -> None:
    answer = sessions.call("POST", REFRESH, {"refreshToken": "x"}, key="", tenant="acme")
    assert codes(answer) == {"tenantId": ["[couldNotConvert]tenantId"]}


@pytest.mark.parametrize("key", ["nobody's key", "Bearer nonsense", "Basic eDp5"])
def test_a_key_that_nobody_asked_for_is_ignored(sessions: Sessions, key: str) -> None:
    session = sessions.begin()
    assert sessions.call("POST", REFRESH, {"refreshToken": session.refresh_token}, key=key).status_code == 200


def test_a_users_two_applications_have_tokens_of_their_own(sessions: Sessions) -> None:
    one = sessions.begin()
    two = sessions.begin(sessions.application(), person=one.person)
    assert two.user_id == one.user_id
    assert claims_of(sessions.refreshed(one.refresh_token)["token"])["aud"] == one.application_id
    assert claims_of(sessions.refreshed(two.refresh_token)["token"])["aud"] == two.application_id
    assert TWITTER not in {one.application_id, two.application_id}
