"""The catcher as a process of its own: the SMTP listener on one thread, the pages on others, one inbox between them."""

from __future__ import annotations

import logging
import signal
import sys
from contextlib import suppress
from types import FrameType

from werkzeug.serving import make_server

from identity import ports
from identity.emulators.mail.app import create_app
from identity.emulators.mail.inbox import Inbox
from identity.emulators.mail.smtp import SmtpListener
from identity.lifeline import end_with_parent


def run(host: str, port: int, smtp_port: int) -> None:
    """Serve until SIGINT or SIGTERM. Port 0 takes a free one. Raises OSError for a port that is taken."""
    end_with_parent()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    signal.signal(signal.SIGTERM, _stop)
    inbox = Inbox()
    with SmtpListener(inbox, host, smtp_port) as listener:
        server = make_server(host, port, create_app(inbox, listener.port), threaded=True)
        url = f"http://{ports.address(host, server.server_port)}"
        sys.stdout.write(f"mail catcher: {url}  SMTP: {ports.address(host, listener.port)}\n")
        sys.stdout.flush()
        with server, suppress(KeyboardInterrupt):
            server.serve_forever()


def _stop(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
