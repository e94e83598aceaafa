"""Wrong guesses of one user: when they are too many, and how long nobody may guess then.

A lockout is temporary, is not prolonged by further guesses, and what led to it is counted anew after it (decisions 21
and 53; T20). Codes go on counting over a lockout of passwords: to lock oneself out is no way to more of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any
from uuid import UUID

MILLISECONDS = 1000
_MINUTE = 60 * MILLISECONDS
_DAY = 24 * 60 * _MINUTE
UNITS = {
    "MINUTES": _MINUTE,
    "HOURS": 60 * _MINUTE,
    "DAYS": _DAY,
    "WEEKS": 7 * _DAY,
    "MONTHS": 30 * _DAY,
    "YEARS": 365 * _DAY,
}
"""What actionDurationUnit stands for."""

LATEST_INSTANT = 2**62
CODES = 10
CODE_WINDOW = 15 * _MINUTE
"""Wrong codes per user, over all their challenges (security section 9)."""


class Guess(Enum):
    """What somebody tried to guess. Each has its count; a lockout closes both."""

    PASSWORD = "password"  # noqa: S105 (a name)
    CODE = "code"


@dataclass(frozen=True, slots=True)
class GuessRules:
    """How many wrong guesses within a window lead to a lockout, and how long that lasts. Milliseconds."""

    most: int
    window: int
    lockout: int
    user_action_id: UUID | None = None
    """The action that locks the user out, where the tenant names one."""

    emails_user: bool = False
    ends_on_reset: bool = False
    """Whether who resets a forgotten password may guess again at once."""

    @classmethod
    def of(cls, settings: Mapping[str, Any], guess: Guess) -> GuessRules:
        """From a tenant's settings: its failedAuthenticationConfiguration."""
        chosen = settings["failed_authentication_configuration"]
        lockout = chosen["action_duration"] * UNITS[chosen["action_duration_unit"]]
        most, window = chosen["too_many_attempts"], chosen["reset_count_in_seconds"] * MILLISECONDS
        if guess is Guess.CODE:
            most, window, lockout = CODES, CODE_WINDOW, max(lockout, CODE_WINDOW)
        return cls(
            most=most,
            window=window,
            lockout=lockout,
            user_action_id=UUID(chosen["user_action_id"]) if chosen.get("user_action_id") else None,
            emails_user=chosen["email_user"],
            ends_on_reset=chosen["action_cancel_policy"]["on_password_reset"],
        )

    def locked_until(self, now: int) -> int:
        """When a lockout that begins now ends."""
        return min(now + self.lockout, LATEST_INSTANT)


@dataclass(frozen=True, slots=True)
class Count:
    """Wrong guesses since `first_instant`."""

    failures: int = 0
    first_instant: int = 0


@dataclass(frozen=True, slots=True)
class Guesses:
    """What is known of a user's wrong guesses. Instants in epoch milliseconds."""

    passwords: Count = Count()
    codes: Count = Count()
    locked_until: int | None = None

    def locked(self, now: int) -> bool:
        return self.locked_until is not None and self.locked_until > now

    def locked_for_codes(self, now: int) -> bool:
        """Whether it was wrong codes that led to the lockout: their count is kept until it is over."""
        return self.locked(now) and self.codes.failures >= CODES


def after_wrong(before: Guesses, guess: Guess, rules: GuessRules, now: int) -> Guesses:
    """As it is after one more wrong guess. While a lockout lasts nothing changes.

    But for codes during a lockout of passwords, which a door with rules of its own looks at.
    """
    if before.locked(now) and (guess is Guess.PASSWORD or before.locked_for_codes(now)):
        return before
    if before.codes.failures >= CODES and not before.locked(now):
        before = replace(before, codes=Count())  # the lockout that they led to is over
    counted = before.passwords if guess is Guess.PASSWORD else before.codes
    goes_on = counted.failures > 0 and now < counted.first_instant + rules.window
    after = Count(counted.failures + 1, counted.first_instant) if goes_on else Count(1, now)
    locked_until = before.locked_until if before.locked(now) else None
    if after.failures >= rules.most:
        locked_until = max(locked_until or 0, rules.locked_until(now))
        return Guesses(codes=before.codes if guess is Guess.PASSWORD else after, locked_until=locked_until)
    if guess is Guess.PASSWORD:
        return replace(before, passwords=after, locked_until=locked_until)
    return replace(before, codes=after, locked_until=locked_until)
