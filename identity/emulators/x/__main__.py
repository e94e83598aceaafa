"""`python -m identity.emulators.x`: how `identity dev` starts the emulator; by hand it is `identity emulator x`."""

from __future__ import annotations

from identity.emulators.serving import command
from identity.emulators.x import EMULATOR
from identity.emulators.x.server import run


def main(arguments: list[str] | None = None) -> None:
    """Serve until stopped."""
    command(EMULATOR, run, arguments)


if __name__ == "__main__":
    main()
