"""What is Twitter's alone: signatures, X's error codes, its clock, and the request token (login contract 7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import pytest
from oauthlib.common import Request as OauthlibRequest
from oauthlib.oauth1.rfc5849 import signature
from oauthlib.oauth1.rfc5849.utils import parse_authorization_header

from identity.outbound.http import Client
from identity.providers.twitter.provider import Twitter
from identity.upstream import UpstreamRefused
from tests.conformance.conftest import NOW, Login, outside
from tests.conformance.subjects import CONSUMER, TWITTER_ACCESS_TOKEN, TWITTER_VERIFIER, ada
from tests.fakes.sink import Behaviour, Request, Sink, answer, answer_json, hang_up

DATE = "Tue, 14 Nov 2023 22:18:20 GMT"
"""Epoch 1,700,000,300: five minutes ahead of NOW."""

BOTH = pytest.mark.parametrize("subject", [TWITTER_ACCESS_TOKEN, TWITTER_VERIFIER], ids=lambda subject: subject.name)


def errors(status: int, *codes: int, **headers: str) -> Behaviour:
    return answer_json(status, {"errors": [{"code": code, "message": "no"} for code in codes]}, **headers)


def oauth(request: Request) -> dict[str, str]:
    return dict(parse_authorization_header(request.headers["authorization"]))


def is_signed(request: Request, token_secret: str) -> bool:
    """By oauthlib's reading, as a server would check it."""
    url = f"http://{request.headers['host']}{request.target}"
    seen = OauthlibRequest(url, request.method, request.body.decode(), dict(request.headers))
    seen.params = [
        *parse_qsl(seen.uri_query, keep_blank_values=True),
        *parse_qsl(request.body.decode(), keep_blank_values=True),
        *signature.collect_parameters(headers={"Authorization": request.headers["authorization"]}),
    ]
    seen.signature = oauth(request)["oauth_signature"].replace("%3D", "=").replace("%2F", "/").replace("%2B", "+")
    return bool(signature.verify_hmac_sha1(seen, CONSUMER["consumer_secret"], token_secret))


def test_both_calls_of_a_login_are_signed_with_the_configured_consumer(login: Login) -> None:
    exchange, verify = login(TWITTER_VERIFIER, list(TWITTER_VERIFIER.steps)).requests
    assert (exchange.method, exchange.target) == ("POST", "/oauth/access_token")
    assert (verify.method, verify.target) == ("GET", "/1.1/account/verify_credentials.json?include_email=true")
    assert is_signed(exchange, "request-token-secret")
    assert is_signed(verify, "access-token-secret")
    assert not is_signed(verify, "request-token-secret")
    assert oauth(exchange)["oauth_token"] == "request-token-1"
    assert oauth(verify)["oauth_token"] == "783214-access-token"
    assert {oauth(call)["oauth_consumer_key"] for call in (exchange, verify)} == {"consumer-key-1"}
    assert oauth(exchange)["oauth_nonce"] != oauth(verify)["oauth_nonce"]
    assert oauth(verify)["oauth_timestamp"] == str(NOW)


def test_the_verifier_travels_in_the_form_body_only(login: Login) -> None:
    exchange = login(TWITTER_VERIFIER, list(TWITTER_VERIFIER.steps)).requests[0]
    assert exchange.body == b"oauth_verifier=verifier-1"
    assert exchange.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "oauth_verifier" not in oauth(exchange)


@pytest.mark.parametrize("verifier", ["", "   "])
def test_a_blank_verifier_means_an_access_token(login: Login, verifier: str) -> None:
    data = {**TWITTER_ACCESS_TOKEN.data, "oauth_verifier": verifier}
    attempt = login(TWITTER_ACCESS_TOKEN, [ada()], data)
    assert [call.method for call in attempt.requests] == ["GET"]
    assert "skipped because oauth_verifier was omitted" in attempt.trace


