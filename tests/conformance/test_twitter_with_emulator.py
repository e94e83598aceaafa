"""The provider against the X emulator, which checks signatures with its own code: good logins and every fault."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from identity.domain.model import Claims
from identity.domain.trace import Trace
from identity.emulators.x.faults import KINDS, Endpoint
from identity.outbound.http import Client
from identity.providers.twitter.provider import Twitter
from identity.runtime import Runtime
from identity.upstream import Outside, UpstreamRefused
from tests.fakes.x import XEmulator

PERSON = "alice"
FATAL = sorted(
    KINDS.keys() - {"denied", "no_email", "slow", "clock_skew", "callback_not_approved", "callback_unconfirmed"}
)
"""What makes the call that it strikes fail. The others have tests of their own."""


@pytest.fixture(scope="module")
def emulator() -> Iterator[XEmulator]:
    with XEmulator() as running:
        yield running


@pytest.fixture
def x(emulator: XEmulator) -> XEmulator:
    emulator.reset()
    return emulator


def outside(x: XEmulator, client: Client) -> Outside:
    return Outside(http=client, runtime=Runtime(), api_url=x.url, trace=Trace(lambda: 0))


def values(x: XEmulator) -> dict[str, str]:
    return {"consumer_key": x.consumer_key, "consumer_secret": x.consumer_secret}


def by_access_token(x: XEmulator, client: Client) -> Claims:
    token, secret = x.access_token(PERSON)
    return Twitter().claims(values(x), {"oauth_token": token, "oauth_token_secret": secret}, outside(x, client))


def by_verifier(x: XEmulator, client: Client) -> Claims:
    token, secret, verifier = x.request_token(PERSON)
    data = {"oauth_token": token, "oauth_token_secret": secret, "oauth_verifier": verifier}
    return Twitter().claims(values(x), data, outside(x, client))


FORMS = pytest.mark.parametrize("form", [by_access_token, by_verifier])


@FORMS
def test_x_accepts_our_signatures(x: XEmulator, client: Client, form: Any) -> None:
    person = x.person(PERSON)
    claims = form(x, client)
    assert (claims.username, claims.email) == (person["screen_name"], person["email"])
    assert claims.subject == claims.raw["id_str"]


def test_one_connection_carries_both_calls_of_many_logins(client: Client) -> None:
    with XEmulator() as own:
        for _ in range(10):
            by_verifier(own, client)
        setup = 10  # the request tokens were made over connections of their own
        assert own.connections == setup + 1


def test_a_verifier_is_taken_once(x: XEmulator, client: Client) -> None:
    token, secret, verifier = x.request_token(PERSON)
    data = {"oauth_token": token, "oauth_token_secret": secret, "oauth_verifier": verifier}
    Twitter().claims(values(x), data, outside(x, client))
    with pytest.raises(UpstreamRefused) as caught:
        Twitter().claims(values(x), data, outside(x, client))
    assert caught.value.code == "TwitterAccessToken"


@pytest.mark.parametrize("member", ["oauth_token", "oauth_token_secret", "oauth_verifier"])
def test_a_wrong_part_of_the_request_token_is_refused(x: XEmulator, client: Client, member: str) -> None:
    token, secret, verifier = x.request_token(PERSON)
    data = {"oauth_token": token, "oauth_token_secret": secret, "oauth_verifier": verifier, member: "something else"}
    with pytest.raises(UpstreamRefused) as caught:
        Twitter().claims(values(x), data, outside(x, client))
    assert (caught.value.code, caught.value.data["status"]) == ("TwitterAccessToken", 401)


def test_tokens_of_another_app_are_refused(x: XEmulator, client: Client) -> None:
    token, secret = x.access_token(PERSON)
    ours = {"consumer_key": x.consumer_key, "consumer_secret": "of another app"}
    with pytest.raises(UpstreamRefused) as caught:
        Twitter().claims(ours, {"oauth_token": token, "oauth_token_secret": secret}, outside(x, client))
    assert (caught.value.code, caught.value.data["twitterCodes"]) == ("TwitterVerifyCredentials", [32])


@pytest.mark.parametrize("kind", [kind for kind in FATAL if Endpoint.VERIFY_CREDENTIALS in KINDS[kind].endpoints])
@FORMS
def test_each_fault_while_the_user_is_read_is_a_refusal(x: XEmulator, client: Client, form: Any, kind: str) -> None:
    x.fault(kind, endpoint="verify_credentials")
    with pytest.raises(UpstreamRefused) as caught:
        form(x, client)
    expected = "MissingUniqueId" if kind in {"missing_id", "wrong_id_type"} else "TwitterVerifyCredentials"
    assert caught.value.code == expected
    assert caught.value.data["reason"]
    assert caught.value.data.get("twitterCodes", []) == ([KINDS[kind].code] if KINDS[kind].code else [])


@pytest.mark.parametrize("kind", [kind for kind in FATAL if Endpoint.ACCESS_TOKEN in KINDS[kind].endpoints])
def test_each_fault_of_the_exchange_is_a_refusal(x: XEmulator, client: Client, kind: str) -> None:
    x.fault(kind, endpoint="access_token")
    with pytest.raises(UpstreamRefused) as caught:
        by_verifier(x, client)
    assert caught.value.code == "TwitterAccessToken"
    assert exchanges(x) == 1


def exchanges(x: XEmulator) -> int:
    """How many exchanges X has seen; it notes a call once it is done with it, which may be after we are."""
    end = time.monotonic() + 5
    while not (seen := [call for call in x.calls() if call["path"] == "/oauth/access_token"]):
        assert time.monotonic() < end
        time.sleep(0.01)
    return len(seen)


def test_a_slow_x_is_a_timeout(x: XEmulator, hasty_client: Client) -> None:
    x.fault("slow", ms=2_000)
    began = time.monotonic()
    with pytest.raises(UpstreamRefused) as caught:
        by_access_token(x, hasty_client)
    assert caught.value.data == {"reason": "timeout"}
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("endpoint", ["access_token", "verify_credentials"])
@pytest.mark.parametrize("seconds", [3_600, -3_600])
def test_a_clock_that_is_off_is_followed(x: XEmulator, client: Client, endpoint: str, seconds: int) -> None:
    x.fault("clock_skew", seconds=seconds, endpoint=endpoint)
    claims = by_verifier(x, client) if endpoint == "access_token" else by_access_token(x, client)
    assert claims.username == x.person(PERSON)["screen_name"]


def test_an_email_that_x_keeps_back_is_absent(x: XEmulator, client: Client) -> None:
    x.fault("no_email")
    assert by_access_token(x, client).email is None


@pytest.mark.parametrize(
    ("kind", "code"),
    [("callback_not_approved", "TwitterRequestToken"), ("callback_unconfirmed", "TwitterCallbackUnconfirmed")],
)
def test_a_request_token_fault_has_its_code(x: XEmulator, client: Client, kind: str, code: str) -> None:
    x.fault(kind)
    with pytest.raises(UpstreamRefused) as caught:
        Twitter().start(values(x), "http://127.0.0.1/callback", outside(x, client))
    assert caught.value.code == code


def test_a_request_token_sends_the_browser_to_x(x: XEmulator, client: Client) -> None:
    made = Twitter().start(values(x), "http://127.0.0.1/callback", outside(x, client))
    assert made.authorization_url == f"{x.url}/oauth/authenticate?oauth_token={made.handle}"
