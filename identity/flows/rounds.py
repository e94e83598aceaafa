"""Work that every worker does again and again beside its requests, on a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from identity.store.db import StoreUnavailable

log = logging.getLogger("identity.rounds")


class Rounds:
    """One kind of such work. A round that breaks is logged, and the next one comes all the same."""

    def __init__(self, name: str, work: Callable[[], object], every_seconds: float) -> None:
        self._name = name
        self._work = work
        self._every_seconds = every_seconds
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Finish the round that is under way, and end."""
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.wait(self._every_seconds):
            try:
                self._work()
            except StoreUnavailable as error:
                log.warning("%s: nothing was done: %s", self._name, error)
            except Exception:  # the thread outlives a round that breaks, whatever the reason
                log.exception("%s broke", self._name)
