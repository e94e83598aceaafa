"""Reading and revoking refresh tokens, and logging out: login contract 10.3 and 10.4."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.contract.people import codes
from tests.sessions import REFRESH, Session, Sessions

LOGOUT = "/api/logout"


def by_owner(sessions: Sessions, session: Session, query: str, **options: Any) -> requests.Response:
    """DELETE with the owner's access token in the header."""
    return sessions.call("DELETE", REFRESH + query, key=f"Bearer {session.token}", **options)


def is_revoked(sessions: Sessions, session: Session) -> bool:
    return sessions.record(session.refresh_token_id) is None


def test_the_official_client_reads_a_record_by_id(sessions: Sessions) -> None:
    device = {"name": "Phone", "description": "the old one", "type": "MOBILE", "lastAccessedAddress": "192.0.2.9"}
    session = sessions.begin(metaData={"device": device, "scopes": ["offline_access"], "data": {"a": [1]}})
    answer = sessions.world.service.client.retrieve_refresh_token_by_id(session.refresh_token_id)
    assert answer.was_successful(), answer.status
    record = answer.success_response["refreshToken"]
    instant = record["insertInstant"]
    assert record["metaData"]["device"].pop("lastAccessedAddress")
    assert record == {
        "applicationId": session.application_id,
        "id": session.refresh_token_id,
        "insertInstant": instant,
        "metaData": {
            "data": {"a": [1]},
            "device": {
                "description": "the old one",
                "lastAccessedInstant": instant,
                "name": "Phone",
                "type": "MOBILE",
            },
            "scopes": ["offline_access"],
        },
        "startInstant": instant,
        "userId": session.user_id,
    }


def test_no_read_shows_the_token_itself(sessions: Sessions) -> None:
    session = sessions.begin()
    for path in (f"{REFRESH}/{session.refresh_token_id}", f"{REFRESH}?userId={session.user_id}"):
        answer = sessions.call("GET", path)
        assert answer.status_code == 200
        assert session.refresh_token not in answer.text
        assert '"token"' not in answer.text


def test_the_official_client_reads_the_records_of_a_user_oldest_first(sessions: Sessions) -> None:
    one = sessions.begin()
    sessions.world.clock.advance(seconds=1)
    two = sessions.begin(sessions.application(), person=one.person)
    answer = sessions.world.service.client.retrieve_refresh_tokens(one.user_id)
    found = [record["id"] for record in answer.success_response["refreshTokens"]]
    assert found == [one.refresh_token_id, two.refresh_token_id]


def test_a_user_without_tokens_and_an_unknown_one_have_an_empty_list(sessions: Sessions) -> None:
    answer = sessions.call("GET", f"{REFRESH}?userId={uuid4()}")
    assert (answer.status_code, answer.json()) == (200, {"refreshTokens": []})


@pytest.mark.parametrize("query", ["", "?userId=", "?userId=undefined", "?userId=null"])
def test_reading_many_needs_a_user(sessions: Sessions, query: str) -> None:
    assert codes(sessions.call("GET", REFRESH + query)) == {"userId": ["[missing]userId"]}


def test_ids_that_are_none_are_400_and_unknown_ones_404(sessions: Sessions) -> None:
    assert codes(sessions.call("GET", f"{REFRESH}?userId=x")) == {"userId": ["[couldNotConvert]userId"]}
    assert codes(sessions.call("GET", f"{REFRESH}/x")) == {"tokenId": ["[couldNotConvert]tokenId"]}
    answer = sessions.call("GET", f"{REFRESH}/{uuid4()}")
    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize(
    "query", ["?userId=00000000-0000-4000-8000-000000000001", "/00000000-0000-4000-8000-000000000001"]
)
def test_an_access_token_reads_nothing(sessions: Sessions, query: str) -> None:
    session = sessions.begin()
    answer = sessions.call("GET", REFRESH + query, key=f"Bearer {session.token}")
    assert (answer.status_code, answer.content) == (401, b"")


