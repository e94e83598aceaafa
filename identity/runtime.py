"""The only module that reads a clock or a random source: every other module takes their values as arguments.

Two clocks are kept apart. `now` is the service's time (epoch milliseconds), which a development clock may move; it
decides every expiry. `wall_clock` is the real time, for what leaves the process: OAuth timestamps, mail, TLS
(decision 20).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4


def _now_milliseconds() -> int:
    return time.time_ns() // 1_000_000


def _wall_clock_seconds() -> int:
    return int(time.time())


@dataclass(frozen=True, slots=True)
class Runtime:
    """Clock and random source, handed to whatever needs them; tests hand in their own."""

    now: Callable[[], int] = _now_milliseconds
    """The service's time, epoch milliseconds."""

    wall_clock: Callable[[], int] = _wall_clock_seconds
    """The real time, epoch seconds: only for messages to other parties."""

    monotonic: Callable[[], float] = time.monotonic
    """Seconds that never jump: deadlines and durations."""

    new_id: Callable[[], UUID] = uuid4
    """A fresh random id."""

    new_secret: Callable[[], str] = lambda: secrets.token_urlsafe(32)
    """43 URL-safe characters, 256 random bits: refresh tokens, pending link ids, nonces."""

    random_bytes: Callable[[int], bytes] = secrets.token_bytes
