"""A record of the steps one login took, for the provider's debug log. It holds no secret: callers mask first.

The clock is handed in, so the domain stays pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Step:
    """One step: when (epoch milliseconds) and what happened, in words without secrets."""

    instant: int
    text: str


@dataclass(slots=True)
class Trace:
    """The ordered steps of one login attempt."""

    clock: Callable[[], int]
    steps: list[Step] = field(default_factory=list)

    def add(self, text: str) -> None:
        self.steps.append(Step(self.clock(), text))

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)