def test_another_tenants_key_sees_and_revokes_nothing(sessions: Sessions) -> None:
    session = sessions.begin()
    with sessions.other_tenant() as (other, key):
        for options in ({"key": key}, {"tenant": other}):
            by_user = sessions.call("GET", f"{REFRESH}?userId={session.user_id}", **options)
            assert by_user.json() == {"refreshTokens": []}
            assert sessions.call("GET", f"{REFRESH}/{session.refresh_token_id}", **options).status_code == 404
            assert sessions.call("DELETE", f"{REFRESH}/{session.refresh_token_id}", **options).status_code == 404
            token = {"token": session.refresh_token}
            assert sessions.call("DELETE", REFRESH, params=token, **options).status_code == 404
            many = {"userId": session.user_id, "applicationId": session.application_id}
            for parameter in many.items():
                assert sessions.call("DELETE", REFRESH, params=dict([parameter]), **options).status_code == 200
    assert not is_revoked(sessions, session)


def test_the_official_client_revokes_by_id(sessions: Sessions) -> None:
    session = sessions.begin()
    answer = sessions.world.service.client.revoke_refresh_token_by_id(session.refresh_token_id)
    assert (answer.status, answer.response.content) == (200, b"")
    assert is_revoked(sessions, session)
    assert sessions.world.service.client.revoke_refresh_token_by_id(session.refresh_token_id).status == 404


def test_the_official_client_revokes_by_token(sessions: Sessions) -> None:
    one, other = sessions.begin(), sessions.begin()
    answer = sessions.world.service.client.revoke_refresh_token_by_token(one.refresh_token)
    assert (answer.status, answer.response.content) == (200, b"")
    assert is_revoked(sessions, one)
    assert not is_revoked(sessions, other)
    assert sessions.world.service.client.revoke_refresh_token_by_token(one.refresh_token).status == 404


def test_the_typescript_clients_undefined_arguments_count_as_absent(sessions: Sessions) -> None:
    one = sessions.begin()
    other = sessions.begin(person=one.person)
    query = f"?token={one.refresh_token}&userId=undefined&applicationId=undefined"
    assert sessions.call("DELETE", REFRESH + query).status_code == 200
    assert is_revoked(sessions, one)
    assert not is_revoked(sessions, other)
    query = f"?token=undefined&userId={one.user_id}&applicationId=null"
    assert sessions.call("DELETE", REFRESH + query).status_code == 200
    assert is_revoked(sessions, other)


def test_the_official_client_revokes_by_user_application_and_both(sessions: Sessions) -> None:
    client = sessions.world.service.client
    one, two = sessions.application(), sessions.application()
    alice = [sessions.begin(one)]
    alice += [sessions.begin(two, person=alice[0].person) for _ in range(2)]
    bob = [sessions.begin(one), sessions.begin(two)]
    assert client.revoke_refresh_tokens_by_user_id_for_application(alice[0].user_id, two).status == 200
    assert [is_revoked(sessions, session) for session in (*alice, *bob)] == [False, True, True, False, False]
    assert client.revoke_refresh_tokens_by_user_id(alice[0].user_id).status == 200
    assert [is_revoked(sessions, session) for session in (*alice, *bob)] == [True, True, True, False, False]
    assert client.revoke_refresh_tokens_by_application_id(two).status == 200
    assert [is_revoked(sessions, session) for session in bob] == [False, True]


@pytest.mark.parametrize("wanted", ["token", "user", "application", "both"])
def test_the_official_client_revokes_with_a_json_body(sessions: Sessions, wanted: str) -> None:
    session, other = sessions.begin(sessions.application()), sessions.begin()
    body = {
        "token": {"token": session.refresh_token, "userId": None},
        "user": {"userId": session.user_id},
        "application": {"applicationId": session.application_id},
        "both": {"userId": session.user_id, "applicationId": session.application_id},
    }[wanted]
    answer = sessions.world.service.client.revoke_refresh_tokens_with_request(body)
    assert (answer.status, answer.response.content) == (200, b"")
    assert is_revoked(sessions, session)
    assert not is_revoked(sessions, other)


