"""`python -m identity.emulators.x`: how `identity dev` starts the emulator; by hand it is `identity emulator x`."""

from __future__ import annotations

import argparse

from identity.emulators.provider_emulator import BadOptions, add_arguments
from identity.emulators.x.server import run


def main(arguments: list[str] | None = None) -> None:
    """Serve until stopped; what is wrong with the options is told in one line."""
    parser = argparse.ArgumentParser(
        prog="python -m identity.emulators.x", description="An emulator of X's OAuth 1.0a."
    )
    add_arguments(parser)
    chosen = parser.parse_args(arguments)
    try:
        run(chosen.host, chosen.port, chosen.options)
    except (BadOptions, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
