"""Traces of login attempts: written in batches, read by id or searched, and only so many kept.

The order of ids is the order of time, so the primary key serves searches and pruning alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from uuid import UUID

import orjson

from identity.domain.trace import EndedTrace, Step
from identity.store.db import Connection

KEPT = 100_000
"""How many traces stay."""
PRUNE_BATCH = 1_000

COLUMNS = {
    "id": "text",
    "instant": "bigint",
    "door": "text",
    "status": "integer",
    "rule": "text",
    "milliseconds": "integer",
    "tenant_id": "uuid",
    "application_id": "uuid",
    "identity_provider_id": "uuid",
    "user_id": "uuid",
}
NAMES = ", ".join(COLUMNS)
_INSERT = f"""
    INSERT INTO login_traces ({NAMES}, steps)
    SELECT * FROM unnest({", ".join(f"%s::{kind}[]" for kind in COLUMNS.values())}, %s::jsonb[])
    ON CONFLICT DO NOTHING"""  # noqa: S608 (constants only)
_VALUES = [attrgetter(name) for name in COLUMNS]
MATCHING = """
    (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
    AND (%(user)s::uuid IS NULL OR user_id = %(user)s)
    AND (%(application)s::uuid IS NULL OR application_id = %(application)s)
    AND (%(door)s::text IS NULL OR door = %(door)s)
    AND (%(status)s::integer IS NULL OR status = %(status)s)
    AND (%(start)s::bigint IS NULL OR instant >= %(start)s)
    AND (%(end)s::bigint IS NULL OR instant <= %(end)s)
"""


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which traces, newest first. Instants are epoch milliseconds, both inclusive."""

    tenant: UUID | None = None
    user: UUID | None = None
    application: UUID | None = None
    door: str | None = None
    status: int | None = None
    start: int | None = None
    end: int | None = None
    number_of_results: int = 25
    start_row: int = 0


def add_all(conn: Connection, traces: Sequence[EndedTrace]) -> None:
    """One statement for all of them."""
    columns: list[list[Any]] = [[value(trace) for trace in traces] for value in _VALUES]
    conn.execute(_INSERT, [*columns, [_written(trace.steps) for trace in traces]])


def find(conn: Connection, tenant_id: UUID | None, trace_id: str) -> EndedTrace | None:
    """The trace, if it is this tenant's; of any tenant, or of none, when none is given."""
    row = conn.execute(
        f"SELECT {NAMES}, steps FROM login_traces WHERE id = %s AND (%s::uuid IS NULL OR tenant_id = %s)",  # noqa: S608
        (trace_id, tenant_id, tenant_id),
    ).fetchone()
    return None if row is None else _trace(row)


def search(conn: Connection, criteria: Criteria) -> tuple[list[EndedTrace], int]:
    """The wanted page of traces, newest first, and how many match in all."""
    values = {
        "tenant": criteria.tenant,
        "user": criteria.user,
        "application": criteria.application,
        "door": criteria.door,
        "status": criteria.status,
        "start": criteria.start,
        "end": criteria.end,
        "limit": criteria.number_of_results,
        "offset": criteria.start_row,
    }
    total = conn.execute(f"SELECT count(*) FROM login_traces WHERE {MATCHING}", values).fetchone()  # noqa: S608
    rows = conn.execute(
        f"SELECT {NAMES}, steps FROM login_traces WHERE {MATCHING}"  # noqa: S608 (constants only)
        " ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s",
        values,
    ).fetchall()
    assert total is not None
    return [_trace(row) for row in rows], int(total[0])


def prune(conn: Connection, *, keep: int = KEPT, batch: int = PRUNE_BATCH) -> int:
    """Remove the oldest traces beyond `keep`, at most `batch` of them; returns how many. Two at once do not wait."""
    removed = conn.execute(
        """
        DELETE FROM login_traces WHERE id IN (
            SELECT id FROM login_traces
            WHERE id <= (SELECT id FROM login_traces ORDER BY id DESC OFFSET %s LIMIT 1)
            ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
        """,
        (keep, batch),
    )
    return removed.rowcount


def _written(steps: Sequence[Step]) -> str:
    rows = [(step.instant, step.text, step.rule) for step in steps]
    try:
        written = orjson.dumps(rows)
    except orjson.JSONEncodeError:  # a text from outside that is no valid Unicode
        written = b"\\u0000"
    if b"\\u0000" in written:  # or one that PostgreSQL does not take
        written = orjson.dumps([(at, _storable(text), rule) for at, text, rule in rows])
    return written.decode()


def _storable(text: str) -> str:
    return text.replace("\x00", "\\0").encode("utf-8", "replace").decode()


def _trace(row: Sequence[Any]) -> EndedTrace:
    return EndedTrace(*(*row[:-1], tuple(Step(*step) for step in row[-1])))
