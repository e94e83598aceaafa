"""Who a client is, and what it must show: the table of supporting contract 21.2, and RFC 6749 sections 2.3 and 5.2."""

from __future__ import annotations

import base64
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.oauth_world import REDIRECT_URI, TOKEN, VERIFIER, Client, add_client, challenge_of, refused
from tests.sessions import Sessions

MISSING = ("invalid_client", "client_authentication_missing")
WRONG = ("invalid_client", "invalid_client_authentication")
POLICIES = ("Required", "NotRequired", "NotRequiredWhenUsingPKCE")


def raw(client: Client, data: Any, **options: Any) -> requests.Response:
    return requests.post(client.world.service.url + TOKEN, data=data, timeout=30, **options)


@pytest.mark.parametrize(
    ("policy", "grant", "needed"),
    [
        ("Required", "code with PKCE", True),
        ("Required", "code", True),
        ("Required", "password", True),
        ("Required", "refresh", True),
        ("NotRequired", "code with PKCE", False),
        ("NotRequired", "code", False),
        ("NotRequired", "password", False),
        ("NotRequired", "refresh", False),
        ("NotRequiredWhenUsingPKCE", "code with PKCE", False),
        ("NotRequiredWhenUsingPKCE", "code", True),
        ("NotRequiredWhenUsingPKCE", "password", True),
        ("NotRequiredWhenUsingPKCE", "refresh", True),
    ],
)
def test_the_policy_says_which_grant_needs_the_secret(
    sessions: Sessions, policy: str, grant: str, needed: bool
) -> None:
    client = add_client(sessions.world, clientAuthenticationPolicy=policy)
    without: dict[str, str | None] = {"client_secret": None}
    match grant:
        case "code with PKCE":
            code = client.code(code_challenge=challenge_of(VERIFIER), code_challenge_method="S256")
            answer = client.redeem(code, code_verifier=VERIFIER, **without)
        case "code":
            answer = client.redeem(client.code(), **without)
        case "password":
            answer = client.log_in(**without)
        case _:
            answer = client.refresh(client.tokens()["refresh_token"], **without)
    if needed:
        assert refused(answer, 401) == MISSING
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="identity"'
    else:
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("policy", POLICIES)
def test_a_secret_that_is_sent_is_checked_even_when_none_is_needed(sessions: Sessions, policy: str) -> None:
    client = add_client(sessions.world, clientAuthenticationPolicy=policy)
    assert refused(client.redeem(client.code(), client_secret="wrong"), 401) == WRONG
    assert client.redeem(client.code()).status_code == 200


def test_a_client_authenticates_by_basic_too(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT_URI}
    assert client.post(basic=(client.id, client.secret), code=client.code(), **form).status_code == 200
    wrong = client.post(basic=(client.id, "wrong"), code=client.code(), **form)
    assert refused(wrong, 401) == WRONG
    assert wrong.headers["WWW-Authenticate"] == 'Basic realm="identity"'


@pytest.mark.parametrize("secret", ["a b+c%25", "sch\u00f6n:geheim"])
def test_a_secret_with_signs_works_encoded_and_not(sessions: Sessions, secret: str) -> None:
    client = add_client(sessions.world, clientSecret=secret)
    for text in (secret, requests.utils.quote(secret, safe="")):
        form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT_URI, "code": client.code()}
        header = base64.b64encode(f"{client.id}:{text}".encode()).decode()
        answer = raw(client, form, headers={"Authorization": f"Basic {header}"})
        assert answer.status_code == 200, answer.text


def test_two_ways_at_once_are_one_too_many(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    answer = client.post(
        basic=(client.id, client.secret), client_secret=client.secret, grant_type="authorization_code", code="x"
    )
    assert refused(answer) == ("invalid_request", "multiple_client_credentials")


def test_the_form_may_repeat_the_client_of_the_header_and_name_no_other(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT_URI}
    same = client.post(basic=(client.id, client.secret), client_id=client.id, code=client.code(), **form)
    assert same.status_code == 200
    other = client.post(basic=(client.id, client.secret), client_id=str(uuid4()), code=client.code(), **form)
    assert refused(other) == ("invalid_request", "client_id_mismatch")


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !!!", "Basic bm9jb2xvbg==", "Basic /w==", "Bearer token", "Digest a=b", ""]
)
def test_a_header_that_says_nothing_is_no_client(sessions: Sessions, header: str) -> None:
    client = add_client(sessions.world)
    form = {"grant_type": "authorization_code", "code": "x", "redirect_uri": REDIRECT_URI}
    assert refused(raw(client, form, headers={"Authorization": header}), 401) == WRONG


