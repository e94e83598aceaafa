"""The recent calls of an emulator, kept so that a developer can see what was received and why it was refused."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from dataclasses import dataclass, replace

KEPT_CALLS = 300
_LONGEST_VALUE = 2_000

Parameters = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `at` is epoch milliseconds of the emulator's clock; `reason` explains a refusal or a fault."""

    at: int
    method: str
    path: str
    status: int
    result: str
    """"answered", "refused", "fault", or "denied" by the person."""
    reason: str = ""
    consumer: str = ""
    """The key or id of the application that called."""
    person: str | None = None
    parameters: Parameters = ()
    base_string: str = ""
    """What a signature had to cover, where calls are signed."""
    id: int = 0


class Calls:
    """The last KEPT_CALLS calls."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[Call] = deque(maxlen=KEPT_CALLS)
        self._last_id = 0

    def add(self, call: Call) -> None:
        """Remember a call and number it."""
        with self._lock:
            self._last_id += 1
            self._calls.append(replace(call, id=self._last_id))

    def newest(self, count: int) -> list[Call]:
        """The last calls, newest first."""
        with self._lock:
            return list(self._calls)[::-1][:count]

    def clear(self) -> None:
        """Forget all; numbering goes on."""
        with self._lock:
            self._calls.clear()


def masked(parameters: Parameters, secret_words: tuple[str, ...]) -> Parameters:
    """The parameters fit to be shown: values whose names hold one of the words become their length and a digest."""
    return tuple((name[:_LONGEST_VALUE], _shown(name, value, secret_words)) for name, value in parameters)


def _shown(name: str, value: str, secret_words: tuple[str, ...]) -> str:
    if any(word in name.lower() for word in secret_words):
        return f"{len(value)} characters, sha256 {hashlib.sha256(value.encode()).hexdigest()[:8]}"
    return value[:_LONGEST_VALUE]
