"""`identity serve`: the HTTP server, granian with several workers (decision 30).

The workers read the settings from the environment, so the caller has put there whatever it found out (database URL, key
file).
"""

from __future__ import annotations

import gc
import signal

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from identity.app import Wsgi, application, require_installation
from identity.deferred_kickstart import DeferredKickstart
from identity.lifeline import end_with_parent
from identity.runtime import Runtime
from identity.settings import Settings

RESPAWN_SECONDS = 0.5
HEADER_MILLISECONDS = 10_000


def serve(settings: Settings) -> bool:
    """Serve until told to stop; in-flight requests get `drain_seconds` to finish. False: a strict kickstart failed.

    The application is imported once, here, before the fork: the workers share its memory and start at once. What every
    worker would fail at is found out here too. Raises BadSettings, BadKeyFile.
    """
    require_installation(settings, Runtime())
    kickstart = DeferredKickstart(settings) if settings.kickstart.file else None
    gc.freeze()  # the collector would write to the shared pages and so unshare them
    Granian(
        "identity.app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads,
        backlog=2048,
        backpressure=settings.threads * 8,
        respawn_failed_workers=True,
        respawn_interval=RESPAWN_SECONDS,
        workers_kill_timeout=settings.drain_seconds,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS),
        log_level=LogLevels.error,  # below that it only finds 48 threads too many, which is a decision
    ).serve(target_loader=load_application, wrap_loader=False)
    if kickstart is None:
        return True
    kickstart.close()
    return not kickstart.failed


def load_application() -> Wsgi:
    """What a worker does first: end when it is told to, which the server arranges only later, and with its parent."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_parent()
    return application()
