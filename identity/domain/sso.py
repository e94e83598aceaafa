"""The life of an SSO session: a browser that stays signed in to the applications of a tenant.

It ends when nobody used it for `httpSessionMaxInactiveInterval` seconds, and however much it is used when the tenant's
refresh tokens would end (or after that interval, where it is longer). Source: docs/decisions/0020-sso-sessions.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from identity.domain.tokens import MINUTE, SECOND, JwtConfiguration, RefreshTokenTimes

IDLE_SECONDS = 3_600
"""Source: supporting contract 6.5, httpSessionMaxInactiveInterval."""


@dataclass(frozen=True, slots=True)
class SsoPolicy:
    """What a tenant says of its SSO sessions, in milliseconds."""

    idle: int
    most: int

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> SsoPolicy:
        """From a tenant's settings; a member that was stored by an older release may be absent."""
        idle = settings.get("http_session_max_inactive_interval", IDLE_SECONDS) * SECOND
        jwt: Mapping[str, Any] = settings.get("jwt_configuration") or {}
        fallback = JwtConfiguration().refresh_token_time_to_live_in_minutes
        lives = jwt.get("refresh_token_time_to_live_in_minutes", fallback) * MINUTE
        return cls(idle, max(idle, lives))

    @property
    def enabled(self) -> bool:
        """An interval of nothing switches single sign-on off."""
        return self.idle > 0

    def end(self, times: RefreshTokenTimes) -> int:
        """The instant at which a session is over unless it is used before."""
        return min(times.start_instant + self.idle, times.insert_instant + self.most)


def is_too_old(auth_instant: int, most_seconds: int | None, now: int) -> bool:
    """Whether the login that a session rests on is older than a client accepts (max_age; 0 accepts none)."""
    return most_seconds is not None and (most_seconds == 0 or now - auth_instant > most_seconds * SECOND)
