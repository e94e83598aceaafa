"""What the database knows of the kickstart: whether it was applied, how far it came, and who is at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from psycopg import sql

from identity.store.db import Connection

LOCK = 0x1DE7718  # any constant beside the migrations' one


class CannotRename(Exception):
    """The default tenant can not be given another id any more; the message says why."""


@contextmanager
def exclusive(conn: Connection) -> Iterator[bool]:
    """Whether this process is the one that may run the kickstart, until the end of the block or of the process."""
    row = conn.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone()
    won = bool(row and row[0])
    try:
        yield won
    finally:
        if won:
            conn.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))


def progress(conn: Connection) -> tuple[bool, int]:
    """Whether the kickstart was applied, and how many requests are done."""
    row = conn.execute("SELECT kickstart_instant IS NOT NULL, kickstart_requests FROM installation").fetchone()
    assert row is not None
    return bool(row[0]), int(row[1])


def set_requests(conn: Connection, done: int) -> None:
    conn.execute("UPDATE installation SET kickstart_requests = %s", (done,))


def set_applied(conn: Connection, now: int) -> None:
    conn.execute("UPDATE installation SET kickstart_instant = %s", (now,))


def rename_default_tenant(conn: Connection, new_id: UUID) -> None:
    """Give the default tenant another id, everywhere, while nothing sealed or issued depends on the old one.

    Raises CannotRename.
    """
    row = conn.execute(
        """
        SELECT id, secrets <> '{}' OR EXISTS (SELECT 1 FROM users WHERE users.tenant_id = tenants.id)
        FROM tenants WHERE is_default FOR UPDATE
        """
    ).fetchone()
    if row is None:
        raise CannotRename("There is no default tenant.")
    old_id, in_use = row
    if old_id == new_id:
        return
    if in_use:
        raise CannotRename("The default tenant has users or secrets already: its id can not be changed any more.")
    if conn.execute("SELECT 1 FROM tenants WHERE id = %s", (new_id,)).fetchone():
        raise CannotRename("Another tenant has this id.")
    _move(conn, old_id, new_id)


def _move(conn: Connection, old_id: UUID, new_id: UUID) -> None:
    """One statement for all tables: foreign keys are checked at its end, when they hold again."""
    tables = conn.execute(
        """
        SELECT columns.table_name FROM information_schema.columns
        JOIN information_schema.tables USING (table_schema, table_name)
        WHERE table_schema = current_schema() AND column_name = 'tenant_id' AND table_type = 'BASE TABLE'
        """
    ).fetchall()
    moves = [
        sql.SQL("{} AS (UPDATE {} SET tenant_id = %(new)s WHERE tenant_id = %(old)s)").format(
            sql.Identifier(f"moved_{table}"), sql.Identifier(table)
        )
        for (table,) in tables
    ]
    statement = sql.SQL("WITH {} UPDATE tenants SET id = %(new)s WHERE id = %(old)s").format(sql.SQL(", ").join(moves))
    conn.execute(statement, {"new": new_id, "old": old_id})
