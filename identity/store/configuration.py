"""The version of the configuration: it rises with every change of a tenant, application, role, provider, lambda or key.

A worker may keep configuration in memory only if its next read proves the version (decision 19): the statement that
reads the facts of a login returns this number beside them.
"""

from __future__ import annotations

from identity.store.db import Connection


def version(conn: Connection) -> int:
    row = conn.execute("SELECT configuration_version FROM installation").fetchone()
    assert row is not None
    return int(row[0])


def changed(conn: Connection) -> None:
    """Call it in the transaction of every change of configuration. It also puts such changes in one order."""
    conn.execute("UPDATE installation SET configuration_version = configuration_version + 1")
