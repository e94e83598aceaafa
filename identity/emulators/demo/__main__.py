"""`python -m identity.emulators.demo`: how `identity dev` starts it; by hand: `identity emulator demo`."""

from __future__ import annotations

import argparse

from identity.emulators.demo.options import BadOptions, add_arguments
from identity.emulators.demo.server import run


def main(arguments: list[str] | None = None) -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m identity.emulators.demo", description="A demo application.")
    add_arguments(parser)
    chosen = parser.parse_args(arguments)
    try:
        run(chosen.host, chosen.port)
    except (BadOptions, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