def test_the_extra_query_is_sent_when_asked_for(login: Login) -> None:
    call = login(TWITTER_ACCESS_TOKEN, [ada()], options={"extra_query": True}).requests[0]
    assert call.target.endswith("?include_email=true&include_entities=false&skip_status=true")
    assert is_signed(call, "access-token-secret")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (32, 401),
        (34, 404),
        (63, 403),
        (64, 403),
        (87, 403),
        (88, 429),
        (89, 401),
        (89, 403),
        (99, 403),
        (130, 503),
        (131, 500),
        (215, 400),
        (220, 403),
        (326, 403),
        (416, 401),
        (453, 403),
    ],
)
@BOTH
def test_each_error_code_of_x_is_named_in_the_data(login: Login, subject: Any, code: int, status: int) -> None:
    refusal = login(subject, [errors(status, code)]).refusal
    assert refusal.code == subject.codes[0]
    assert refusal.data["status"] == status
    assert refusal.data["twitterCodes"] == [code]


@BOTH
def test_the_time_of_the_rate_limit_is_in_the_data(login: Login, subject: Any) -> None:
    refusal = login(subject, [errors(429, 88, x_rate_limit_reset="1700000900")]).refusal
    assert refusal.data == {
        "status": 429,
        "twitterCodes": [88],
        "rateLimitReset": 1700000900,
        "reason": "rate limited",
    }


@pytest.mark.parametrize("header", ["soon", "-5", "1" * 400, "٣"])
def test_a_rate_limit_without_usable_time_is_still_a_rate_limit(login: Login, header: str) -> None:
    limited = errors(429, 88, x_rate_limit_reset=header.encode("utf-8").decode("latin-1"))
    assert "rateLimitReset" not in login(TWITTER_ACCESS_TOKEN, [limited]).refusal.data


@pytest.mark.parametrize(
    "body",
    [
        '{"errors": {"code": 32}}',
        '{"errors": ["no", 32, {"code": "32"}, {"code": true}, {}]}',
        "[]",
        "Failed to validate oauth signature and token",
        "<?xml version='1.0'?><hash><error>Reverse auth credentials are invalid</error></hash>",
    ],
)
@BOTH
def test_an_error_body_of_any_form_is_a_refusal_without_codes(login: Login, subject: Any, body: str) -> None:
    assert login(subject, [answer(401, body)]).refusal.data == {"status": 401, "twitterCodes": [], "reason": "refused"}


@pytest.mark.parametrize("step", [0, 1])
def test_a_refused_timestamp_is_corrected_by_the_clock_of_x(login: Login, step: int) -> None:
    steps = list(TWITTER_VERIFIER.steps)
    attempt = login(TWITTER_VERIFIER, [*steps[:step], errors(401, 135, Date=DATE), *steps[step:]])
    assert attempt.won.subject == "783214"
    stamps = [int(oauth(call)["oauth_timestamp"]) - NOW for call in attempt.requests]
    assert stamps == [0] * (step + 1) + [300] * (2 - step)
    assert len({oauth(call)["oauth_nonce"] for call in attempt.requests}) == 3
    assert "300 s ahead" in attempt.trace


@BOTH
def test_a_timestamp_is_corrected_once_only(login: Login, subject: Any) -> None:
    attempt = login(subject, [errors(401, 135, Date=DATE)])
    assert attempt.refusal.data["twitterCodes"] == [135]
    assert len(attempt.requests) == 2


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}, {"Date": "Tue, 14 Nov 99999 22:18:20 GMT"}])
@BOTH
def test_a_timestamp_is_not_corrected_without_a_clock(login: Login, subject: Any, headers: dict[str, str]) -> None:
    attempt = login(subject, [errors(401, 135, **headers)])
    assert (attempt.refusal.code, len(attempt.requests)) == (subject.codes[0], 1)


@pytest.mark.parametrize(
    "body",
    [
        "oauth_token=&oauth_token_secret=s",
        "oauth_token=t",
        "oauth_token=t&oauth_token_secret=%20",
        "oauth_token=t&oauth_token=u&oauth_token_secret=s",
        "oauth_token=t&oauth_token_secret=%00",
        "oauth_token=%ff&oauth_token_secret=s",
        "oauth_token=" + "t" * 5000 + "&oauth_token_secret=s",
        "oauth_token=t&oauth_token_secret=s&" + "a=b&" * 100,
        '{"oauth_token": "t", "oauth_token_secret": "s"}',
    ],
)
def test_an_exchange_without_usable_tokens_is_refused(login: Login, body: str) -> None:
    refusal = login(TWITTER_VERIFIER, [answer(200, body, "text/html"), ada()]).refusal
    assert (refusal.code, refusal.data) == ("TwitterAccessToken", {"status": 200, "reason": "garbage"})