@pytest.mark.parametrize("wanted", ["token", "user"])
def test_a_form_revokes_too(sessions: Sessions, wanted: str) -> None:
    session, other = sessions.begin(), sessions.begin()
    form = {
        "token": {"token": session.refresh_token, "userId": "undefined"},
        "user": {"userId": session.user_id, "token": ""},
    }[wanted]
    answer = sessions.call("DELETE", REFRESH, data=form)
    assert (answer.status_code, answer.content) == (200, b"")
    assert is_revoked(sessions, session)
    assert not is_revoked(sessions, other)


def test_the_token_wins_over_user_and_application(sessions: Sessions) -> None:
    one = sessions.begin()
    other = sessions.begin(person=one.person)
    parameters = {"token": one.refresh_token, "userId": one.user_id, "applicationId": one.application_id}
    assert sessions.call("DELETE", REFRESH, params=parameters).status_code == 200
    assert [is_revoked(sessions, one), is_revoked(sessions, other)] == [True, False]


@pytest.mark.parametrize(
    ("options", "path", "code"),
    [
        ({}, "token", "[missing]token"),
        ({"params": {"token": "undefined", "userId": "undefined"}}, "token", "[missing]token"),
        ({"json": {}}, "token", "[missing]token"),
        ({"data": {"token": ""}}, "token", "[missing]token"),
        ({"params": {"userId": "x"}}, "userId", "[couldNotConvert]userId"),
        ({"json": {"userId": "x"}}, "userId", "[invalidJSON]"),
        ({"data": {"applicationId": "x"}}, "applicationId", "[couldNotConvert]applicationId"),
        ({"data": {"token": "a\u0000b"}}, "token", "[invalid]token"),
        ({"data": b"<xml/>", "headers": {"Content-Type": "text/xml"}}, "", "[UnsupportedContentType]"),
    ],
)
def test_a_bad_revocation_names_the_field(sessions: Sessions, options: dict[str, Any], path: str, code: str) -> None:
    assert codes(sessions.call("DELETE", REFRESH, **options)) == {path: [code]}


def test_a_form_that_is_too_large_is_413(sessions: Sessions) -> None:
    assert sessions.call("DELETE", REFRESH, data={"token": "x" * 65_536}).status_code == 413


def test_an_owner_revokes_their_own_by_id_and_by_token(sessions: Sessions) -> None:
    one = sessions.begin()
    other = sessions.begin(person=one.person)
    assert by_owner(sessions, one, f"/{other.refresh_token_id}").status_code == 200
    assert by_owner(sessions, one, f"?token={one.refresh_token}").status_code == 200
    assert is_revoked(sessions, one) and is_revoked(sessions, other)


def test_an_owner_revokes_with_the_cookie_too(sessions: Sessions) -> None:
    session = sessions.begin()
    path = f"{REFRESH}/{session.refresh_token_id}"
    assert sessions.call("DELETE", path, key="", cookies={"access_token": session.token}).status_code == 200
    assert is_revoked(sessions, session)


def test_an_owner_can_not_revoke_anybody_elses(sessions: Sessions) -> None:
    mine, theirs = sessions.begin(), sessions.begin()
    assert by_owner(sessions, mine, f"/{theirs.refresh_token_id}").status_code == 404
    assert by_owner(sessions, mine, f"?token={theirs.refresh_token}").status_code == 404
    assert not is_revoked(sessions, theirs)


def test_an_owner_can_not_revoke_many(sessions: Sessions) -> None:
    session = sessions.begin()
    for query in (f"?userId={session.user_id}", f"?applicationId={session.application_id}"):
        answer = by_owner(sessions, session, query)
        assert (answer.status_code, answer.content) == (401, b"")
    assert by_owner(sessions, session, "", json={"userId": session.user_id}).status_code == 401
    assert not is_revoked(sessions, session)


def test_a_key_wins_over_a_cookie(sessions: Sessions) -> None:
    mine, theirs = sessions.begin(), sessions.begin()
    cookies = {"access_token": mine.token}
    path = f"{REFRESH}/{theirs.refresh_token_id}"
    narrow = sessions.world.service.add_key(permissions={"/api/user": ["GET"]})
    assert sessions.call("DELETE", path, key=narrow, cookies=cookies).status_code == 401
    assert sessions.call("DELETE", path, cookies=cookies).status_code == 200
    assert is_revoked(sessions, theirs)


