"""The whole state of one emulator of X, in memory, shared by the threads of one process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from identity.emulators.faults import Kind
from identity.emulators.people import People
from identity.emulators.state import State, current
from identity.emulators.x.faults import KINDS
from identity.emulators.x.options import EmulatorOptions, Settings
from identity.emulators.x.people import SEEDS, Person
from identity.emulators.x.tokens import Tokens
from identity.emulators.x.verification import Nonces


class Emulator(State[Person]):
    """Beside what every emulator has: the tokens of X, its applications, and the nonces that were spent."""

    kinds: ClassVar[Mapping[str, Kind]] = KINDS
    settings: Settings

    def __init__(self, options: EmulatorOptions) -> None:
        self.settings = options.settings()
        self.nonces = Nonces()
        super().__init__(options.clock)

    def reset(self) -> None:
        """Spent nonces stay."""
        super().reset()
        self.people = People(SEEDS)
        self.tokens = Tokens()

    def person_of(self, token: str) -> str | None:
        """The key of the person whom a live token stands for."""
        access = self.tokens.access(token)
        if access is not None:
            return access.person
        request = self.tokens.request(token, self.clock())
        return request.person if request else None


def emulator() -> Emulator:
    """The emulator of the application that serves the current request."""
    found = current()
    assert isinstance(found, Emulator)
    return found
