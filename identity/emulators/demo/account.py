"""Who has signed in, as the demo remembers it and shows it. Tokens are shown by their length and fingerprint only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

INSTANTS = ("auth_time", "exp", "iat", "nbf")
"""Claims that are seconds since 1970."""
TOKENS = ("access_token", "id_token", "refresh_token")


@dataclass(frozen=True, slots=True)
class Account:
    """What the page says of one person. `claims` and `tokens` are rows of a table."""

    name: str
    email: str
    picture: str | None
    roles: tuple[str, ...]
    claims: tuple[tuple[str, str], ...]
    tokens: tuple[tuple[str, str], ...]
    is_refreshable: bool


def remembered(token: Mapping[str, Any], claims: Mapping[str, Any], userinfo: Mapping[str, Any]) -> dict[str, Any]:
    """What goes into the session: claims and userinfo, the refresh token, and of the other tokens how they look."""
    return {
        "claims": dict(claims),
        "userinfo": dict(userinfo),
        "refresh_token": token.get("refresh_token"),
        "tokens": {name: _look(str(token[name])) for name in TOKENS if token.get(name)},
        "lifetime": token.get("expires_in"),
    }


def account_of(known: Mapping[str, Any], picture_origins: tuple[str, ...]) -> Account:
    """The page's view of what `remembered` has kept. A picture of any other origin is not loaded."""
    claims, userinfo = known["claims"], known["userinfo"]
    everything = {**claims, **userinfo}
    name = next(
        (str(everything[key]) for key in ("name", "preferred_username", "email", "sub") if everything.get(key)), ""
    )
    return Account(
        name=name,
        email=str(everything.get("email") or ""),
        picture=_own(everything.get("picture"), picture_origins),
        roles=tuple(str(role) for role in everything.get("roles") or ()),
        claims=tuple((key, _words(key, claims[key])) for key in sorted(claims)),
        tokens=tuple((key, known["tokens"][key]) for key in TOKENS if key in known["tokens"]),
        is_refreshable=bool(known.get("refresh_token")),
    )


def _look(token: str) -> str:
    return f"{len(token)} characters, SHA-256 {hashlib.sha256(token.encode()).hexdigest()[:8]}…"


def _own(picture: object, origins: tuple[str, ...]) -> str | None:
    if not isinstance(picture, str):
        return None
    parts = urlsplit(picture)
    return picture if f"{parts.scheme}://{parts.netloc}" in origins else None


def _words(name: str, value: object) -> str:
    if name in INSTANTS and isinstance(value, int):
        return f"{value} ({datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC)"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return value if isinstance(value, str) else json.dumps(value)
