"""Our signer against the contract's vectors and against oauthlib."""

from __future__ import annotations

from urllib.parse import quote, unquote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth1 import Client
from oauthlib.oauth1.rfc5849.utils import parse_authorization_header

from identity.providers.twitter.oauth1 import authorization_header, encode, form_body

VERIFY = "https://api.twitter.com/1.1/account/verify_credentials.json"
TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)
NAMED = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=20).filter(
    lambda name: not name.startswith("oauth_signature")  # never signed, and no field of ours
)
FIELDS = st.lists(st.tuples(NAMED, TEXT), max_size=5)


def parameters(header: str) -> dict[str, str]:
    return {name: unquote(value) for name, value in parse_authorization_header(header)}


def sign(method: str, url: str, **more: object) -> dict[str, str]:
    given_values: dict[str, object] = {
        "consumer_key": "ck",
        "consumer_secret": "cs",
        "nonce": "n0nce",
        "timestamp": 1700000000,
        **more,
    }
    return parameters(authorization_header(method, url, **given_values))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "url", "more", "signature"),
    [
        (
            "POST",
            "https://api.twitter.com/oauth/request_token",
            {"callback": "https://login.example.com/oauth2/callback"},
            "52NbMskh/zgpzrKX3g3E4sVYAGo=",
        ),
        (
            "POST",
            "https://api.twitter.com/oauth/access_token",
            {"token": "rt", "token_secret": "rts", "params": [("oauth_verifier", "ver")]},
            "BsZG9XM1IDJwB8T2HL55AAOIXy4=",
        ),
        (
            "GET",
            f"{VERIFY}?include_email=true&include_entities=false&skip_status=true",
            {"token": "at", "token_secret": "ats"},
            "rhqbLBCLCeUq0Jy/rdPIjrk9usI=",
        ),
    ],
)
def test_the_vectors_of_the_contract(method: str, url: str, more: dict[str, object], signature: str) -> None:
    assert sign(method, url, **more)["oauth_signature"] == signature


def test_the_verifier_stays_in_the_body() -> None:
    header = sign("POST", "https://api.twitter.com/oauth/access_token", params=[("oauth_verifier", "ver")])
    assert "oauth_verifier" not in header
    assert form_body([("oauth_verifier", "v e+r&")]) == b"oauth_verifier=v%20e%2Br%26"


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("HTTPS://API.Twitter.com:443/1.1/x.json?b=2&a=1", "https://api.twitter.com/1.1/x.json?a=1&b=2"),
        ("http://127.0.0.1:80/x", "http://127.0.0.1/x"),
        ("http://127.0.0.1", "http://127.0.0.1/"),
        ("https://x.example/p?a=b+c", "https://x.example/p?a=b%20c"),
    ],
)
def test_spellings_of_one_url_have_one_signature(url: str, same: str) -> None:
    assert sign("GET", url)["oauth_signature"] == sign("GET", same)["oauth_signature"]


def test_another_port_is_another_signature() -> None:
    assert (
        sign("GET", "http://127.0.0.1:81/x")["oauth_signature"] != sign("GET", "http://127.0.0.1/x")["oauth_signature"]
    )


@given(NAMED, TEXT, NAMED, TEXT, FIELDS, FIELDS, st.text("0123456789abcdef", min_size=1), st.integers(0, 2**40))
def test_oauthlib_agrees_on_every_request(
    key: str, secret: str, token: str, token_secret: str, query: object, form: object, nonce: str, timestamp: int
) -> None:
    pairs = [(str(name), str(value)) for name, value in query]  # type: ignore[attr-defined]
    fields = [(str(name), str(value)) for name, value in form]  # type: ignore[attr-defined]
    url = "https://api.twitter.com/1.1/x.json" + (f"?{urlencode(pairs, quote_via=quote)}" if pairs else "")
    oracle = Client(key, secret, token, token_secret, nonce=nonce, timestamp=str(timestamp))
    body, headers = None, {}
    if fields:
        body, headers = form_body(fields).decode(), {"Content-Type": "application/x-www-form-urlencoded"}
    _, signed, _ = oracle.sign(url, "POST" if fields else "GET", body=body, headers=headers)
    ours = sign(
        "POST" if fields else "GET",
        url,
        consumer_key=key,
        consumer_secret=secret,
        token=token,
        token_secret=token_secret,
        nonce=nonce,
        timestamp=timestamp,
        params=fields,
    )
    assert ours == parameters(signed["Authorization"])


@given(st.text(max_size=30))
def test_encoding_leaves_only_unreserved_characters(text: str) -> None:
    unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%"
    assert set(encode(text)) <= set(unreserved)
    assert unquote(encode(text), errors="surrogatepass") == text
