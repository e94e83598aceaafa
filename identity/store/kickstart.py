"""What the database knows of the kickstart: whether it was applied, how far it came, and who is at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from identity.store.db import Connection
from identity.store.outbox import TELLING

EVENT = "kickstart.success"
LOCK = 0x1DE7718  # any constant beside the migrations' one


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
    """Webhooks that listen hear of it."""
    conn.execute(
        f"WITH entry AS (UPDATE installation SET kickstart_instant = %(now)s RETURNING 1 AS id) {TELLING}",  # noqa: S608
        {"event": EVENT, "now": now},
    )


def default_tenant_id(conn: Connection) -> UUID | None:
    row = conn.execute("SELECT id FROM tenants WHERE is_default").fetchone()
    return None if row is None else row[0]


def has_users(conn: Connection, tenant_id: UUID) -> bool:
    return conn.execute("SELECT 1 FROM users WHERE tenant_id = %s LIMIT 1", (tenant_id,)).fetchone() is not None


def has_overrides(conn: Connection, application_id: UUID) -> bool:
    """Whether an identity provider has settings for this application."""
    query = "SELECT 1 FROM identity_provider_applications WHERE application_id = %s LIMIT 1"
    return conn.execute(query, (application_id,)).fetchone() is not None


def secrets_of(conn: Connection, table: str, row_id: UUID) -> dict[str, str] | None:
    """The sealed secrets of a tenant or an application, which is locked; None when there is no such row."""
    query = sql.SQL("SELECT secrets FROM {} WHERE id = %s FOR UPDATE").format(sql.Identifier(table))
    row = conn.execute(query, (row_id,)).fetchone()
    return None if row is None else row[0]


def rename(conn: Connection, table: str, column: str, old_id: UUID, new_id: UUID, secrets: dict[str, str]) -> None:
    """Give a row of `table` another id, in every table whose `column` refers to it, and newly sealed secrets.

    One statement for all tables: foreign keys are checked at its end, when they hold again.
    """
    tables = conn.execute(
        """
        SELECT columns.table_name FROM information_schema.columns
        JOIN information_schema.tables USING (table_schema, table_name)
        WHERE table_schema = current_schema() AND column_name = %s AND table_type = 'BASE TABLE'
        """,
        (column,),
    ).fetchall()
    moves = [
        sql.SQL("{} AS (UPDATE {} SET {} = %(new)s WHERE {} = %(old)s)").format(
            sql.Identifier(f"moved_{referring}"), sql.Identifier(referring), *[sql.Identifier(column)] * 2
        )
        for (referring,) in tables
    ]
    statement = sql.SQL("WITH {} UPDATE {} SET id = %(new)s, secrets = %(secrets)s WHERE id = %(old)s")
    conn.execute(
        statement.format(sql.SQL(", ").join(moves), sql.Identifier(table)),
        {"new": new_id, "old": old_id, "secrets": Jsonb(secrets)},
    )
