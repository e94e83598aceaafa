"""What a browser page of another origin may do, by the settings of login contract 1.5."""

from __future__ import annotations

from dataclasses import replace

import pytest

from identity.domain.cors import Cors, CrossOriginCall, Refusal, judge_call, normal_origin

PAGE = "https://app.example"
CORS = Cors(
    enabled=True,
    allow_credentials=False,
    allowed_headers=("Authorization", "Content-Type"),
    allowed_methods=frozenset({"GET", "POST"}),
    allowed_origins=frozenset({PAGE}),
    exposed_headers=("X-Identity-Trace",),
    preflight_max_age_in_seconds=60,
    debug=False,
)
CALL = CrossOriginCall(PAGE, "POST", "/api/login")
PREFLIGHT = CrossOriginCall(PAGE, "OPTIONS", "/api/login", "POST", "content-type, AUTHORIZATION")
ANY = replace(CORS, allowed_origins=frozenset({"*"}))


@pytest.mark.parametrize(
    ("cors", "call", "reason"),
    [
        (replace(CORS, enabled=False), CALL, "CORS is not enabled"),
        (ANY, replace(CALL, path="/admin/user"), "this path is never open to other origins"),
        (ANY, replace(CALL, path="/ajax"), "this path is never open to other origins"),
        (CORS, replace(CALL, origin="https://evil.example"), "the origin is not allowed"),
        (CORS, replace(CALL, origin="https://app.example.evil.example"), "the origin is not allowed"),
        (CORS, replace(CALL, origin="http://app.example"), "the origin is not allowed"),
        (CORS, replace(CALL, origin="null"), "the origin is not allowed"),
        (CORS, replace(CALL, method="DELETE"), "the method is not allowed"),
        (CORS, replace(CALL, method="OPTIONS"), "the method is not allowed"),
        (CORS, replace(PREFLIGHT, requested_method="DELETE"), "the method is not allowed"),
        (CORS, replace(PREFLIGHT, requested_headers="X-One, Content-Type, X-Two"), "2 of the request's headers are"),
    ],
)
def test_a_refusal_has_its_reason(cors: Cors, call: CrossOriginCall, reason: str) -> None:
    judged = judge_call(cors, call)
    assert isinstance(judged, Refusal)
    assert judged.reason.startswith(reason)


def test_a_call_is_told_its_origin_and_the_exposed_headers() -> None:
    assert judge_call(CORS, CALL) == {
        "Access-Control-Allow-Origin": PAGE,
        "Vary": "Origin",
        "Access-Control-Expose-Headers": "X-Identity-Trace",
    }


def test_a_preflight_is_told_the_one_method_it_asked_for_and_the_configured_headers_as_they_are_written() -> None:
    assert judge_call(CORS, PREFLIGHT) == {
        "Access-Control-Allow-Origin": PAGE,
        "Vary": "Origin",
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "Authorization,Content-Type",
        "Access-Control-Max-Age": "60",
    }


def test_any_origin_is_a_star_unless_credentials_are_allowed() -> None:
    assert judge_call(ANY, replace(CALL, origin="null"))["Access-Control-Allow-Origin"] == "*"  # type: ignore[index]
    assert judge_call(replace(ANY, allow_credentials=True, exposed_headers=()), CALL) == {
        "Access-Control-Allow-Origin": PAGE,
        "Vary": "Origin",
        "Access-Control-Allow-Credentials": "true",
    }


def test_what_is_empty_is_not_sent() -> None:
    cors = replace(ANY, allowed_headers=(), preflight_max_age_in_seconds=0)
    preflight = replace(PREFLIGHT, requested_headers="")
    assert judge_call(cors, preflight) == {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "POST"}


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://App.Example/", "https://app.example"),
        ("https://app.example:443", "https://app.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:80", "http://[::1]"),
        ("app://page", "app://page"),
        ("https://app.example/path", None),
        ("app.example", None),
        ("null", None),
        ("https://a@b", None),
        ("", None),
    ],
)
def test_an_origin_is_compared_in_the_form_of_browsers(text: str, origin: str | None) -> None:
    assert normal_origin(text) == origin
