"""The kickstart of `identity serve`: in a child process, once the service answers (decision 36).

A child, because the server forks its workers: a thread of its own in the parent would be copied into them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

from identity import ports
from identity.bootstrap import builtins
from identity.kickstart import Ending, run_kickstart
from identity.lifeline import Lifeline
from identity.runtime import Runtime
from identity.settings import Settings
from identity.store.db import Database

PATIENCE = 120.0
"""Seconds the child waits for the service to be ready."""

PAUSE = 0.2
SUCCEEDED = frozenset({Ending.APPLIED, Ending.APPLIED_BEFORE, Ending.ELSEWHERE, Ending.NO_FILE})


def apply_when_ready(settings: Settings, runtime: Runtime) -> bool:
    """Wait for the service, then apply the file; whether all went well. A failure has been logged. In the child."""
    deadline = runtime.monotonic() + PATIENCE
    while ports.status_of(settings.host, settings.port, "/api/status") != 200:
        if runtime.monotonic() > deadline:
            sys.stderr.write("identity: kickstart: the service was not ready in time; the next start tries again\n")
            return False
        time.sleep(PAUSE)
    database = Database(settings.database.url, pool_size=1)
    database.open()
    try:
        with database.read() as conn:
            names = builtins(conn)
    finally:
        database.close()
    address = f"http://{ports.address(settings.host, settings.port)}"
    return run_kickstart(settings, settings.database.url, address, names, runtime).ending in SUCCEEDED


class DeferredKickstart:
    """The parent's side: starts the child, and ends the service when a strict kickstart failed."""

    def __init__(self, settings: Settings) -> None:
        self._strict = settings.kickstart.strict
        self._lifeline = Lifeline()
        self.failed = False
        self._child = self._lifeline.start([sys.executable, "-m", "identity", "kickstart"], os.environ)
        threading.Thread(target=self._await, name="kickstart", daemon=True).start()

    def close(self) -> None:
        """End a child that still runs; the next start goes on where it was."""
        self._lifeline.close()
        try:
            self._child.wait(5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _await(self) -> None:
        if self._child.wait() != 0 and self._strict:
            self.failed = True
            os.kill(os.getpid(), signal.SIGTERM)
