"""Whether a browser page of another origin may make a call, and what the answer tells the browser.

Source: login contract 1.5. Pure: the front end reads the request and writes the headers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

ANYBODY = "*"
NEVER = ("/account", "/admin", "/support", "/ajax")
"""Paths of an administrator's or a user's own pages: no other origin's page calls them."""

DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Cors:
    """The settings. Header names keep their letter case, origins are `normal_origin`s."""

    enabled: bool
    allow_credentials: bool
    allowed_headers: tuple[str, ...]
    allowed_methods: frozenset[str]
    allowed_origins: frozenset[str]
    exposed_headers: tuple[str, ...]
    preflight_max_age_in_seconds: int
    debug: bool


@dataclass(frozen=True, slots=True)
class CrossOriginCall:
    """A call that names an origin other than the server's own."""

    origin: str
    method: str
    path: str
    requested_method: str | None = None
    """Of a preflight: the method of the call that is to follow."""

    requested_headers: str = ""

    @property
    def is_preflight(self) -> bool:
        return self.method == "OPTIONS" and self.requested_method is not None


@dataclass(frozen=True, slots=True)
class Refusal:
    """403; the reason is for the event log."""

    reason: str


def normal_origin(text: str) -> str | None:
    """An origin in the form that browsers send: lower case, no default port, no slash; None for what is none."""
    lowered = text.strip().lower().removesuffix("/")
    if not _ORIGIN.fullmatch(lowered):
        return None
    port = DEFAULT_PORTS.get(lowered.partition("://")[0])
    return lowered.removesuffix(port) if port else lowered


def judge_call(cors: Cors, call: CrossOriginCall) -> Mapping[str, str] | Refusal:
    """The headers that let the browser go on, or why it may not."""
    if not cors.enabled:
        return Refusal("CORS is not enabled")
    if any(call.path == path or call.path.startswith(f"{path}/") for path in NEVER):
        return Refusal("this path is never open to other origins")
    if ANYBODY not in cors.allowed_origins and normal_origin(call.origin) not in cors.allowed_origins:
        return Refusal("the origin is not allowed")
    method = call.requested_method if call.is_preflight else call.method
    if method not in cors.allowed_methods:
        return Refusal("the method is not allowed")
    if call.is_preflight and (unknown := _unknown_headers(cors, call.requested_headers)):
        return Refusal(f"{unknown} of the request's headers are not allowed")
    return _who(cors, call.origin) | (_preflight(cors, str(method)) if call.is_preflight else _actual(cors))


def _unknown_headers(cors: Cors, requested: str) -> int:
    allowed = {name.lower() for name in cors.allowed_headers}
    named = (name.strip().lower() for name in requested.split(","))
    return sum(1 for name in named if name and name not in allowed)


def _who(cors: Cors, origin: str) -> dict[str, str]:
    if ANYBODY in cors.allowed_origins and not cors.allow_credentials:
        return {"Access-Control-Allow-Origin": ANYBODY}
    credentials = {"Access-Control-Allow-Credentials": "true"} if cors.allow_credentials else {}
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} | credentials


def _preflight(cors: Cors, method: str) -> dict[str, str]:
    headers = {"Access-Control-Allow-Methods": method}
    if cors.allowed_headers:
        headers["Access-Control-Allow-Headers"] = ",".join(cors.allowed_headers)
    if cors.preflight_max_age_in_seconds > 0:
        headers["Access-Control-Max-Age"] = str(cors.preflight_max_age_in_seconds)
    return headers


def _actual(cors: Cors) -> dict[str, str]:
    return {"Access-Control-Expose-Headers": ",".join(cors.exposed_headers)} if cors.exposed_headers else {}
