"""The connection pool and the transaction: how every other module of the store reaches PostgreSQL.

Laws: a flow opens the transaction, a store function never does; nothing talks to the network while one is open
(decision 17); a transaction is never repeated once COMMIT was sent (decision 19). A lost, slow or read-only database is
`StoreUnavailable`, whatever psycopg calls it.
"""

from __future__ import annotations

import select
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import orjson
import psycopg
from psycopg import errors
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

Connection = psycopg.Connection[Any]
T = TypeVar("T")

POOL_WAIT_SECONDS = 2.0
ATTEMPTS = 3
TURNS = 64
"""Locks that turns are spread over; two that share one only wait a little longer."""
TURN_SECONDS = 20.0
SESSION_OPTIONS = "-c statement_timeout=5000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000"
UNAVAILABLE = (
    psycopg.OperationalError,  # connection lost, refused, shutting down, timeouts, disk full, too many connections
    psycopg.InterfaceError,  # the connection was already closed
    errors.ReadOnlySqlTransaction,
    PoolTimeout,
    PoolClosed,
    TooManyRequests,
)
REPEATABLE = (errors.SerializationFailure, errors.DeadlockDetected)


class StoreUnavailable(Exception):
    """PostgreSQL did not take the work: it is away, overloaded or read-only. Nothing was acknowledged."""


class UniqueConflict(Exception):
    """A row with this key exists already. `constraint` is the constraint's name."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class InUse(Exception):
    """The row is referenced by another one, or it refers to one that does not exist."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)


set_json_dumps(_dump)
set_json_loads(orjson.loads)


def _has_hung_up(connection: Connection) -> bool:
    """Whether the server closed this idle connection: an idle socket that is readable has news, and none is good."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
    return bool(poll.poll(0))


def _check(connection: Connection) -> None:
    """Costs no round trip: a live, idle connection has nothing to read."""
    if connection.closed or _has_hung_up(connection):
        connection.execute("SELECT 1")


KNOWN = (errors.UniqueViolation, errors.ForeignKeyViolation, *REPEATABLE, *UNAVAILABLE)


def _translated(error: Exception) -> Exception:
    """An error of psycopg in the words of this module."""
    if isinstance(error, errors.UniqueViolation):
        return UniqueConflict(error.diag.constraint_name or "")
    if isinstance(error, errors.ForeignKeyViolation):
        return InUse(error.diag.constraint_name or "")
    return StoreUnavailable(str(error))


class Database:
    """A pool of connections to one PostgreSQL; opened after the worker has started, never before a fork."""

    def __init__(self, url: str, *, pool_size: int = 12, prepare: bool = True) -> None:
        self._turns = [threading.Lock() for _ in range(TURNS)]
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=1,
            max_size=pool_size,
            open=False,
            timeout=POOL_WAIT_SECONDS,
            max_waiting=200,
            check=_check,
            reconnect_timeout=POOL_WAIT_SECONDS,
            # It begins to connect again. Those who waited in vain stay in the queue until there is a connection, and a
            # queue that is full of them would let nobody in whose coming makes the pool connect.
            reconnect_failed=ConnectionPool.check,
            kwargs={
                "autocommit": True,
                "prepare_threshold": 2 if prepare else None,
                "options": SESSION_OPTIONS,
                "connect_timeout": 3,
            },
        )

    def open(self) -> None:
        self._pool.open()

    def pool_state(self) -> tuple[int, int, int]:
        """How many connections there are, how many of them are idle, and how many requests wait for one."""
        told = self._pool.get_stats()
        return told["pool_size"], told["pool_available"], told["requests_waiting"]

    def close(self) -> None:
        self._pool.close()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection in autocommit: each statement by itself. Raises StoreUnavailable, UniqueConflict, InUse."""
        # Not through the pool's own context manager: it commits, and here there is never anything to commit.
        connection = None
        try:
            connection = self._pool.getconn()
            yield connection
        except KNOWN as error:
            raise _translated(error) from error
        finally:
            if connection is not None:
                self._pool.putconn(connection)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection in one transaction, committed at the end of the block, rolled back by any exception.

        Raises StoreUnavailable, UniqueConflict, InUse.
        """
        try:
            with self._pool.connection() as connection, connection.transaction():
                yield connection
        except KNOWN as error:
            raise _translated(error) from error

    def transact(self, work: Callable[[Connection], T], *, turn: Hashable = None) -> T:
        """Run `work` in a transaction; begin anew, twice at most, when PostgreSQL asks for it before the commit.

        Those of this process that name the same `turn` take turns. They would wait for each other's rows in any case;
        here they wait without a connection, so that a burst of writers of one row leaves the pool to everybody else.
        Raises StoreUnavailable, UniqueConflict, InUse.
        """
        if turn is None:
            return self._transact(work)
        mine = self._turns[hash(turn) % TURNS]
        if not mine.acquire(timeout=TURN_SECONDS):
            raise StoreUnavailable("too many writers of one object at once")
        try:
            return self._transact(work)
        finally:
            mine.release()

    def _transact(self, work: Callable[[Connection], T]) -> T:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.transaction() as connection:
                    return work(connection)
            except StoreUnavailable as error:
                if attempt == ATTEMPTS or not isinstance(error.__cause__, REPEATABLE):
                    raise
        raise AssertionError("unreachable")
