"""`python -m identity.emulators.x`: the emulator on its own, for people who test their own code with it."""

from __future__ import annotations

import argparse
from pathlib import Path

from identity.emulators.x.server import BadOptions, run


def main(arguments: list[str] | None = None) -> None:
    """Serve until stopped; what is wrong with the options is told in one line."""
    parser = argparse.ArgumentParser(
        prog="python -m identity.emulators.x", description="An emulator of X's OAuth 1.0a."
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=0, help="the port to listen on (a free one)")
    parser.add_argument("--options", type=Path, help="a JSON file: consumers, latency_ms, rate_limit")
    chosen = parser.parse_args(arguments)
    try:
        run(chosen.host, chosen.port, chosen.options)
    except (BadOptions, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
