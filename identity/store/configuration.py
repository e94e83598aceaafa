"""The version of the configuration: it rises with every change of a tenant, application, role, provider, lambda or key
(API keys too).

A worker may keep configuration in memory only if its next read proves the version (decision 19): the statement that
reads the facts of a login returns this number beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from identity.store.db import Connection, Database

T = TypeVar("T")


def version(conn: Connection) -> int:
    row = conn.execute("SELECT configuration_version FROM installation").fetchone()
    assert row is not None
    return int(row[0])


def changed(conn: Connection) -> None:
    """Call it in the transaction of every change of configuration. It also puts such changes in one order."""
    conn.execute("UPDATE installation SET configuration_version = configuration_version + 1")


def change(db: Database, work: Callable[[Connection], T]) -> T:
    """Run `work`, a change of configuration, in a transaction; such changes take turns (`Database.transact`)."""

    def counted(conn: Connection) -> T:
        changed(conn)
        return work(conn)

    return db.transact(counted, turn="configuration")
