"""The event log: what a provider, a lambda or a limit had to say. Source: login contract section 8."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from identity.store.db import Connection
from identity.store.listing import name_pattern
from identity.store.outbox import TELLING

EVENT = "event-log.create"
MESSAGE_LIMIT = 64 * 1024
KEPT = 10_000
"""How many entries stay unless eventLogConfiguration.numberToRetain says otherwise; source: login contract 8.5."""
PRUNE_EVERY = 100
PRUNE_BATCH = 500
COLUMNS = {"insertInstant": "insert_instant", "message": "message", "type": "type"}
"""What a search may be ordered by."""
MATCHING = """
    (%(start)s::bigint IS NULL OR insert_instant >= %(start)s)
    AND (%(end)s::bigint IS NULL OR insert_instant <= %(end)s)
    AND (%(type)s::text IS NULL OR type = %(type)s)
    AND (%(like)s::text IS NULL OR message ILIKE %(like)s)
"""


@dataclass(frozen=True, slots=True)
class Entry:
    id: int
    insert_instant: int
    message: str
    type: str


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which entries, in which order, and which part of them. Instants are epoch milliseconds, both inclusive."""

    start: int | None = None
    end: int | None = None
    message: str | None = None
    """`*` stands for anything; without one, the message contains this text. Case does not matter."""
    type: str | None = None
    order: tuple[tuple[str, bool], ...] = (("insertInstant", True),)
    """Columns (wire names, see COLUMNS) and whether each descends."""
    number_of_results: int = 25
    start_row: int = 0


def add(conn: Connection, now: int, kind: str, message: str) -> int:
    """Add an entry of type Information, Debug or Error; the text is masked by the caller. Returns the entry's id.

    Webhooks that listen hear of it.

    Every hundredth entry takes the oldest ones beyond the kept number along.
    """
    text = message.replace("\x00", "\\0").encode("utf-8", "replace").decode("utf-8")[:MESSAGE_LIMIT]
    row = conn.execute(
        f"""
        WITH entry AS (
            INSERT INTO event_logs (type, message, insert_instant) VALUES (%(kind)s, %(text)s, %(now)s) RETURNING id),
        told AS ({TELLING})
        SELECT id FROM entry
        """,  # noqa: S608 (constants only)
        {"event": EVENT, "kind": kind, "text": text, "now": now},
    ).fetchone()
    assert row is not None
    entry_id = int(row[0])
    if entry_id % PRUNE_EVERY == 0:
        prune(conn)
    return entry_id


def prune(conn: Connection, *, keep: int | None = None, batch: int = PRUNE_BATCH) -> int:
    """Remove the oldest entries beyond `keep`, by default the configured number, at most `batch` of them.

    Returns how many. Two at once do not wait.
    """
    removed = conn.execute(
        """
        DELETE FROM event_logs WHERE id IN (
            SELECT id FROM event_logs
            WHERE id <= (SELECT id FROM event_logs ORDER BY id DESC LIMIT 1 OFFSET coalesce(%s, (
                SELECT (settings #>> '{event_log_configuration,number_to_retain}')::integer
                FROM system_configuration), %s))
            ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
        """,
        (keep, KEPT, batch),
    )
    return removed.rowcount


def find(conn: Connection, entry_id: int) -> Entry | None:
    row = conn.execute("SELECT id, insert_instant, message, type FROM event_logs WHERE id = %s", (entry_id,)).fetchone()
    return None if row is None else Entry(*row)


def search(conn: Connection, criteria: Criteria) -> tuple[list[Entry], int]:
    """The wanted page of entries, and how many match in all."""
    values = {
        "start": criteria.start,
        "end": criteria.end,
        "type": criteria.type,
        "like": name_pattern(criteria.message),
        "limit": criteria.number_of_results,
        "offset": criteria.start_row,
    }
    total = conn.execute(f"SELECT count(*) FROM event_logs WHERE {MATCHING}", values).fetchone()  # noqa: S608 (constant)
    page = sql.SQL(
        "SELECT id, insert_instant, message, type FROM event_logs WHERE {} ORDER BY {}"
        " LIMIT %(limit)s OFFSET %(offset)s"
    ).format(sql.SQL(MATCHING), _order(criteria.order))
    assert total is not None
    return [Entry(*row) for row in conn.execute(page, values).fetchall()], int(total[0])


def _order(order: tuple[tuple[str, bool], ...]) -> sql.Composable:
    """The columns, then the id in the direction of the first one: pages neither repeat nor lose an entry."""
    columns = [(COLUMNS[name], descending) for name, descending in order]
    columns.append(("id", columns[0][1]))
    parts = [sql.SQL("{} {}").format(sql.Identifier(c), sql.SQL("DESC" if d else "ASC")) for c, d in columns]
    return sql.SQL(", ").join(parts)
