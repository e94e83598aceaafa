"""Faults that can be switched on: when a kind strikes, and which of those switched on meets the next call."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

MOST_FAULTS = 1_000
LONGEST_WAIT = 60
"""Seconds that a fault may hold one call."""


class Stage(Enum):
    """When a fault strikes, which decides whether the call still took effect."""

    BEFORE = "before the request is looked at"
    CONSENT = "when the person chooses"
    REFUSAL = "instead of the work: a token or verifier is not used up"
    ANSWER = "to the answer: the work was done"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault; `defaults` names the parameters it takes. An emulator's endpoints are an Enum of its own."""

    name: str
    stage: Stage
    endpoints: tuple[Enum, ...]
    summary: str
    code: int | None = None
    defaults: Mapping[str, int | str] = field(default_factory=dict)


def damaging_kinds(endpoints: tuple[Enum, ...]) -> tuple[Kind, ...]:
    """The kinds that hold back, spoil or break an answer, whatever it says (identity/emulators/spoil.py)."""
    return (
        Kind("slow", Stage.BEFORE, endpoints, "answers late", defaults={"ms": 3_000}),
        Kind("garbage", Stage.ANSWER, endpoints, "bytes that are neither JSON nor a form"),
        Kind("html", Stage.ANSWER, endpoints, "an HTML page", defaults={"status": 200}),
        Kind("wrong_content_type", Stage.ANSWER, endpoints, "the right body with the content type image/png"),
        Kind("huge", Stage.ANSWER, endpoints, "the right body, padded", defaults={"bytes": 2_097_152}),
        Kind(
            "huge_gzip", Stage.ANSWER, endpoints, "the same, compressed to almost nothing",
            defaults={"bytes": 16_777_216},
        ),
        Kind("redirect", Stage.ANSWER, endpoints, "302 to elsewhere", defaults={"location": "/elsewhere"}),
        Kind(
            "hang", Stage.ANSWER, endpoints, "no answer for a while, then a broken connection",
            defaults={"seconds": 30},
        ),
        Kind("reset", Stage.ANSWER, endpoints, "the connection breaks within the answer"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that is switched on: for one endpoint or all, one person or all, some calls or (None) all."""

    kind: Kind
    endpoint: Enum | None = None
    person: str | None = None
    times: int | None = None
    parameters: Mapping[str, int | str] = field(default_factory=dict)
    id: int = 0

    def meets(self, endpoint: Enum, person: str | None, stage: Stage) -> bool:
        """Whether it strikes a call of this person at this place."""
        return (
            self.kind.stage is stage
            and endpoint in self.kind.endpoints
            and self.endpoint in {None, endpoint}
            and self.person in {None, person}
        )

    def number(self, name: str) -> int:
        """A numeric parameter of the kind."""
        return int(self.parameters.get(name, self.kind.defaults[name]))

    def text(self, name: str) -> str:
        """A text parameter of the kind."""
        return str(self.parameters.get(name, self.kind.defaults[name]))


class Faults:
    """The faults switched on, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: dict[int, Fault] = {}
        self._last_id = 0

    def add(self, fault: Fault) -> Fault | None:
        """Switch a fault on and give it an id; None when MOST_FAULTS are on already."""
        with self._lock:
            if len(self._faults) >= MOST_FAULTS:
                return None
            self._last_id += 1
            self._faults[self._last_id] = replace(fault, id=self._last_id)
            return self._faults[self._last_id]

    def take(self, endpoint: Enum, person: str | None, stage: Stage, kind: Kind | None = None) -> Fault | None:
        """The oldest fault that strikes this call (of this kind, when given), counted as used; None when none does."""
        with self._lock:
            for fault in self._faults.values():
                if fault.meets(endpoint, person, stage) and (kind is None or kind is fault.kind):
                    self._use(fault)
                    return fault
        return None

    def _use(self, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times > 1:
            self._faults[fault.id] = replace(fault, times=fault.times - 1)
        else:
            del self._faults[fault.id]

    def remove(self, fault_id: int) -> bool:
        """Switch one off; False when it is not on."""
        with self._lock:
            return self._faults.pop(fault_id, None) is not None

    def clear(self) -> None:
        """Switch all off."""
        with self._lock:
            self._faults.clear()

    def all(self) -> list[Fault]:
        """Those switched on, oldest first."""
        with self._lock:
            return list(self._faults.values())
