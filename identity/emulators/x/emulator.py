"""The whole state of one emulator, in memory, shared by the threads of one process."""

from __future__ import annotations

import threading

from flask import current_app

from identity.emulators.x.calls import Calls
from identity.emulators.x.faults import KINDS, Endpoint, Fault, Faults, Kind, Stage
from identity.emulators.x.options import EmulatorOptions
from identity.emulators.x.people import SEEDS, People
from identity.emulators.x.tokens import Tokens
from identity.emulators.x.verification import Nonces

EXTENSION = "x_emulator"


class Emulator:
    """People, tokens, faults, calls and settings; each part guards itself with its own lock."""

    def __init__(self, options: EmulatorOptions) -> None:
        self.clock = options.clock
        self.settings = options.settings()
        self.nonces = Nonces()
        self.closing = threading.Event()
        """Set when the server stops, so that calls held back by a fault end at once."""
        self.reset()

    def reset(self) -> None:
        """Back to the seeded people, without tokens, faults and calls; settings and spent nonces stay."""
        self.people = People(SEEDS)
        self.tokens = Tokens()
        self.faults = Faults()
        self.calls = Calls()

    def fault(self, endpoint: Endpoint, person: str | None, stage: Stage, kind: str | None = None) -> Fault | None:
        """The fault that strikes this call: one that was switched on, else the person's own."""
        wanted = KINDS[kind] if kind else None
        return self.faults.take(endpoint, person, stage, wanted) or self._own_fault(endpoint, person, stage, wanted)

    def _own_fault(self, endpoint: Endpoint, person: str | None, stage: Stage, kind: Kind | None) -> Fault | None:
        found = self.people.find(person) if person else None
        if found is None or found.fault is None:
            return None
        fault = Fault(KINDS[found.fault])
        return fault if fault.meets(endpoint, person, stage) and (kind is None or kind is fault.kind) else None

    def person_of(self, token: str) -> str | None:
        """The key of the person whom a live token stands for."""
        access = self.tokens.access(token)
        if access is not None:
            return access.person
        request = self.tokens.request(token, self.clock())
        return request.person if request else None


def emulator() -> Emulator:
    """The emulator of the application that serves the current request."""
    found = current_app.extensions[EXTENSION]
    assert isinstance(found, Emulator)
    return found