@pytest.mark.parametrize("client_id", ["00000000-0000-4000-8000-00000000dead", "nonsense"])
def test_an_unknown_client_is_not_told_from_one_with_another_secret(sessions: Sessions, client_id: str) -> None:
    client = add_client(sessions.world)
    assert refused(client.redeem("x", client_id=client_id), 401) == WRONG
    assert client.redeem("x", client_id=client_id).json() == client.redeem("x", client_secret="wrong").json()


def test_without_any_client_there_is_no_request(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    answer = client.redeem("x", client_id=None, client_secret=None)
    assert refused(answer) == ("invalid_request", "missing_client_id")


@pytest.mark.parametrize("grant", ["authorization_code", "refresh_token", "password"])
def test_a_grant_that_is_not_enabled_is_refused(sessions: Sessions, grant: str) -> None:
    client = add_client(sessions.world, enabledGrants=[])
    form = {"code": "x", "redirect_uri": REDIRECT_URI, "refresh_token": "x", "username": "x", "password": "x"}
    assert refused(client.post(grant_type=grant, **form)) == ("unauthorized_client", "grant_type_disabled")


@pytest.mark.parametrize("grant", ["client_credentials", "urn:ietf:params:oauth:grant-type:device_code", "x" * 5000])
def test_a_grant_that_is_not_built_is_not_supported(sessions: Sessions, grant: str) -> None:
    answer = add_client(sessions.world).post(grant_type=grant)
    assert refused(answer) == ("unsupported_grant_type", "invalid_grant_type")


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"grant_type": None}, "missing_grant_type"),
        ({"grant_type": ""}, "missing_grant_type"),
        ({"grant_type": "authorization_code", "redirect_uri": REDIRECT_URI}, "missing_code"),
        ({"grant_type": "authorization_code", "code": "x"}, "missing_redirect_uri"),
        ({"grant_type": "refresh_token"}, "missing_refresh_token"),
        ({"grant_type": "password", "password": "x"}, "missing_username"),
        ({"grant_type": "password", "username": "x"}, "missing_password"),
        ({"grant_type": "refresh_token", "refresh_token": "x", "expires_in": "soon"}, "invalid_expires_in"),
        ({"grant_type": "refresh_token", "refresh_token": "a\x00b"}, "invalid_parameter"),
    ],
)
def test_what_is_missing_or_malformed_is_named(sessions: Sessions, form: dict[str, str | None], reason: str) -> None:
    assert refused(add_client(sessions.world).post(**form)) == ("invalid_request", reason)


@pytest.mark.parametrize("name", ["grant_type", "code", "redirect_uri", "client_id", "client_secret", "unknown"])
def test_no_parameter_comes_twice(sessions: Sessions, name: str) -> None:
    client = add_client(sessions.world)
    fields = {
        "client_id": client.id,
        "client_secret": client.secret,
        "grant_type": "authorization_code",
        "code": client.code(),
        "redirect_uri": REDIRECT_URI,
        "unknown": "x",
    }
    answer = raw(client, [*fields.items(), (name, fields[name])])
    assert refused(answer) == ("invalid_request", "duplicate_parameter")
    assert client.redeem(fields["code"]).status_code == 200


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", None])
def test_a_request_is_a_form_and_nothing_else(sessions: Sessions, kind: str | None) -> None:
    client = add_client(sessions.world)
    headers = {"Content-Type": kind} if kind else {}
    answer = raw(client, b'{"grant_type": "password"}', headers=headers)
    assert refused(answer) == ("invalid_request", "invalid_content_type")


def test_a_request_that_is_too_large_is_refused_unread(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    assert refused(client.redeem("x" * 70_000), 413) == ("invalid_request", "request_too_large")


@pytest.mark.parametrize("path", ["/oauth2/token", "/oauth2/introspect"])
def test_tokens_are_not_asked_for_in_an_address(sessions: Sessions, path: str) -> None:
    answer = requests.get(sessions.world.service.url + path, timeout=30)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "OPTIONS, POST"


def test_parameters_of_the_address_count_for_nothing(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    url = f"{sessions.world.service.url}{TOKEN}?grant_type=password&client_id={client.id}"
    form = {"username": "x"}
    assert refused(requests.post(url, data=form, timeout=30)) == ("invalid_request", "missing_grant_type")
