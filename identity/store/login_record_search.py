"""Searching login records, newest first, and reading them all in pages of constant cost (supporting contract 16)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row

from identity.store.db import Connection
from identity.store.recent_logins import SELECT, RecentLogin

BATCH = 2_000
_CONDITIONS = {
    "tenant_id": "r.tenant_id = %(tenant_id)s",
    "user_id": "r.user_id = %(user_id)s AND r.tenant_id IN (SELECT id FROM tenants)",  # the key begins with the tenant
    "application_id": "r.application_id = %(application_id)s",
    "start": "r.instant >= %(start)s",
    "end": "r.instant <= %(end)s",
}


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which records. Instants are epoch milliseconds, both inclusive; what is None does not matter."""

    tenant_id: UUID | None = None
    user_id: UUID | None = None
    application_id: UUID | None = None
    start: int | None = None
    end: int | None = None


def search(conn: Connection, criteria: Criteria, *, limit: int, offset: int) -> list[RecentLogin]:
    values = asdict(criteria) | {"limit": limit, "offset": offset}
    statement = sql.SQL("{} WHERE {} ORDER BY r.instant DESC, r.id LIMIT %(limit)s OFFSET %(offset)s").format(
        sql.SQL(SELECT), _matching(criteria)
    )
    with conn.cursor(row_factory=class_row(RecentLogin)) as cursor:
        return cursor.execute(statement, values).fetchall()


def count(conn: Connection, criteria: Criteria) -> int:
    statement = sql.SQL("SELECT count(*) FROM login_records r WHERE {}").format(_matching(criteria))
    row = conn.execute(statement, asdict(criteria)).fetchone()
    assert row is not None
    return int(row[0])


def every(conn: Connection, criteria: Criteria) -> Iterator[RecentLogin]:
    """All of them, oldest first: each page begins after the last record of the page before."""
    statement = sql.SQL(
        "{} WHERE {} AND (r.instant, r.id) > (%(after_instant)s, %(after_id)s) ORDER BY r.instant, r.id LIMIT %(batch)s"
    ).format(sql.SQL(SELECT.replace("SELECT ", "SELECT r.id, ", 1)), _matching(criteria))
    values: dict[str, Any] = asdict(criteria) | {"after_instant": -1, "after_id": UUID(int=0), "batch": BATCH}
    while True:
        rows = conn.execute(statement, values).fetchall()
        for row in rows:
            yield RecentLogin(*row[1:])
        if len(rows) < BATCH:
            return
        values |= {"after_id": rows[-1][0], "after_instant": RecentLogin(*rows[-1][1:]).instant}


def prune(conn: Connection, before: int, batch: int) -> int:
    """Remove records older than this instant, at most `batch`; returns how many."""
    removed = conn.execute(
        """
        DELETE FROM login_records WHERE ctid IN (
            SELECT ctid FROM login_records WHERE instant < %s ORDER BY instant LIMIT %s FOR UPDATE SKIP LOCKED)
        """,
        (before, batch),
    )
    return removed.rowcount


def _matching(criteria: Criteria) -> sql.Composable:
    given = [sql.SQL(text) for name, text in _CONDITIONS.items() if getattr(criteria, name) is not None]
    return sql.SQL(" AND ").join(given) if given else sql.SQL("true")