@pytest.mark.parametrize("subject", ["", " ", "7e3", "abc", "-1", "٣", "1" * 65, 783214, None, ["1"]])
def test_an_unusable_id_is_a_missing_id(login: Login, subject: object) -> None:
    assert login(TWITTER_ACCESS_TOKEN, [ada(id_str=subject)]).refusal.code == "MissingUniqueId"


def test_a_large_id_survives(login: Login) -> None:
    claims = login(TWITTER_ACCESS_TOKEN, [ada(id_str="18446744073709551617", id=18446744073709551617)]).won
    assert claims.subject == "18446744073709551617"


@pytest.mark.parametrize("email", ["", " ", "nobody", "a@b@c", "a b@c", "a@b\x00", 7, True, ["ada@example.test"], None])
def test_an_email_that_is_none_counts_as_absent(login: Login, email: object) -> None:
    assert login(TWITTER_ACCESS_TOKEN, [ada(email=email)]).won.email is None


@pytest.mark.parametrize("name", [7, True, ["ada"], {}, "a" * 192, "a\x00"])
def test_an_unusable_screen_name_is_garbage(login: Login, name: object) -> None:
    refusal = login(TWITTER_ACCESS_TOKEN, [ada(screen_name=name)]).refusal
    assert (refusal.code, refusal.data["reason"]) == ("TwitterVerifyCredentials", "garbage")


@pytest.mark.parametrize("name", [..., None, "", " "])
def test_a_person_may_have_no_screen_name(login: Login, name: object) -> None:
    assert login(TWITTER_ACCESS_TOKEN, [ada(screen_name=name)]).won.username is None


def test_a_document_of_another_type_is_garbage(login: Login) -> None:
    refusal = login(TWITTER_ACCESS_TOKEN, [answer(200, '{"id_str": "1"}', "text/html")]).refusal
    assert refusal.data == {"status": 200, "reason": "garbage"}


def test_a_deep_document_is_garbage(login: Login) -> None:
    nested: Mapping[str, Any] = {}
    for _ in range(40):
        nested = {"a": nested}
    assert login(TWITTER_ACCESS_TOKEN, [ada(entities=nested)]).refusal.data["reason"] == "garbage"


REQUESTED = "oauth_token=request-token-1&oauth_token_secret=request-token-secret&oauth_callback_confirmed=true"
CALLBACK = "https://login.example.com/callback?a=b c"


def test_a_request_token_is_asked_for_with_the_callback(client: Client) -> None:
    with Sink([answer(200, REQUESTED, "text/html")]) as server:
        got = Twitter().start(CONSUMER, CALLBACK, outside(client, server.url + "/"))
    assert (got.handle, got.kept["oauth_token_secret"]) == ("request-token-1", "request-token-secret")
    assert got.authorization_url == f"{server.url}/oauth/authenticate?oauth_token=request-token-1"
    call = server.requests[0]
    assert (call.method, call.target, call.body) == ("POST", "/oauth/request_token", b"")
    assert oauth(call)["oauth_callback"] == "https%3A%2F%2Flogin.example.com%2Fcallback%3Fa%3Db%20c"
    assert "oauth_token" not in oauth(call)
    assert is_signed(call, "")


@pytest.mark.parametrize("confirmation", ["", "&oauth_callback_confirmed=false", "&oauth_callback_confirmed=TRUE"])
def test_an_unconfirmed_callback_is_refused(client: Client, confirmation: str) -> None:
    body = REQUESTED.replace("&oauth_callback_confirmed=true", confirmation)
    with Sink([answer(200, body)]) as server, pytest.raises(UpstreamRefused) as caught:
        Twitter().start(CONSUMER, CALLBACK, outside(client, server.url))
    assert caught.value.code == "TwitterCallbackUnconfirmed"


@pytest.mark.parametrize("fault", [errors(403, 415), errors(401, 417), answer(200, "hello"), hang_up, answer(503)])
def test_a_request_token_that_is_not_given_is_a_refusal(client: Client, fault: Behaviour) -> None:
    with Sink([fault]) as server, pytest.raises(UpstreamRefused) as caught:
        Twitter().start(CONSUMER, CALLBACK, outside(client, server.url))
    assert caught.value.code == "TwitterRequestToken"
    assert len(server.requests) == 1
