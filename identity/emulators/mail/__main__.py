"""`python -m identity.emulators.mail`: how `identity dev` starts it; by hand: `identity emulator mail`."""

from __future__ import annotations

import argparse

from identity.emulators.mail.options import add_arguments
from identity.emulators.mail.server import run


def main(arguments: list[str] | None = None) -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m identity.emulators.mail", description="A catcher of mails.")
    add_arguments(parser)
    chosen = parser.parse_args(arguments)
    try:
        run(chosen.host, chosen.port, chosen.smtp_port)
    except OSError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
