"""What an emulator is started with: the applications it knows, and its clock."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

OUT_OF_BAND = "oob"
"""The callback value that asks for a PIN instead of a redirect."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """An application registered with X."""

    key: str
    secret: str = field(repr=False)
    name: str = "Test application"
    callbacks: tuple[str, ...] | None = None
    """The approved callbacks; None approves every one; an empty tuple is a desktop application: only `oob`."""
    email_permission: bool = True
    """Whether the application may ask for e-mail addresses; a token keeps what held when it was issued."""


def random_consumer() -> Consumer:
    """An application with fresh credentials: there are no fixed ones."""
    return Consumer(key=secrets.token_hex(12), secret=secrets.token_hex(25))


def _one_random_consumer() -> tuple[Consumer, ...]:
    return (random_consumer(),)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the control API may change while the emulator runs."""

    consumers: tuple[Consumer, ...]
    latency_ms: int = 0
    rate_limit: int | None = None

    def consumer(self, key: str) -> Consumer | None:
        """The application with this key, or None."""
        return next((consumer for consumer in self.consumers if consumer.key == key), None)


@dataclass(frozen=True, slots=True)
class EmulatorOptions:
    """The start of an emulator. `clock` gives epoch seconds; the people always start as seeded."""

    consumers: tuple[Consumer, ...] = field(default_factory=_one_random_consumer)
    clock: Callable[[], float] = time.time
    latency_ms: int = 0
    """Added to every answer of X."""
    rate_limit: int | None = None
    """verify_credentials calls per token and 15 minutes (the real X: 75); None never refuses."""

    def settings(self) -> Settings:
        """The changeable part."""
        return Settings(self.consumers, self.latency_ms, self.rate_limit)
