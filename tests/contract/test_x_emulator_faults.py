"""Every fault that can be switched on does what its line in the list of kinds says, and then is gone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from identity.emulators.faults import Stage
from identity.emulators.x.faults import KINDS, Endpoint
from tests.contract.x_calls import VERIFY, ask_request_token, code, exchange, form, signed, verify
from tests.fakes.x import XEmulator

MEBIBYTE = 1024 * 1024


@pytest.fixture
def x() -> Iterator[XEmulator]:
    with XEmulator() as emulator:
        yield emulator


def call(x: XEmulator, endpoint: str) -> requests.Response:
    """One good call of this endpoint."""
    if endpoint == "request_token":
        return ask_request_token(x)
    if endpoint == "access_token":
        return exchange(x, *x.request_token("alice"))
    return verify(x)


CODED = [
    ("could_not_authenticate", {}, 401, 32),
    ("suspended", {}, 403, 63),
    ("suspended", {"code": 64}, 403, 64),
    ("not_permitted", {}, 403, 87),
    ("rate_limited", {}, 429, 88),
    ("invalid_token", {}, 401, 89),
    ("invalid_token", {"status": 403}, 403, 89),
    ("over_capacity", {}, 503, 130),
    ("internal_error", {}, 500, 131),
    ("no_access", {}, 403, 220),
    ("locked", {}, 403, 326),
    ("callback_not_approved", {}, 403, 415),
    ("app_suspended", {}, 401, 416),
    ("app_suspended", {"status": 403}, 403, 416),
    ("tier", {}, 403, 453),
]


def test_every_coded_kind_is_listed_here() -> None:
    assert {kind for kind, *_ in CODED} == {name for name, kind in KINDS.items() if kind.code}


@pytest.mark.parametrize(("kind", "parameters", "status", "expected"), CODED)
def test_a_coded_fault_answers_its_status_and_code(
    x: XEmulator, kind: str, parameters: dict[str, Any], status: int, expected: int
) -> None:
    for endpoint in KINDS[kind].endpoints:
        x.fault(kind, times=1, endpoint=endpoint.value, **parameters)
        answer = call(x, endpoint.value)
        assert (answer.status_code, code(answer)) == (status, expected)
        assert x.calls()[0]["reason"] == f"fault: {kind}"
        assert call(x, endpoint.value).status_code == 200


def test_the_tier_error_names_the_allowed_subset(x: XEmulator) -> None:
    x.fault("tier")
    assert "media post, oauth" in verify(x).json()["errors"][0]["message"]


def test_rate_limited_tells_when_it_ends() -> None:
    with XEmulator(clock=lambda: 1_700_000_000.0) as x:
        x.fault("rate_limited", reset_in_s=60)
        headers = verify(x, timestamp="1700000000").headers
    assert headers["x-rate-limit-remaining"] == "0"
    assert headers["x-rate-limit-reset"] == "1700000060"


@pytest.mark.parametrize("status", [500, 502, 503])
def test_unavailable_is_a_page_and_not_json(x: XEmulator, status: int) -> None:
    x.fault("unavailable", status=status)
    answer = verify(x)
    assert answer.status_code == status
    assert answer.text.startswith("<!DOCTYPE html>")


def test_no_email_nulls_the_address(x: XEmulator) -> None:
    x.fault("no_email")
    assert verify(x).json()["email"] is None
    assert "email" not in verify(x, query="").json()


def test_missing_id_leaves_only_the_number(x: XEmulator) -> None:
    x.fault("missing_id")
    user = verify(x).json()
    assert "id_str" not in user
    assert user["id"] == 2244994945


def test_wrong_id_type_makes_id_str_a_number(x: XEmulator) -> None:
    x.fault("wrong_id_type")
    assert verify(x).json()["id_str"] == 2244994945


def test_callback_unconfirmed_says_false(x: XEmulator) -> None:
    x.fault("callback_unconfirmed")
    assert form(ask_request_token(x))["oauth_callback_confirmed"] == "false"


@pytest.mark.parametrize("endpoint", ["request_token", "access_token"])
def test_missing_secret_gives_a_token_alone(x: XEmulator, endpoint: str) -> None:
    x.fault("missing_secret")
    answer = form(call(x, endpoint))
    assert answer["oauth_token"]
    assert "oauth_token_secret" not in answer


SIGNED = ["request_token", "access_token", "verify_credentials"]


@pytest.mark.parametrize("endpoint", SIGNED)
def test_garbage_is_neither_json_nor_a_form(x: XEmulator, endpoint: str) -> None:
    x.fault("garbage")
    answer = call(x, endpoint)
    assert answer.status_code == 200
    with pytest.raises(ValueError):  # whatever the parser stumbles over first
        answer.json()
    assert b"oauth_token=" not in answer.content


@pytest.mark.parametrize("endpoint", SIGNED)
def test_html_is_a_page_with_the_wanted_status(x: XEmulator, endpoint: str) -> None:
    x.fault("html", times=1)
    x.fault("html", status=502)
    answers = [call(x, endpoint), call(x, endpoint)]
    assert [answer.status_code for answer in answers] == [200, 502]
    assert all(answer.text.startswith("<!DOCTYPE html>") for answer in answers)


def test_wrong_content_type_leaves_the_body_alone(x: XEmulator) -> None:
    x.fault("wrong_content_type")
    answer = verify(x)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.json()["id_str"] == "2244994945"


@pytest.mark.parametrize("endpoint", SIGNED)
def test_huge_is_the_right_answer_beyond_a_mebibyte(x: XEmulator, endpoint: str) -> None:
    x.fault("huge")
    answer = call(x, endpoint)
    assert len(answer.content) > MEBIBYTE
    assert "id_str" in answer.json() if endpoint == "verify_credentials" else form(answer)["oauth_token"]


@pytest.mark.parametrize("endpoint", SIGNED)
def test_huge_gzip_is_small_on_the_wire(x: XEmulator, endpoint: str) -> None:
    x.fault("huge_gzip", bytes=4 * MEBIBYTE)
    answer = call(x, endpoint)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) < 16_384
    assert len(answer.content) >= 4 * MEBIBYTE


def test_redirect_points_elsewhere(x: XEmulator) -> None:
    x.fault("redirect", location="https://elsewhere.example.com/")
    auth = signed(x, *x.access_token("alice"))
    answer = requests.get(x.url + VERIFY, auth=auth, allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://elsewhere.example.com/")


@pytest.mark.parametrize("endpoint", SIGNED)
def test_reset_breaks_the_connection_within_the_answer(x: XEmulator, endpoint: str) -> None:
    x.fault("reset", times=1)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        call(x, endpoint)
    assert call(x, endpoint).status_code == 200


def test_hang_gives_no_answer_in_time(x: XEmulator) -> None:
    x.fault("hang", seconds=20)
    auth = signed(x, *x.access_token("alice"))
    with pytest.raises(requests.ReadTimeout):
        requests.get(x.url + VERIFY, auth=auth, timeout=0.2)


def test_stopping_the_emulator_ends_a_hanging_call() -> None:
    with XEmulator() as x:
        x.fault("hang", seconds=60)
        auth = signed(x, *x.access_token("alice"))
        with pytest.raises(requests.ReadTimeout):
            requests.get(x.url + VERIFY, auth=auth, timeout=0.2)
        started = time.monotonic()
    assert time.monotonic() - started < 10


def test_slow_answers_late_but_right(x: XEmulator) -> None:
    x.fault("slow", ms=150, times=1)
    started = time.monotonic()
    assert verify(x).status_code == 200
    assert time.monotonic() - started >= 0.15


def test_latency_of_the_settings_delays_every_call(x: XEmulator) -> None:
    x.control("PUT", "settings", {"latency_ms": 120})
    started = time.monotonic()
    assert ask_request_token(x).status_code == 200
    assert time.monotonic() - started >= 0.12


@pytest.mark.parametrize("skew", [-3_600, 3_600])
@pytest.mark.parametrize("endpoint", SIGNED)
def test_a_skewed_clock_refuses_with_135_and_its_date_repairs_the_call(x: XEmulator, endpoint: str, skew: int) -> None:
    x.fault("clock_skew", seconds=skew)
    answer = call(x, endpoint)
    assert (answer.status_code, code(answer)) == (401, 135)
    there = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    assert there - time.time() == pytest.approx(skew, abs=30)
    assert verify(x, timestamp=str(int(there))).status_code == 200


def test_a_small_skew_only_shows_in_the_date(x: XEmulator) -> None:
    x.fault("clock_skew", seconds=120)
    answer = verify(x)
    assert answer.status_code == 200
    assert parsedate_to_datetime(answer.headers["Date"]).timestamp() - time.time() == pytest.approx(120, abs=30)


def test_a_135_does_not_use_the_verifier_up(x: XEmulator) -> None:
    token, secret, verifier = x.request_token("alice")
    x.fault("clock_skew", times=1)
    assert code(exchange(x, token, secret, verifier)) == 135
    assert exchange(x, token, secret, verifier).status_code == 200


def test_a_refusing_fault_keeps_the_verifier_and_a_spoilt_answer_uses_it_up(x: XEmulator) -> None:
    token, secret, verifier = x.request_token("alice")
    x.fault("over_capacity", times=1)
    assert exchange(x, token, secret, verifier).status_code == 503
    x.fault("garbage", times=1)
    assert exchange(x, token, secret, verifier).status_code == 200
    assert exchange(x, token, secret, verifier).text == "Invalid request token."


def test_denied_sends_the_next_person_back_without_a_verifier(x: XEmulator) -> None:
    x.fault("denied", times=1)
    for expected in ("denied", "oauth_verifier"):
        answer = {"oauth_token": form(ask_request_token(x))["oauth_token"], "person": "alice"}
        back = requests.post(f"{x.url}/oauth/authorize", data=answer, allow_redirects=False, timeout=10)
        assert expected in parse_qs(urlsplit(back.headers["Location"]).query)


def test_a_fault_of_one_person_spares_the_others(x: XEmulator) -> None:
    x.fault("suspended", person="alice")
    assert verify(x).status_code == 403
    assert verify(x, "bob").status_code == 200


def test_a_fault_of_one_person_strikes_their_exchange_too(x: XEmulator) -> None:
    x.fault("over_capacity", person="alice")
    assert exchange(x, *x.request_token("alice")).status_code == 503
    assert exchange(x, *x.request_token("bob")).status_code == 200


def test_a_fault_of_one_endpoint_spares_the_others(x: XEmulator) -> None:
    x.fault("internal_error", endpoint="access_token")
    assert [call(x, endpoint).status_code for endpoint in SIGNED] == [200, 500, 200]


def test_a_fault_counts_down_and_one_without_a_count_stays(x: XEmulator) -> None:
    x.fault("over_capacity", times=2)
    assert [verify(x).status_code for _ in range(3)] == [503, 503, 200]
    fault_id = x.fault("over_capacity")
    assert [verify(x).status_code for _ in range(3)] == [503, 503, 503]
    x.control("DELETE", f"faults/{fault_id}")
    assert verify(x).status_code == 200


def test_a_badly_signed_call_does_not_use_a_refusal_up(x: XEmulator) -> None:
    x.fault("rate_limited", times=1)
    token, _ = x.access_token("alice")
    assert requests.get(x.url + VERIFY, auth=signed(x, token, "wrong"), timeout=10).status_code == 401
    assert verify(x).status_code == 429


def test_slow_and_another_fault_strike_together(x: XEmulator) -> None:
    x.fault("slow", ms=100)
    x.fault("garbage")
    started = time.monotonic()
    assert b"not what you asked for" in verify(x).content
    assert time.monotonic() - started >= 0.1
    assert x.calls()[0]["reason"] == "fault: slow; fault: garbage"


def test_consent_is_the_only_stage_without_a_signature() -> None:
    consent = {name for name, kind in KINDS.items() if Endpoint.AUTHORIZE in kind.endpoints}
    assert consent == {name for name, kind in KINDS.items() if kind.stage is Stage.CONSENT}
