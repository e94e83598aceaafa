"""What became of events: one row per event that a webhook was to hear of, and one per attempt to tell it.

An event's result is Running while webhooks are outstanding; then Succeeded if every webhook that was tried has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from identity.store.db import Connection
from identity.store.listing import Page, name_pattern, order_clause

RESULTS = ("Failed", "Running", "Succeeded")
ORDERS = {
    "eventResult": "event_result",
    "eventType": "event_type",
    "id": "id",
    "insertInstant": "insert_instant",
    "lastAttemptInstant": "last_attempt_instant",
    "linkedObjectId": "linked_object_id",
}
COLUMNS = sql.SQL(
    """id, tenant_id, event_type, event, linked_object_id, event_result, outstanding, failed_attempts,
    successful_attempts, last_attempt_instant, insert_instant, last_update_instant"""
)
MATCHING = sql.SQL(
    """
    FROM webhook_event_logs WHERE (%(start)s::bigint IS NULL OR insert_instant >= %(start)s)
    AND (%(end)s::bigint IS NULL OR insert_instant <= %(end)s)
    AND (%(type)s::text IS NULL OR event_type = %(type)s) AND (%(result)s::text IS NULL OR event_result = %(result)s)
    AND (%(event)s::text IS NULL OR event::text ILIKE %(event)s)
    """
)


@dataclass(frozen=True, slots=True)
class EventLog:
    """One event. `event` is the document that was sent, its tokens masked."""

    id: UUID
    tenant_id: UUID | None
    event_type: str
    event: Mapping[str, Any]
    linked_object_id: UUID | None
    event_result: str
    outstanding: int
    failed_attempts: int
    successful_attempts: int
    last_attempt_instant: int | None
    insert_instant: int
    last_update_instant: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to tell one webhook. `exception` says why there is no status code."""

    id: UUID
    webhook_event_log_id: UUID
    webhook_id: UUID
    url: str
    start_instant: int
    end_instant: int
    status_code: int | None
    exception: str | None

    @property
    def succeeded(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300

    @property
    def attempt_result(self) -> str:
        return "Success" if self.succeeded else "Failure"


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which events, instants inclusive. `event` is a part of the document; `*` stands for anything."""

    start: int | None = None
    end: int | None = None
    event: str | None = None
    event_type: str | None = None
    event_result: str | None = None


def add(conn: Connection, event: EventLog) -> None:
    """Note an event. Raises InUse, when the tenant is gone."""
    conn.execute(
        sql.SQL("INSERT INTO webhook_event_logs ({}) VALUES ({})").format(
            COLUMNS, sql.SQL(", ").join([sql.Placeholder()] * 12)
        ),
        (
            event.id,
            event.tenant_id,
            event.event_type,
            Jsonb(dict(event.event)),
            event.linked_object_id,
            event.event_result,
            event.outstanding,
            event.failed_attempts,
            event.successful_attempts,
            event.last_attempt_instant,
            event.insert_instant,
            event.last_update_instant,
        ),
    )


def wait_for(conn: Connection, event_id: UUID, outstanding: int, now: int) -> None:
    """Webhooks that were asked in vain are told later: the event runs on."""
    conn.execute(
        """
        UPDATE webhook_event_logs SET outstanding = %s, event_result = 'Running', last_update_instant = %s WHERE id = %s
        """,
        (outstanding, now, event_id),
    )


def add_attempt(conn: Connection, attempt: Attempt, *, settled: int) -> None:
    """Note an attempt; `settled` is 1 when the webhook is no longer outstanding: it has the event or is given up."""
    known = conn.execute(
        """
        UPDATE webhook_event_logs SET outstanding = greatest(outstanding - %s, 0), last_attempt_instant = %s,
            successful_attempts = successful_attempts + %s, failed_attempts = failed_attempts + %s,
            last_update_instant = %s
        WHERE id = %s
        """,
        (
            settled,
            attempt.end_instant,
            int(attempt.succeeded),
            int(not attempt.succeeded),
            attempt.end_instant,
            attempt.webhook_event_log_id,
        ),
    )
    if known.rowcount:  # an event that was pruned meanwhile is told all the same, but not written about
        _insert_attempt(conn, attempt)
        settle(conn, attempt.webhook_event_log_id)


def settle(conn: Connection, event_id: UUID, *, dropped: int = 0) -> None:
    """Give the event the result that its attempts have. `dropped` webhooks are outstanding no longer."""
    conn.execute(
        """
        UPDATE webhook_event_logs e SET outstanding = greatest(outstanding - %(dropped)s, 0), event_result = CASE
            WHEN outstanding > %(dropped)s THEN 'Running'
            WHEN EXISTS (SELECT 1 FROM webhook_attempt_logs a WHERE a.webhook_event_log_id = e.id
                         GROUP BY webhook_id HAVING bool_and(attempt_result <> 'Success')) THEN 'Failed'
            ELSE 'Succeeded' END
        WHERE id = %(id)s
        """,
        {"id": event_id, "dropped": dropped},
    )


def _insert_attempt(conn: Connection, attempt: Attempt) -> None:
    conn.execute(
        """
        INSERT INTO webhook_attempt_logs (id, webhook_event_log_id, webhook_id, url, start_instant, end_instant,
            status_code, exception, attempt_result) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            attempt.id,
            attempt.webhook_event_log_id,
            attempt.webhook_id,
            attempt.url,
            attempt.start_instant,
            attempt.end_instant,
            attempt.status_code,
            attempt.exception,
            attempt.attempt_result,
        ),
    )


