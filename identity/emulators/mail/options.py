"""The arguments of either command that runs a catcher; kept apart, so that a command can offer them cheaply."""

from __future__ import annotations

import argparse

from identity.ports import port_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`host`, `port` and `smtp_port`."""
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=port_argument, default=0, help="the port of the page (a free one)")
    parser.add_argument(
        "--smtp-port", type=port_argument, metavar="PORT", default=0, help="the port that takes mails (a free one)"
    )
