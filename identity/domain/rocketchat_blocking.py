"""When somebody has failed too often at the Rocket.Chat door: a window that slides, and is left empty by a success.

Source: Rocket.Chat contract 8.1; decision 21.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

MOST_KEPT = 1_000
"""Instants of one user or address, whatever the operator sets: what counts is whether there are as many as that."""


class Blocked(Enum):
    """Who is blocked; the value is the error that clients branch on."""

    ADDRESS = "error-login-blocked-for-ip"
    USER = "error-login-blocked-for-user"


BLOCKED_MESSAGES = {
    Blocked.ADDRESS: "Login has been temporarily blocked For IP",
    Blocked.USER: "Login has been temporarily blocked For User",
}


@dataclass(frozen=True, slots=True)
class BlockRule:
    """So many failures within so many milliseconds."""

    attempts: int
    window: int

    def blocks(self, failures: Sequence[int], now: int) -> bool:
        """Whether these instants of failures, all since the last success, are too many. 0 attempts mean never."""
        return 0 < self._most <= sum(instant > now - self.window for instant in failures)

    def with_failure(self, failures: Sequence[int], now: int) -> list[int]:
        """The instants that can still matter after one more failure."""
        kept = [instant for instant in failures if instant > now - self.window]
        return [*kept, now][-max(self._most, 1) :]

    @property
    def _most(self) -> int:
        return min(self.attempts, MOST_KEPT)
