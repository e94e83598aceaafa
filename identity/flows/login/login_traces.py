"""Keeps the traces of logins: a bounded queue in memory, written in batches by a thread of its own.

A login pays for putting its trace into the queue and for nothing else; a database that does not take traces fails no
login. The price: what was put in during the last WRITE_AFTER seconds is lost when the process is killed, and the oldest
traces are lost when the database stays away (docs/decisions/0010-login-traces.md).
"""

from __future__ import annotations

import logging
import threading
from collections import deque

from identity.domain.trace import EndedTrace
from identity.store import login_traces
from identity.store.db import Database, StoreUnavailable

WRITE_AFTER = 0.1
"""Seconds for which traces gather before they are written together."""
RETRY_AFTER = 1.0
MOST_WAITING = 10_000
BATCH = 500
PRUNE_EVERY = 500
"""Written traces between two looks at how many there are."""

log = logging.getLogger("identity.traces")


class LoginTraces:
    """The traces of one process on their way to the database. The thread begins with the first of them."""

    def __init__(self, db: Database, *, kept: int = login_traces.KEPT) -> None:
        self._db = db
        self._kept = kept
        self._waiting: deque[EndedTrace] = deque(maxlen=MOST_WAITING)
        self._news = threading.Event()
        self._ending = threading.Event()
        self._writing = threading.Lock()
        self._beginning = threading.Lock()
        self._thread: threading.Thread | None = None
        self._unpruned = 0

    def keep(self, trace: EndedTrace) -> None:
        """Costs the caller no round trip. With MOST_WAITING in the queue the oldest one goes."""
        self._waiting.append(trace)
        if not self._news.is_set():
            if self._thread is None:
                self._begin()
            self._news.set()

    def flush(self) -> None:
        """Write what waits; for readers, who expect what they were just told of. Raises StoreUnavailable."""
        with self._writing:
            while batch := self._next():
                try:
                    with self._db.read() as conn:
                        login_traces.add_all(conn, batch)
                except StoreUnavailable:
                    self._waiting.extendleft(reversed(batch[: MOST_WAITING - len(self._waiting)]))
                    raise
                self._count(len(batch))

    def close(self) -> None:
        """Write what waits, if the database takes it, and end the thread."""
        self._ending.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join()
        try:
            self.flush()
        except StoreUnavailable:
            log.warning("%d login traces are lost: the database does not take them", len(self._waiting))

    def _begin(self) -> None:
        with self._beginning:
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="login-traces", daemon=True)
                self._thread.start()

    def _write(self) -> None:
        while not self._ending.is_set():
            self._news.wait()
            self._ending.wait(WRITE_AFTER)
            self._news.clear()
            try:
                self.flush()
            except StoreUnavailable:
                self._ending.wait(RETRY_AFTER)
                self._news.set()
            except Exception:  # the thread outlives a batch that can not be written, whatever the reason
                log.exception("login traces could not be written")

    def _next(self) -> list[EndedTrace]:
        batch: list[EndedTrace] = []
        while len(batch) < BATCH:
            try:
                batch.append(self._waiting.popleft())
            except IndexError:
                break
        return batch

    def _count(self, written: int) -> None:
        """More are removed than were written, so that the table comes down to its size and stays there."""
        self._unpruned += written
        if self._unpruned >= PRUNE_EVERY:
            self._unpruned = 0
            with self._db.read() as conn:
                login_traces.prune(conn, keep=self._kept)
