"""A sign-in that has begun here, kept sealed in the browser that began it until it comes back, once.

Each has a cookie of its own, so that two pages of one browser do not disturb each other. Its name is made of the state
that goes through the login: whoever comes back with another state, or in another browser, has no cookie that opens.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

import orjson
from flask import Request, Response

from identity.flows.services import Services
from identity.http.pages.browser_cookie import cookie_name
from identity.sealing import CannotOpen, Place
from identity.store.external_identifiers import hash_of

PREFIX = "app.begun."
LIFE_SECONDS = 3600
"""A registration with a mail to be answered takes its time."""

MOST = 3
"""Sign-ins of one browser at a time: the oldest ones are forgotten."""

LONGEST = 3_500
"""Characters of a cookie; browsers keep no more than 4096 bytes with name and attributes."""


class TooLong(Exception):
    """A cookie does not hold this."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What is needed when it comes back. `state` is the application's own, `instant` in epoch milliseconds."""

    client_id: str
    redirect_uri: str
    state: str | None
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    instant: int

    @property
    def client(self) -> UUID:
        return UUID(self.client_id)


def keep(services: Services, request: Request, response: Response, state: str, begun: Begun) -> None:
    """Raises TooLong."""
    name = _name(services, state)
    sealed = services.sealer.seal(orjson.dumps(asdict(begun)).decode(), _place(name))
    if len(sealed) > LONGEST:
        raise TooLong
    others = sorted(_all(services, request), key=lambda other: other[1], reverse=True)
    for old, _ in others[MOST - 1 :]:
        _set(services, response, old, "", 0)
    _set(services, response, name, sealed, LIFE_SECONDS)


def find(services: Services, request: Request, state: str) -> Begun | None:
    """What this browser has begun with this state; None when it has not, or too long ago."""
    begun = _opened(services, request, _name(services, state))
    if begun is None or services.runtime.now() - begun.instant > LIFE_SECONDS * 1000:
        return None
    return begun


def forget(services: Services, response: Response, state: str) -> None:
    _set(services, response, _name(services, state), "", 0)


def _name(services: Services, state: str) -> str:
    return cookie_name(f"{PREFIX}{hash_of(state).hex()[:32]}", secure=services.settings.secure_cookies)


def _all(services: Services, request: Request) -> list[tuple[str, int]]:
    """The names of the cookies that are there, and when each was begun; what does not open is the oldest."""
    prefix = cookie_name(PREFIX, secure=services.settings.secure_cookies)
    names = [name for name in request.cookies if name.startswith(prefix)]
    opened = ((name, _opened(services, request, name)) for name in names)
    return [(name, begun.instant if begun else 0) for name, begun in opened]


def _opened(services: Services, request: Request, name: str) -> Begun | None:
    sealed = request.cookies.get(name, "")
    try:
        members: dict[str, Any] = orjson.loads(services.sealer.open(sealed, _place(name)))
    except CannotOpen:
        return None
    return Begun(**members)


def _place(name: str) -> Place:
    return Place("hosted_backend", name, "begun")


def _set(services: Services, response: Response, name: str, value: str, seconds: int) -> None:
    secure = services.settings.secure_cookies
    response.set_cookie(name, value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="Lax")
