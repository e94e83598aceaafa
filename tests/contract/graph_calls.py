"""Calls of the emulated Facebook, as an app and a browser make them."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from tests.fakes.graph import GraphEmulator

CALLBACK = "https://app.example.com/back"


class Time:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def get(graph: GraphEmulator, path: str, token: str | None = None, **parameters: Any) -> requests.Response:
    """A read of Graph with this token; a version may be in the path."""
    query = ({} if token is None else {"access_token": token}) | parameters
    return requests.get(graph.url + path, params=query, allow_redirects=False, timeout=10)


def exchange(graph: GraphEmulator, bought: str, **members: Any) -> requests.Response:
    """Buy a token for a code; None takes a member away."""
    usual = {"client_id": graph.app_id, "client_secret": graph.app_secret, "redirect_uri": CALLBACK, "code": bought}
    given = {name: value for name, value in (usual | members).items() if value is not None}
    return requests.get(f"{graph.url}/v26.0/oauth/access_token", params=given, timeout=10)


def as_app(graph: GraphEmulator, **members: str) -> requests.Response:
    """Ask for a token with the app's own credentials."""
    credentials = {"client_id": graph.app_id, "client_secret": graph.app_secret}
    return requests.post(f"{graph.url}/oauth/access_token", data=credentials | members, timeout=10)


def proof(graph: GraphEmulator, token: str) -> str:
    return hmac.new(graph.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def error(answer: requests.Response) -> dict[str, Any]:
    """The members of Graph's error but its trace, which is checked here."""
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    [(name, found)] = answer.json().items()
    assert name == "error"
    assert found.pop("fbtrace_id") == answer.headers["x-fb-trace-id"]
    challenge = answer.headers.get("WWW-Authenticate")
    assert (challenge is not None) == (found["type"] == "OAuthException")
    return dict(found)


def refused(answer: requests.Response) -> tuple[int, int, int | None]:
    """Status, code and subcode of an error."""
    found = error(answer)
    return answer.status_code, found["code"], found.get("error_subcode")


def dialog(graph: GraphEmulator, answer: dict[str, str], **members: str) -> requests.Response:
    """The Login dialog, answered by somebody."""
    wish = {"client_id": graph.app_id, "redirect_uri": CALLBACK, "state": "kept & whole", "scope": "email"} | members
    url = f"{graph.url}/v26.0/dialog/oauth"
    return requests.post(url, params=wish, data=answer, allow_redirects=False, timeout=10)


def brought(answer: requests.Response) -> dict[str, str]:
    """What the browser brings back to the app."""
    assert answer.status_code == 302
    parts = urlsplit(answer.headers["Location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == CALLBACK
    assert parts.fragment == "_=_"
    return dict(parse_qsl(parts.query, strict_parsing=True))
