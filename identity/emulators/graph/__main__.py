"""`python -m identity.emulators.graph`: how `identity dev` starts it; by hand: `identity emulator graph`."""

from __future__ import annotations

from identity.emulators.graph import EMULATOR
from identity.emulators.graph.server import run
from identity.emulators.serving import command


def main(arguments: list[str] | None = None) -> None:
    """Serve until stopped."""
    command(EMULATOR, run, arguments)


if __name__ == "__main__":
    main()
