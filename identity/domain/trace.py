"""A record of the steps one login took and of the rule that decided it. It holds no secret: callers mask first.

The clock is handed in, so the domain stays pure. What is kept of a trace is bounded (`Trace.ended`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no letter is mistaken for a digit, and the order of texts is the order of the numbers."""
INSTANT_DIGITS = 9
RANDOM_DIGITS = 7
RANDOM_BYTES = 5
ID_LENGTH = INSTANT_DIGITS + RANDOM_DIGITS

MOST_STEPS = 60
LONGEST_STEP = 500
LONGEST_DURATION = 2**31 - 1


def trace_id(now: int, random: bytes) -> str:
    """16 characters that sort by time: the instant, then 35 random bits. `random` is RANDOM_BYTES long."""
    return _digits(now, INSTANT_DIGITS) + _digits(int.from_bytes(random, "big"), RANDOM_DIGITS)


def _digits(number: int, count: int) -> str:
    return "".join([ALPHABET[(number >> shift) & 31] for shift in range(5 * (count - 1), -1, -5)])


@dataclass(frozen=True, slots=True)
class Step:
    """One step: when (epoch milliseconds) and what happened, in words without secrets; by which rule, if by one."""

    instant: int
    text: str
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class EndedTrace:
    """What is kept of one login attempt. Steps have milliseconds since the beginning."""

    id: str
    instant: int
    door: str
    status: int
    rule: str | None
    milliseconds: int
    tenant_id: UUID | None
    application_id: UUID | None
    identity_provider_id: UUID | None
    user_id: UUID | None
    steps: tuple[Step, ...]


@dataclass(slots=True)
class Trace:
    """The ordered steps of one login attempt, and whom it was about as far as that is known."""

    clock: Callable[[], int]
    id: str = ""
    door: str = ""
    steps: list[Step] = field(default_factory=list)
    instant: int = 0
    tenant_id: UUID | None = None
    application_id: UUID | None = None
    identity_provider_id: UUID | None = None
    user_id: UUID | None = None

    def add(self, text: str, rule: str | None = None) -> None:
        """`rule` names what decided if the login ends here, such as `3.5 row 17`; the last one that is named did."""
        self.steps.append(Step(self.clock(), text, rule))

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    @property
    def decided(self) -> bool:
        """Whether the last step says by which rule it ended."""
        return bool(self.steps) and self.steps[-1].rule is not None

    @property
    def rule(self) -> str | None:
        return next((step.rule for step in reversed(self.steps) if step.rule), None)

    def ended(self, status: int) -> EndedTrace:
        """What is kept: the first steps and the last ones, their texts cut where they are long."""
        steps = self.steps
        if len(steps) > MOST_STEPS:
            left_out = Step(steps[MOST_STEPS // 2].instant, f"({len(steps) - MOST_STEPS} steps are left out.)")
            steps = [*steps[: MOST_STEPS // 2], left_out, *steps[-MOST_STEPS // 2 :]]
        begin = self.instant
        return EndedTrace(
            id=self.id,
            instant=begin,
            door=self.door,
            status=status,
            rule=self.rule,
            milliseconds=_since(begin, self.clock()),
            tenant_id=self.tenant_id,
            application_id=self.application_id,
            identity_provider_id=self.identity_provider_id,
            user_id=self.user_id,
            steps=tuple(Step(_since(begin, step.instant), step.text[:LONGEST_STEP], step.rule) for step in steps),
        )


def _since(begin: int, instant: int) -> int:
    """Milliseconds, within what a column takes: the clock may jump meanwhile."""
    return min(max(instant - begin, 0), LONGEST_DURATION)


def begin_trace(clock: Callable[[], int], random_bytes: Callable[[int], bytes], door: str) -> Trace:
    """A trace of a login that comes in now by this door."""
    now = clock()
    return Trace(clock, trace_id(now, random_bytes(RANDOM_BYTES)), door, instant=now)
