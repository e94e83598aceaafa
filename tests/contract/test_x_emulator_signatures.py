"""The emulator believes exactly what was signed: judged by oauthlib and by the vectors of the login contract, 7.3."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import requests
from oauthlib.oauth1 import SIGNATURE_TYPE_BODY, SIGNATURE_TYPE_QUERY

from identity.emulators.x import signature
from identity.emulators.x.tokens import REQUEST_TOKEN_SECONDS
from identity.emulators.x.verification import TIMESTAMP_WINDOW, Nonces
from tests.contract.x_calls import VERIFY, ask_request_token, code, exchange, form, signed, verify
from tests.fakes.x import XEmulator


@pytest.fixture
def x() -> Iterator[XEmulator]:
    with XEmulator() as emulator:
        yield emulator


PROTOCOL = {
    "oauth_consumer_key": "ck",
    "oauth_nonce": "n0nce",
    "oauth_signature_method": "HMAC-SHA1",
    "oauth_timestamp": "1700000000",
    "oauth_version": "1.0",
}
VECTORS = [
    (
        "POST",
        "https://api.twitter.com/oauth/request_token",
        {"oauth_callback": "https://login.example.com/oauth2/callback"},
        "",
        "52NbMskh/zgpzrKX3g3E4sVYAGo=",
    ),
    (
        "POST",
        "https://api.twitter.com/oauth/access_token",
        {"oauth_token": "rt", "oauth_verifier": "ver"},
        "rts",
        "BsZG9XM1IDJwB8T2HL55AAOIXy4=",
    ),
    (
        "GET",
        "https://api.twitter.com/1.1/account/verify_credentials.json"
        "?include_email=true&include_entities=false&skip_status=true",
        {"oauth_token": "at"},
        "ats",
        "rhqbLBCLCeUq0Jy/rdPIjrk9usI=",
    ),
]


@pytest.mark.parametrize(("method", "url", "extra", "secret", "expected"), VECTORS)
def test_the_vectors_of_contract_7_3_come_out(
    method: str, url: str, extra: dict[str, str], secret: str, expected: str
) -> None:
    text = signature.base_string(method, url, (PROTOCOL | extra).items())
    assert signature.hmac_sha1(text, "cs", secret) == expected


def test_the_base_string_of_rfc_5849_section_3_4_1_comes_out() -> None:
    header = (
        'OAuth realm="Example", oauth_consumer_key="9djdj82h48djs9d2", oauth_token="kkk9d7dh3k39sjv7", '
        'oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131201", oauth_nonce="7d8f3e4a", '
        'oauth_signature="bYT5CMsGcbgUdFHObYMEfcx6bsw%3D"'
    )
    parameters = (*signature.authorization_parameters(header), *signature.encoded_parameters("c2&a3=2+q"))
    assert signature.base_string(
        "POST", "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", parameters
    ) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D"
        "%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1"
        "%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


@pytest.mark.parametrize("where", ["AUTH_HEADER", SIGNATURE_TYPE_QUERY])
def test_a_request_signed_by_oauthlib_is_accepted_from_header_and_query(x: XEmulator, where: str) -> None:
    answer = verify(x, query="?include_email=true&odd=%C3%A9%20%2B%26~", signature_type=where)
    assert answer.status_code == 200
    assert answer.json()["id_str"] == "2244994945"


def test_protocol_parameters_may_all_travel_in_the_form_body(x: XEmulator) -> None:
    token, secret, verifier = x.request_token("alice")
    answer = exchange(x, token, secret, verifier, signature_type=SIGNATURE_TYPE_BODY)
    assert answer.status_code == 200
    assert form(answer)["screen_name"] == "alice"


def test_the_verifier_is_taken_from_the_header_as_well(x: XEmulator) -> None:
    token, secret, verifier = x.request_token("alice")
    auth = signed(x, token, secret, verifier=verifier)
    answer = requests.post(f"{x.url}/oauth/access_token", auth=auth, timeout=10)
    assert answer.status_code == 200


def test_a_verifier_in_both_places_is_refused_and_not_used_up(x: XEmulator) -> None:
    token, secret, verifier = x.request_token("alice")
    auth = signed(x, token, secret, verifier=verifier)
    twice = requests.post(f"{x.url}/oauth/access_token", data={"oauth_verifier": verifier}, auth=auth, timeout=10)
    assert (twice.status_code, code(twice)) == (400, 215)
    assert "oauth_verifier given more than once" in x.calls()[0]["reason"]
    assert exchange(x, token, secret, verifier).status_code == 200


def prepared(x: XEmulator, **options: str) -> requests.PreparedRequest:
    """A signed verify_credentials request, not sent yet."""
    auth = signed(x, *x.access_token("alice"), **options)
    return requests.Request("GET", f"{x.url}{VERIFY}?include_email=true", auth=auth).prepare()


def send(request: requests.PreparedRequest) -> requests.Response:
    with requests.Session() as session:
        return session.send(request, timeout=10)


def test_an_altered_parameter_is_refused(x: XEmulator) -> None:
    request = prepared(x)
    request.url = request.url.replace("include_email=true", "include_email=1")
    answer = send(request)
    assert (answer.status_code, code(answer)) == (401, 32)
    assert answer.json()["errors"][0]["message"] == "Could not authenticate you."
    assert x.calls()[0]["result"] == "refused"


def test_a_replayed_nonce_is_refused(x: XEmulator) -> None:
    request = prepared(x)
    assert send(request).status_code == 200
    answer = send(request)
    assert (answer.status_code, code(answer)) == (401, 32)
    assert x.calls()[0]["reason"] == "this nonce was used before"


def test_a_forged_request_does_not_spend_the_nonce(x: XEmulator) -> None:
    request = prepared(x)
    good = request.url
    request.url = good.replace("include_email=true", "include_email=0")
    assert send(request).status_code == 401
    request.url = good
    assert send(request).status_code == 200


@pytest.mark.parametrize("difference", [-TIMESTAMP_WINDOW - 5, TIMESTAMP_WINDOW + 5])
def test_a_timestamp_outside_the_window_is_refused(difference: int) -> None:
    with XEmulator(clock=lambda: 1_700_000_000.0) as x:
        answer = verify(x, timestamp=str(1_700_000_000 + difference))
    assert (answer.status_code, code(answer)) == (401, 135)
    assert answer.headers["Date"] == "Tue, 14 Nov 2023 22:13:20 GMT"


@pytest.mark.parametrize("difference", [-TIMESTAMP_WINDOW, TIMESTAMP_WINDOW])
def test_a_timestamp_at_the_edge_of_the_window_is_accepted(difference: int) -> None:
    with XEmulator(clock=lambda: 1_700_000_000.0) as x:
        assert verify(x, timestamp=str(1_700_000_000 + difference)).status_code == 200


@pytest.mark.parametrize("timestamp", ["-1", "1e9", "1700000000.0", "٣٣", "9" * 40])
def test_a_timestamp_that_is_no_number_of_seconds_is_refused(x: XEmulator, timestamp: str) -> None:
    answer = verify(x, timestamp=timestamp)
    assert (answer.status_code, code(answer)) == (401, 135)


def test_another_consumer_key_is_refused(x: XEmulator) -> None:
    token, secret = x.access_token("alice")
    x.consumer_key = "somebody-else"
    answer = requests.get(x.url + VERIFY, auth=signed(x, token, secret), timeout=10)
    assert (answer.status_code, code(answer)) == (401, 32)


def test_a_token_of_another_application_is_refused(x: XEmulator) -> None:
    theirs = {"key": "theirs", "secret": "their-secret"}
    ours = {"key": x.consumer_key, "secret": x.consumer_secret}
    x.control("PUT", "settings", {"consumers": [ours, theirs]})
    made = x.control("POST", "tokens", {"person": "alice", "consumer": "theirs"})
    auth = signed(x, made["oauth_token"], made["oauth_token_secret"])
    answer = requests.get(x.url + VERIFY, auth=auth, timeout=10)
    assert (answer.status_code, code(answer)) == (401, 32)
    assert x.calls()[0]["reason"] == "the token was issued to another application"


def test_a_swapped_token_secret_is_refused(x: XEmulator) -> None:
    (alice, _), (_, bobs_secret) = x.access_token("alice"), x.access_token("bob")
    answer = requests.get(x.url + VERIFY, auth=signed(x, alice, bobs_secret), timeout=10)
    assert (answer.status_code, code(answer)) == (401, 32)


def test_a_wrong_consumer_secret_is_refused(x: XEmulator) -> None:
    x.consumer_secret = "wrong"
    answer = verify(x)
    assert (answer.status_code, code(answer)) == (401, 32)


def test_a_missing_token_secret_is_named_to_the_developer(x: XEmulator) -> None:
    token, _ = x.access_token("alice")
    answer = requests.get(x.url + VERIFY, auth=signed(x, token, ""), timeout=10)
    assert (answer.status_code, code(answer)) == (401, 32)
    assert x.calls()[0]["reason"] == "the signature was made without the token secret"


def test_an_unknown_or_revoked_token_is_refused(x: XEmulator) -> None:
    answer = requests.get(x.url + VERIFY, auth=signed(x, "no-such-token", "secret"), timeout=10)
    assert (answer.status_code, code(answer)) == (401, 89)
    token, secret = x.access_token("alice")
    x.control("DELETE", f"tokens/{token}")
    answer = requests.get(x.url + VERIFY, auth=signed(x, token, secret), timeout=10)
    assert (answer.status_code, code(answer)) == (401, 89)


def test_a_request_token_does_not_open_the_user(x: XEmulator) -> None:
    token, secret, _ = x.request_token("alice")
    answer = requests.get(x.url + VERIFY, auth=signed(x, token, secret), timeout=10)
    assert (answer.status_code, code(answer)) == (401, 89)


def test_a_call_without_access_token_may_not_see_a_user(x: XEmulator) -> None:
    answer = requests.get(x.url + VERIFY, auth=signed(x), timeout=10)
    assert (answer.status_code, code(answer)) == (403, 220)


def test_a_verifier_works_once(x: XEmulator) -> None:
    token, secret, verifier = x.request_token("alice")
    assert exchange(x, token, secret, verifier).status_code == 200
    again = exchange(x, token, secret, verifier)
    assert (again.status_code, again.text) == (401, "Invalid request token.")


@pytest.mark.parametrize("verifier", ["wrong", "", "vérifié"])
def test_a_wrong_or_missing_verifier_is_refused_in_plain_text(x: XEmulator, verifier: str) -> None:
    token, secret, right = x.request_token("alice")
    answer = exchange(x, token, secret, verifier)
    assert answer.status_code == 401
    assert answer.text == "Error processing your OAuth request: Invalid oauth_verifier parameter"
    assert exchange(x, token, secret, right).status_code == 200


def test_a_request_token_without_consent_cannot_be_exchanged(x: XEmulator) -> None:
    issued = form(ask_request_token(x))
    answer = exchange(x, issued["oauth_token"], issued["oauth_token_secret"], "guess")
    assert answer.status_code == 401
    assert x.calls()[0]["reason"] == "nobody has consented to this request token"


def test_a_request_token_dies_after_ten_minutes() -> None:
    now = [time.time()]
    with XEmulator(clock=lambda: now[0]) as x:
        token, secret, verifier = x.request_token("alice")
        now[0] += REQUEST_TOKEN_SECONDS + 1
        answer = exchange(x, token, secret, verifier, timestamp=str(int(now[0])))
    assert (answer.status_code, answer.text) == (401, "Invalid request token.")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer abc",
        "OAuth",
        "OAuth oauth_token=unquoted",
        'OAuth oauth_token="%FF"',
        'OAuth oauth_token="a" oauth_nonce="b"',
        'OAuth oauth_token="a"',
    ],
)
def test_bad_authentication_data_is_refused_with_215(x: XEmulator, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = requests.get(x.url + VERIFY, headers=headers, timeout=10)
    assert (answer.status_code, code(answer)) == (400, 215)


@pytest.mark.parametrize("body", ["oauth_verifier=%FF", "oauth_verifier=\u00e9".encode()])
def test_a_form_that_cannot_be_decoded_is_refused_with_215(x: XEmulator, body: str | bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": 'OAuth oauth_token="a"'}
    answer = requests.post(f"{x.url}/oauth/access_token", data=body, headers=headers, timeout=10)
    assert (answer.status_code, code(answer)) == (400, 215)


def test_a_request_token_is_not_asked_for_with_a_token(x: XEmulator) -> None:
    auth = signed(x, *x.access_token("alice"), callback_uri="oob")
    answer = requests.post(f"{x.url}/oauth/request_token", auth=auth, timeout=10)
    assert (answer.status_code, code(answer)) == (400, 215)


def edited(x: XEmulator, old: str, new: str) -> requests.Response:
    """A signed request whose Authorization header was changed."""
    request = prepared(x)
    header = request.headers["Authorization"]
    text = header.decode() if isinstance(header, bytes) else header
    assert old in text
    request.headers["Authorization"] = text.replace(old, new)
    return send(request)


def test_a_parameter_given_twice_is_refused(x: XEmulator) -> None:
    answer = edited(x, "OAuth ", 'OAuth oauth_version="1.0", ')
    assert (answer.status_code, code(answer)) == (400, 215)


def test_another_oauth_version_is_refused(x: XEmulator) -> None:
    answer = edited(x, 'oauth_version="1.0"', 'oauth_version="2.0"')
    assert (answer.status_code, code(answer)) == (400, 215)


def test_another_signature_method_is_refused(x: XEmulator) -> None:
    answer = verify(x, signature_method="PLAINTEXT")
    assert (answer.status_code, code(answer)) == (401, 32)


def test_old_nonces_are_forgotten_beyond_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("identity.emulators.x.verification.REMEMBERED_NONCES", 2)
    nonces = Nonces()
    assert [nonces.spend("consumer", str(number)) for number in range(3)] == [True, True, True]
    assert nonces.spend("consumer", "2") is False
    assert nonces.spend("consumer", "0") is True
