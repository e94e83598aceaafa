"""The demo application as a process of its own: nothing is kept but in the cookies of those who use it."""

from __future__ import annotations

import logging
import os
import signal
import sys
from contextlib import suppress
from types import FrameType

from werkzeug.serving import make_server

from identity import ports
from identity.emulators.demo.app import create_app
from identity.emulators.demo.options import read_options
from identity.lifeline import end_with_parent


def run(host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM. Port 0 takes a free one. Raises BadOptions, OSError (the port is taken)."""
    end_with_parent()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    signal.signal(signal.SIGTERM, _stop)
    port = port or ports.free_port(host)
    url = f"http://{ports.address(host, port)}"
    server = make_server(host, port, create_app(read_options(url, os.environ)), threaded=True)
    sys.stdout.write(f"demo application: {url}\n")
    sys.stdout.flush()
    with server, suppress(KeyboardInterrupt):
        server.serve_forever()


def _stop(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
