"""The authorization request and its answer by way of the browser (supporting contract 21.1; RFC 6749, 4.1 and 4.2)."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from identity.app import create_app
from identity.domain.oauth_errors import OAuthError
from identity.http.oauth.authorization import AuthorizationError, BadAuthorization, check, refuse
from tests.oauth_world import REDIRECT_URI, Client, add_client, query_of
from tests.sessions import Sessions, claims_of


def bad(client: Client, given: Any) -> str:
    with pytest.raises(BadAuthorization) as error:
        check(client.world.service.services, given)
    return error.value.problem.reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"client_id": ""}, "missing_client_id"),
        ({"client_id": "nonsense"}, "invalid_client_id"),
        ({"client_id": "00000000-0000-4000-8000-00000000dead"}, "invalid_client_id"),
        ({"tenantId": "00000000-0000-4000-8000-00000000dead"}, "invalid_client_id"),
        ({"tenantId": "nonsense"}, "invalid_client_id"),
        ({"redirect_uri": ""}, "missing_redirect_uri"),
        ({"redirect_uri": f"{REDIRECT_URI}/"}, "invalid_redirect_uri"),
        ({"redirect_uri": f"{REDIRECT_URI}?next=evil"}, "invalid_redirect_uri"),
        ({"redirect_uri": "https://evil.example/"}, "invalid_redirect_uri"),
        ({"redirect_uri": "javascript:alert(1)"}, "invalid_redirect_uri"),
        ({"redirect_uri": "a\x00b"}, "invalid_redirect_uri"),
    ],
)
def test_a_bad_client_or_redirect_uri_is_never_answered_by_redirect(
    sessions: Sessions, changes: dict[str, str], reason: str
) -> None:
    client = add_client(sessions.world)
    assert bad(client, client.parameters | changes) == reason


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "tenantId"])
def test_where_to_answer_is_not_said_twice(sessions: Sessions, name: str) -> None:
    client = add_client(sessions.world)
    given = client.parameters | {"tenantId": str(sessions.tenant_id)}
    assert bad(client, MultiDict([*given.items(), (name, given[name])])) == f"invalid_{name}"


def test_the_application_of_another_tenant_is_no_client_of_this_one(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    with sessions.other_tenant() as (other, _):
        assert bad(client, client.parameters | {"tenantId": str(other)}) == "invalid_client_id"
    assert check(sessions.world.service.services, client.parameters | {"tenantId": str(sessions.tenant_id).upper()})


def test_a_parameter_that_comes_twice_is_told_the_client(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    given = MultiDict([*client.parameters.items(), ("scope", "openid")])
    with pytest.raises(AuthorizationError) as error:
        check(sessions.world.service.services, given)
    assert error.value.answer.members == {
        "error": "invalid_request",
        "error_reason": "duplicate_parameter",
        "error_description": "A parameter is included more than once.",
        "state": "a state",
    }


def test_what_is_unknown_is_ignored(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    request = check(sessions.world.service.services, MultiDict([*client.parameters.items(), ("x", "1"), ("x", "2")]))
    assert request.parameters == client.parameters


@pytest.mark.parametrize(
    ("changes", "error", "joint"),
    [
        ({"response_type": "sing"}, "unsupported_response_type", "?"),
        ({"response_type": None}, "invalid_request", "?"),
        ({"scope": "sing"}, "invalid_scope", "?"),
        ({"prompt": "none login"}, "invalid_request", "?"),
        ({"code_challenge": "x" * 43, "code_challenge_method": "plain"}, "invalid_request", "?"),
        ({"response_type": "id_token", "scope": "openid"}, "invalid_request", "#"),
        ({"response_type": "token", "response_mode": "query"}, "invalid_request", "#"),
    ],
)
def test_an_error_goes_back_to_the_client_with_its_state(
    sessions: Sessions, changes: dict[str, str | None], error: str, joint: str
) -> None:
    answer = add_client(sessions.world).answer(**changes)
    assert answer.status_code == 303
    location = answer.headers["Location"]
    assert location.startswith(REDIRECT_URI + joint)
    told = query_of(location)
    assert (told["error"], told["state"]) == (error, "a state")
    assert told["error_reason"] and told["error_description"]


def test_a_client_that_must_use_a_challenge_is_told_so(sessions: Sessions) -> None:
    client = add_client(sessions.world, proofKeyForCodeExchangePolicy="Required")
    assert client.come_back()["error_reason"] == "missing_code_challenge"


@pytest.mark.parametrize(("grant", "response_type"), [("authorization_code", "code"), ("implicit", "token")])
def test_a_response_type_needs_its_grant(sessions: Sessions, grant: str, response_type: str) -> None:
    client = add_client(sessions.world, enabledGrants=sorted({"authorization_code", "implicit"} - {grant}))
    told = client.come_back(response_type=response_type)
    assert (told["error"], told["error_reason"]) == ("unauthorized_client", "grant_type_disabled")


def test_a_redirect_uri_stays_as_it_was_registered(sessions: Sessions) -> None:
    uri = "com.example.app:/callback?from=%7Ex&to="
    client = add_client(sessions.world, authorizedRedirectURLs=[uri])
    location = client.answer(redirect_uri=uri).headers["Location"]
    assert location.startswith(f"{uri}&code=")


@pytest.mark.parametrize("response_type", ["token", "id_token", "id_token token", "token id_token"])
def test_tokens_come_in_the_fragment_and_never_a_refresh_token(sessions: Sessions, response_type: str) -> None:
    client = add_client(sessions.world)
    answer = client.answer(response_type=response_type, nonce="a nonce")
    assert answer.headers["Location"].startswith(f"{REDIRECT_URI}#")
    assert answer.headers["Cache-Control"] == "no-store"
    told = query_of(answer.headers["Location"])
    wanted = set(response_type.split())
    assert {"access_token" if name == "token" else name for name in wanted} == told.keys() & {
        "access_token",
        "id_token",
        "refresh_token",
        "code",
    }
    if "id_token" in wanted:
        claims = claims_of(told["id_token"])
        assert (claims["nonce"], claims["aud"], claims["sub"]) == ("a nonce", client.id, client.user_id)
        assert ("at_hash" in claims) is ("token" in wanted)
    if "token" in wanted:
        assert (told["token_type"], told["expires_in"]) == ("Bearer", "3600")
        assert client.userinfo(told["access_token"]).status_code == 200


def test_form_post_is_a_form_that_sends_itself_and_runs_no_other_script(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    with create_app(sessions.world.service.services).test_request_context("/oauth2/authorize"):  # the page is drawn
        answer = client.answer(response_mode="form_post", state='"><script>alert(1)</script>')
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    assert "<script>alert" not in page
    assert re.search(r'<form method="post" action="(.+?)">', page)[1] == REDIRECT_URI  # type: ignore[index]
    fields = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="(.*?)"', page)}
    assert fields["state"] == '"><script>alert(1)</script>'
    assert client.redeem(fields["code"]).status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    nonce = re.search(r'<script nonce="(.+?)">', page)[1]  # type: ignore[index]
    assert f"script-src 'nonce-{nonce}'" in policy
    assert "form-action 'self' https://client.example;" in policy
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_page_may_refuse_on_the_clients_behalf(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    request = check(sessions.world.service.services, client.parameters | {"prompt": "none", "locale": "de"})
    answer = refuse(request, OAuthError.LOGIN_REQUIRED, "login_required", "Nobody is logged in.")
    assert (answer.redirect_uri, answer.mode) == (REDIRECT_URI, "query")
    assert answer.members == {
        "error": "login_required",
        "error_reason": "login_required",
        "error_description": "Nobody is logged in.",
        "state": "a state",
        "locale": "de",
    }


def test_a_login_of_another_tenant_is_no_login_here(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    with sessions.other_tenant() as (other, _):
        client.granted = {"tenant_id": other}
        assert client.come_back()["error"] == "access_denied"


def test_who_was_deactivated_meanwhile_is_denied(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    assert sessions.call("DELETE", f"/api/user/{client.user_id}").status_code == 200
    told = client.come_back()
    assert (told["error"], told["error_reason"]) == ("access_denied", "user_not_found")
