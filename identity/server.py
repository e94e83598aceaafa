"""`identity serve`: the HTTP server, granian with several workers (decision 30).

The workers read the settings from the environment, so the caller has put there whatever it found out (database URL, key
file).
"""

from __future__ import annotations

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from identity.settings import Settings

RESPAWN_SECONDS = 0.5


def serve(settings: Settings) -> None:
    """Serve until told to stop; in-flight requests get `drain_seconds` to finish."""
    Granian(
        "identity.app:application",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=settings.workers,
        blocking_threads=settings.threads,
        backlog=2048,
        backpressure=settings.threads * 8,
        respawn_failed_workers=True,
        respawn_interval=RESPAWN_SECONDS,
        workers_kill_timeout=settings.drain_seconds,
        websockets=False,
        log_level=LogLevels.warning,
    ).serve()
