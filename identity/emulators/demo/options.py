"""What the demo application is started with: its arguments, and what the environment says of the service."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field

from identity.ports import port_argument

SERVICE_URL = "IDENTITY_URL"
CLIENT_ID = "DEMO_CLIENT_ID"
CLIENT_SECRET = "DEMO_CLIENT_SECRET"  # noqa: S105 (the name of a variable)
"""`identity dev` hands these over, and writes them to `dev.env` for whoever runs the demo by hand."""


class BadOptions(ValueError):
    """The demo application cannot be run like that; the message says why."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """A client of the service. `url` is where people reach the demo; both URLs are without a trailing slash."""

    url: str
    service_url: str
    client_id: str
    client_secret: str = field(repr=False)

    @property
    def callback_url(self) -> str:
        return f"{self.url}/callback"

    @property
    def start_url(self) -> str:
        """Where a sign-out comes back to."""
        return f"{self.url}/"


def read_options(url: str, environment: Mapping[str, str]) -> DemoOptions:
    """Raises BadOptions."""
    missing = [name for name in (SERVICE_URL, CLIENT_ID, CLIENT_SECRET) if not environment.get(name)]
    if missing:
        raise BadOptions(
            f"The demo application needs {', '.join(missing)} in its environment: set -a; . .identity/dev.env"
        )
    service_url = environment[SERVICE_URL].rstrip("/")
    return DemoOptions(url, service_url, environment[CLIENT_ID], environment[CLIENT_SECRET])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`host` and `port`."""
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=port_argument, default=0, help="the port to listen on (a free one)")
