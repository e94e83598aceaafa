"""The version of the configuration: it rises with every change of a tenant, application, role, provider, lambda or key.

A worker may keep configuration in memory only if its next read proves the version (decision 19): the statement that
reads the facts of a login returns this number beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from identity.store.db import Connection, Database, StoreUnavailable

T = TypeVar("T")
PATIENCE_SECONDS = 30.0
"""How long a change of configuration waits for others of this process."""


def version(conn: Connection) -> int:
    row = conn.execute("SELECT configuration_version FROM installation").fetchone()
    assert row is not None
    return int(row[0])


def changed(conn: Connection) -> None:
    """Call it in the transaction of every change of configuration. It also puts such changes in one order."""
    conn.execute("UPDATE installation SET configuration_version = configuration_version + 1")


def change(db: Database, work: Callable[[Connection], T]) -> T:
    """Run `work`, a change of configuration, in a transaction, one at a time in this process.

    Changes wait for one another in the database in any case; here they wait without a connection of the pool, so that
    a burst of them takes none away from logins. Raises StoreUnavailable.
    """

    def counted(conn: Connection) -> T:
        changed(conn)
        return work(conn)

    if not db.configuring.acquire(timeout=PATIENCE_SECONDS):
        raise StoreUnavailable("too many changes of configuration at once")
    try:
        return db.transact(counted)
    finally:
        db.configuring.release()
