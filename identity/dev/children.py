"""A child process of `identity dev`: started, started again when it dies, stopped in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping

from identity.lifeline import Lifeline

Report = Callable[[str], None]
PAUSES = (0.2, 0.5, 1.0, 1.5)
"""Seconds between the death of a child and its next start; the last one repeats while it keeps dying early."""
EARLY = 5.0


class Child:
    """A Python module with its arguments, e.g. `identity serve`, in a process of its own that ends with this one."""

    def __init__(
        self,
        name: str,
        command: list[str],
        environment: Mapping[str, str],
        lifeline: Lifeline,
        monotonic: Callable[[], float],
    ) -> None:
        self.name = name
        self.environment = dict(environment)
        self._command = [sys.executable, "-m", *command]
        self._lifeline = lifeline
        self._monotonic = monotonic
        self._early_deaths = 0
        self._started = 0.0
        self._restart_at: float | None = None
        self._process = self._start()

    def ending(self) -> str | None:
        """How it ended, in words; None while it runs."""
        status = self._process.poll()
        if status is None:
            return None
        return f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"

    def revive(self, report: Report) -> None:
        """Start it again when it has died, a moment later: call this often."""
        ending = self.ending()
        if ending is None:
            return
        now = self._monotonic()
        if self._restart_at is None:
            early = now - self._started < EARLY
            self._early_deaths = self._early_deaths + 1 if early else 0
            pause = PAUSES[min(self._early_deaths, len(PAUSES) - 1)]
            self._restart_at = now + pause
            report(f"{self.name} {ending}; starting it again")
        elif now >= self._restart_at:
            self._restart_at = None
            self._process = self._start()

    def stop(self, patience: float, is_urgent: Callable[[], bool]) -> None:
        """Let it finish what it has begun, for `patience` seconds at most; then end it and its own children."""
        self._process.terminate()
        deadline = self._monotonic() + patience
        while self._monotonic() < deadline and not is_urgent():
            try:
                self._process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            return
        self.kill()

    def kill(self) -> None:
        """End it and its own children at once."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        self._started = self._monotonic()
        return self._lifeline.start(self._command, self.environment)
