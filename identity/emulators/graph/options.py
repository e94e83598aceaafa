"""What an emulator is started with: the apps it knows, how long its tokens live, and its clock."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

SHORT_SECONDS = 2 * 3_600
"""Facebook says "about an hour or two"."""
LONG_SECONDS = 60 * 86_400
"""Facebook says "about 60 days"."""


@dataclass(frozen=True, slots=True)
class App:
    """An app registered with Facebook."""

    id: str
    """Decimal digits."""
    secret: str = field(repr=False)
    name: str = "Test app"
    redirect_uris: tuple[str, ...] | None = None
    """The valid OAuth redirect URIs; None approves every one."""
    require_proof: bool = False
    """Whether every call with a token must bring its appsecret_proof."""
    email_permission: bool = True
    """Whether the app may ask people for their e-mail address."""

    @property
    def tokens(self) -> tuple[str, str]:
        """Its app access token, and the other form of it, which holds the secret."""
        digest = hmac.new(self.secret.encode(), b"app access token", hashlib.sha256).digest()
        return f"{self.id}|{base64.urlsafe_b64encode(digest)[:27].decode()}", f"{self.id}|{self.secret}"


def random_app() -> App:
    """An app with fresh credentials: there are no fixed ones."""
    return App(id=str(10**15 + secrets.randbelow(9 * 10**15)), secret=secrets.token_hex(16))


def _one_random_app() -> tuple[App, ...]:
    return (random_app(),)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the control API may change while the emulator runs."""

    apps: tuple[App, ...] = field(default_factory=_one_random_app)
    latency_ms: int = 0
    """Added to every answer of Graph."""
    short_seconds: int = SHORT_SECONDS
    """How long a token lives that a code was exchanged for."""
    long_seconds: int = LONG_SECONDS
    """How long a token lives that such a token was exchanged for."""

    def app(self, app_id: str) -> App | None:
        """The app with this id, or None."""
        return next((app for app in self.apps if app.id == app_id), None)


@dataclass(frozen=True, slots=True)
class EmulatorOptions:
    """The start of an emulator. `clock` gives epoch seconds; the people always start as seeded."""

    settings: Settings = field(default_factory=Settings)
    clock: Callable[[], float] = time.time
