"""The audit log: who changed what (decision 39). Entries are written in the transaction of the change they tell of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from identity.store.db import Connection
from identity.store.listing import Page, name_pattern, order_clause
from identity.store.outbox import TELLING

COLUMNS = sql.SQL("id, insert_instant, insert_user, message, reason, data, old_value, new_value, tenant_id")
ORDERS = {"insertInstant": "insert_instant", "insertUser": "insert_user", "message": "message"}
EVENT = "audit-log.create"
NEWEST_FIRST = "insertInstant DESC"
BATCH = 1_000
MATCHING = sql.SQL("""
    (%(start)s::bigint IS NULL OR insert_instant >= %(start)s)
    AND (%(end)s::bigint IS NULL OR insert_instant <= %(end)s)
    AND (%(message)s::text IS NULL OR message ILIKE %(message)s)
    AND (%(user)s::text IS NULL OR insert_user ILIKE %(user)s)
    AND (%(reason)s::text IS NULL OR reason ILIKE %(reason)s)
    AND (%(old_value)s::text IS NULL OR old_value::text ILIKE %(old_value)s)
    AND (%(new_value)s::text IS NULL OR new_value::text ILIKE %(new_value)s)
    AND (%(tenant_id)s::uuid IS NULL OR tenant_id = %(tenant_id)s)
""")


@dataclass(frozen=True, slots=True)
class Entry:
    id: int
    insert_instant: int
    insert_user: str
    message: str
    reason: str | None = None
    data: Mapping[str, Any] | None = None
    old_value: Any = None
    new_value: Any = None
    tenant_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which entries. In texts `*` stands for anything; without one, they are contained. Instants are inclusive."""

    start: int | None = None
    end: int | None = None
    message: str | None = None
    user: str | None = None
    reason: str | None = None
    old_value: str | None = None
    new_value: str | None = None
    tenant_id: UUID | None = None

    def values(self) -> dict[str, Any]:
        texts = ("message", "user", "reason", "old_value", "new_value")
        return asdict(self) | {name: name_pattern(getattr(self, name)) for name in texts}


def add(
    conn: Connection,
    now: int,
    user: str,
    message: str,
    *,
    reason: str | None = None,
    data: Mapping[str, Any] | None = None,
    old_value: Any = None,
    new_value: Any = None,
    tenant_id: UUID | None = None,
) -> int:
    """`user` is the id of the API key, or the name of the part of the service that acted. No secret goes in here.

    Webhooks that listen hear of it.
    """
    row = conn.execute(
        f"""
        WITH entry AS (
            INSERT INTO audit_logs (insert_user, message, reason, data, insert_instant, old_value, new_value, tenant_id)
            VALUES (%(user)s, %(message)s, %(reason)s, %(data)s, %(now)s, %(old)s, %(new)s, %(tenant)s) RETURNING id),
        told AS ({TELLING})
        SELECT id FROM entry
        """,  # noqa: S608 (constants only)
        {
            "event": EVENT,
            "user": user,
            "message": message,
            "reason": reason,
            "data": Jsonb(dict(data or {})),
            "now": now,
            "old": _json(old_value),
            "new": _json(new_value),
            "tenant": tenant_id,
        },
    ).fetchone()
    assert row is not None
    return int(row[0])


def find(conn: Connection, entry_id: int) -> Entry | None:
    row = conn.execute(sql.SQL("SELECT {} FROM audit_logs WHERE id = %s").format(COLUMNS), (entry_id,)).fetchone()
    return None if row is None else Entry(*row)


def search(conn: Connection, criteria: Criteria, page: Page) -> tuple[list[Entry], int]:
    """The wanted page of entries, and how many match in all. Raises UnknownOrder."""
    values = criteria.values() | {"most": page.number_of_results, "begin": page.start_row}
    query = sql.SQL("SELECT {} FROM audit_logs WHERE {} ORDER BY {} LIMIT %(most)s OFFSET %(begin)s").format(
        COLUMNS, MATCHING, order_clause(page.order_by, ORDERS, NEWEST_FIRST)
    )
    total = conn.execute(sql.SQL("SELECT count(*) FROM audit_logs WHERE {}").format(MATCHING), values).fetchone()
    assert total is not None
    return [Entry(*row) for row in conn.execute(query, values).fetchall()], int(total[0])


def every(conn: Connection, criteria: Criteria) -> Iterator[Entry]:
    """All of them, oldest first: each page begins after the last entry of the page before."""
    query = sql.SQL("SELECT {} FROM audit_logs WHERE {} AND id > %(after)s ORDER BY id LIMIT %(batch)s").format(
        COLUMNS, MATCHING
    )
    values: dict[str, Any] = criteria.values() | {"after": 0, "batch": BATCH}
    while rows := conn.execute(query, values).fetchall():
        yield from (Entry(*row) for row in rows)
        values["after"] = rows[-1][0]


def prune(conn: Connection, before: int, batch: int) -> int:
    """Remove entries older than this instant, at most `batch`; returns how many."""
    removed = conn.execute(
        """
        DELETE FROM audit_logs WHERE id IN (
            SELECT id FROM audit_logs WHERE insert_instant < %s ORDER BY insert_instant, id LIMIT %s
            FOR UPDATE SKIP LOCKED)
        """,
        (before, batch),
    )
    return removed.rowcount


def _json(value: Any) -> Jsonb | None:
    return None if value is None else Jsonb(value)
