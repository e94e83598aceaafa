"""Calls of the emulated X, signed by requests-oauthlib: the outside judge of the emulator."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import requests
from requests_oauthlib import OAuth1

from tests.fakes.x import XEmulator

VERIFY = "/1.1/account/verify_credentials.json"


def signed(x: XEmulator, token: str | None = None, secret: str | None = None, **options: Any) -> OAuth1:
    """The signature of the emulator's application, with a token or without."""
    return OAuth1(x.consumer_key, x.consumer_secret, token, secret, **options)


def verify(
    x: XEmulator, person: str = "alice", query: str = "?include_email=true", **options: Any
) -> requests.Response:
    """verify_credentials as this person."""
    return requests.get(x.url + VERIFY + query, auth=signed(x, *x.access_token(person), **options), timeout=10)


def ask_request_token(x: XEmulator, callback: str = "https://app.example.com/cb", **options: Any) -> requests.Response:
    """Leg one."""
    auth = signed(x, callback_uri=callback, **options)
    return requests.post(f"{x.url}/oauth/request_token", auth=auth, timeout=10)


def exchange(x: XEmulator, token: str, secret: str, verifier: str, **options: Any) -> requests.Response:
    """Leg three, the verifier in the form body."""
    auth = signed(x, token, secret, **options)
    return requests.post(f"{x.url}/oauth/access_token", data={"oauth_verifier": verifier}, auth=auth, timeout=10)


def code(answer: requests.Response) -> int:
    """The one error code of X's JSON error body."""
    errors = answer.json()["errors"]
    assert len(errors) == 1
    assert set(errors[0]) == {"code", "message"}
    return int(errors[0]["code"])


def form(answer: requests.Response) -> dict[str, str]:
    """The members of a form-encoded answer."""
    return {name: values[0] for name, values in parse_qs(answer.text, strict_parsing=True).items()}
