"""The development clock: one row says how far the service's time is ahead, and every worker follows it (decision 20).

It reads on a connection of its own: whoever asks for the time may hold one of the pool already.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg

from identity.runtime import Runtime
from identity.store.db import Connection

REREAD_SECONDS = 0.1
"""How old the offset may be that a worker goes by."""

RETRY_SECONDS = 1.0
CONNECT_SECONDS = 2
SESSION_OPTIONS = "-c statement_timeout=1000 -c lock_timeout=500"


class DevelopmentClock:
    """The service's time of one process in development mode."""

    def __init__(self, url: str, runtime: Runtime) -> None:
        self._url = url
        self._real: Callable[[], int] = runtime.now
        self._monotonic = runtime.monotonic
        self._connection: psycopg.Connection[Any] | None = None
        self._reading = threading.Lock()
        self._offset = 0
        self._due = 0.0
        self._read()

    def now(self) -> int:
        """The service's time, epoch milliseconds. One thread reads the offset anew; the others do not wait for it."""
        if self._monotonic() >= self._due and self._reading.acquire(blocking=False):
            try:
                self._read()
            finally:
                self._reading.release()
        return self._real() + self._offset

    def close(self) -> None:
        with self._reading:
            self._due = float("inf")
            self._drop()

    def _read(self) -> None:
        try:
            if self._connection is None:
                self._connection = psycopg.connect(
                    self._url, autocommit=True, connect_timeout=CONNECT_SECONDS, options=SESSION_OPTIONS
                )
            self._offset = _followed(self._connection)
        except psycopg.Error:  # the database is away or not migrated yet: the offset that is known serves meanwhile
            self._drop()
            self._due = self._monotonic() + RETRY_SECONDS
        else:
            self._due = self._monotonic() + REREAD_SECONDS

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def offset(conn: Connection) -> int | None:
    """Milliseconds the service's time is ahead; None where no service has run in development mode."""
    row = conn.execute("SELECT offset_milliseconds FROM development_clock").fetchone()
    return None if row is None else int(row[0])


def advance(conn: Connection, milliseconds: int) -> int | None:
    """Move the service's time on; the new offset, or None as for `offset`."""
    row = conn.execute(
        "UPDATE development_clock SET offset_milliseconds = offset_milliseconds + %s RETURNING offset_milliseconds",
        (milliseconds,),
    ).fetchone()
    return None if row is None else int(row[0])


def reset(conn: Connection) -> int | None:
    """Back to the real time; 0, or None as for `offset`."""
    row = conn.execute("UPDATE development_clock SET offset_milliseconds = 0 RETURNING offset_milliseconds").fetchone()
    return None if row is None else int(row[0])


def _followed(connection: psycopg.Connection[Any]) -> int:
    """The offset; the row is made where there is none, so that the command knows that somebody follows it."""
    known = offset(connection)
    if known is None:
        connection.execute("INSERT INTO development_clock DEFAULT VALUES ON CONFLICT DO NOTHING")
    return known or 0
