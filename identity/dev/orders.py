"""What the signals ask of `identity dev`: to stop, and the second time to stop at once."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack
from types import FrameType


class Orders:
    """Counts the signals that ask to stop."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._count = 0

    def installed(self) -> ExitStack:
        """Listens to the signals until it is closed."""
        stack = ExitStack()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            stack.callback(signal.signal, number, signal.signal(number, self._take))
        return stack

    def wait(self, seconds: float) -> bool:
        """Whether to stop; waits that long for it."""
        return self._stop.wait(seconds)

    def urgent(self) -> bool:
        return self._count > 1

    def _take(self, _: int, __: FrameType | None) -> None:
        self._count += 1
        self._stop.set()