def find(conn: Connection, event_id: UUID) -> EventLog | None:
    query = sql.SQL("SELECT {} FROM webhook_event_logs WHERE id = %s").format(COLUMNS)
    with conn.cursor(row_factory=class_row(EventLog)) as cursor:
        return cursor.execute(query, (event_id,)).fetchone()


ATTEMPT = "id, webhook_event_log_id, webhook_id, url, start_instant, end_instant, status_code, exception"


def attempts_of(conn: Connection, event_id: UUID) -> list[Attempt]:
    """The attempts of one event, the oldest first."""
    query = f"""SELECT {ATTEMPT} FROM webhook_attempt_logs WHERE webhook_event_log_id = %s
        ORDER BY start_instant, id"""  # noqa: S608 (a constant)
    return [Attempt(*row) for row in conn.execute(query, (event_id,))]


def find_attempt(conn: Connection, attempt_id: UUID) -> Attempt | None:
    row = conn.execute(f"SELECT {ATTEMPT} FROM webhook_attempt_logs WHERE id = %s", (attempt_id,)).fetchone()  # noqa: S608
    return None if row is None else Attempt(*row)


def search(conn: Connection, page: Page, criteria: Criteria) -> tuple[list[EventLog], int]:
    """One page, and how many there are in all. Raises UnknownOrder."""
    values = {
        "start": criteria.start,
        "end": criteria.end,
        "event": name_pattern(criteria.event),
        "type": criteria.event_type,
        "result": criteria.event_result,
        "most": page.number_of_results,
        "first": page.start_row,
    }
    query = sql.SQL("SELECT {} {} ORDER BY {} LIMIT %(most)s OFFSET %(first)s").format(
        COLUMNS, MATCHING, order_clause(page.order_by, ORDERS, "insertInstant DESC")
    )
    with conn.cursor(row_factory=class_row(EventLog)) as cursor:
        found = cursor.execute(query, values).fetchall()
    total = conn.execute(sql.SQL("SELECT count(*) {}").format(MATCHING), values).fetchone()
    assert total is not None
    return found, int(total[0])


def prune(conn: Connection, before: int, batch: int) -> int:
    """Forget events, with their attempts, that are older than this instant; at most `batch`."""
    removed = conn.execute(
        """
        DELETE FROM webhook_event_logs WHERE id IN (
            SELECT id FROM webhook_event_logs WHERE insert_instant < %s
            ORDER BY insert_instant LIMIT %s FOR UPDATE SKIP LOCKED)
        """,
        (before, batch),
    )
    return removed.rowcount
