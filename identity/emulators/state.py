"""What every emulator of a provider holds in memory, shared by the threads of one process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, ClassVar, Generic

from flask import current_app

from identity.emulators.calls import Calls
from identity.emulators.faults import Fault, Faults, Kind, Stage
from identity.emulators.people import P, People

EXTENSION = "emulator"


class State(Generic[P]):
    """People, faults and recent calls; each part guards itself with its own lock."""

    kinds: ClassVar[Mapping[str, Kind]]
    """The kinds of fault that this emulator knows."""

    settings: Any
    """A frozen dataclass that the control API changes; it has `latency_ms`."""

    people: People[P]

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.closing = threading.Event()
        """Set when the server stops, so that calls held back by a fault end at once."""
        self.reset()

    def reset(self) -> None:
        """Back to the seeded people, without tokens, faults and calls; settings stay."""
        self.faults = Faults()
        self.calls = Calls()

    def fault(self, endpoint: Enum, person: str | None, stage: Stage, kind: str | None = None) -> Fault | None:
        """The fault that strikes this call: one that was switched on, else the person's own."""
        wanted = self.kinds[kind] if kind else None
        return self.faults.take(endpoint, person, stage, wanted) or self._own_fault(endpoint, person, stage, wanted)

    def _own_fault(self, endpoint: Enum, person: str | None, stage: Stage, kind: Kind | None) -> Fault | None:
        found = self.people.find(person) if person else None
        if found is None or found.fault is None:
            return None
        fault = Fault(self.kinds[found.fault])
        return fault if fault.meets(endpoint, person, stage) and (kind is None or kind is fault.kind) else None


def current() -> State[Any]:
    """The emulator of the application that serves the current request."""
    found = current_app.extensions[EXTENSION]
    assert isinstance(found, State)
    return found