@pytest.mark.parametrize("header", ["", "nobody's key", "Bearer", "Bearer nonsense", "Bearer a.b.c"])
def test_without_key_or_token_nothing_is_revoked(sessions: Sessions, header: str) -> None:
    session = sessions.begin()
    for path in (f"{REFRESH}/{session.refresh_token_id}", f"{REFRESH}?userId={session.user_id}"):
        answer = sessions.call("DELETE", path, key=header)
        assert (answer.status_code, answer.content) == (401, b"")
    assert not is_revoked(sessions, session)


def test_an_expired_access_token_revokes_nothing(sessions: Sessions) -> None:
    session = sessions.begin()
    sessions.world.clock.advance(seconds=3601)
    assert by_owner(sessions, session, f"/{session.refresh_token_id}").status_code == 401
    assert not is_revoked(sessions, session)


def cookies_of(answer: requests.Response) -> SimpleCookie:
    cookies: SimpleCookie = SimpleCookie()
    for line in answer.raw.headers.getlist("Set-Cookie"):
        cookies.load(line)
    return cookies


def test_logging_out_clears_both_cookies_and_revokes_the_cookies_token(sessions: Sessions) -> None:
    session = sessions.begin()
    other = sessions.begin(person=session.person)
    cookies = {"access_token": session.token, "refresh_token": session.refresh_token}
    answer = sessions.call("POST", LOGOUT, key="", cookies=cookies)
    assert (answer.status_code, answer.content) == (200, b"")
    cleared = cookies_of(answer)
    assert set(cleared) == {"access_token", "refresh_token"}
    for cookie in cleared.values():
        assert (cookie.value, cookie["max-age"], cookie["path"], cookie["httponly"]) == ("", "0", "/", True)
    assert [is_revoked(sessions, session), is_revoked(sessions, other)] == [True, False]


def test_the_official_client_logs_out_by_query(sessions: Sessions) -> None:
    session = sessions.begin()
    other = sessions.begin(person=session.person)
    answer = sessions.world.service.client.logout(False, session.refresh_token)
    assert (answer.status, answer.response.content) == (200, b"")
    assert [is_revoked(sessions, session), is_revoked(sessions, other)] == [True, False]


def test_a_global_logout_revokes_all_of_the_owners(sessions: Sessions) -> None:
    session, bystander = sessions.begin(), sessions.begin()
    other = sessions.begin(sessions.application(), person=session.person)
    assert sessions.world.service.client.logout(True, session.refresh_token).status == 200
    assert [is_revoked(sessions, item) for item in (session, other, bystander)] == [True, True, False]


@pytest.mark.parametrize("everywhere", [False, True])
def test_the_official_client_logs_out_with_a_json_body(sessions: Sessions, everywhere: bool) -> None:
    session = sessions.begin()
    other = sessions.begin(person=session.person)
    body = {"global": everywhere, "refreshToken": session.refresh_token}
    assert sessions.world.service.client.logout_with_request(body).status == 200
    assert [is_revoked(sessions, session), is_revoked(sessions, other)] == [True, everywhere]


@pytest.mark.parametrize("where", ["params", "json"])
def test_a_given_token_wins_over_the_cookie(sessions: Sessions, where: str) -> None:
    given, kept = sessions.begin(), sessions.begin()
    options: dict[str, Any] = {where: {"refreshToken": given.refresh_token}}
    cookies = {"refresh_token": kept.refresh_token}
    assert sessions.call("POST", LOGOUT, key="", cookies=cookies, **options).status_code == 200
    assert [is_revoked(sessions, given), is_revoked(sessions, kept)] == [True, False]


@pytest.mark.parametrize("query", ["", "?refreshToken=unknown", "?global=undefined&refreshToken=undefined"])
def test_logging_out_with_nothing_or_an_unknown_token_is_200(sessions: Sessions, query: str) -> None:
    answer = sessions.call("POST", LOGOUT + query, key="")
    assert (answer.status_code, answer.content) == (200, b"")
    assert set(cookies_of(answer)) == {"access_token", "refresh_token"}
