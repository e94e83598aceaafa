"""The whole state of one emulator of Facebook, in memory, shared by the threads of one process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from identity.emulators.faults import Kind
from identity.emulators.graph.faults import KINDS
from identity.emulators.graph.options import EmulatorOptions, Settings
from identity.emulators.graph.people import SEEDS, Person
from identity.emulators.graph.tokens import Tokens
from identity.emulators.people import People
from identity.emulators.state import State, current


class Emulator(State[Person]):
    """Beside what every emulator has: codes and tokens, and the apps."""

    kinds: ClassVar[Mapping[str, Kind]] = KINDS
    settings: Settings

    def __init__(self, options: EmulatorOptions) -> None:
        self.settings = options.settings
        super().__init__(options.clock)

    def reset(self) -> None:
        super().reset()
        self.people = People(SEEDS)
        self.tokens = Tokens()


def emulator() -> Emulator:
    """The emulator of the application that serves the current request."""
    found = current()
    assert isinstance(found, Emulator)
    return found
