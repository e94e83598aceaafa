"""Counters of uses in a window of time. Counting and deciding is one statement, so parallel uses never pass a limit."""

from __future__ import annotations

from dataclasses import dataclass

from identity.store.db import Connection


@dataclass(frozen=True, slots=True)
class Window:
    """How a window of time stands after a use was asked for."""

    taken: bool
    """Whether the use was counted; else there was none left."""

    left: int
    ends: int


def take(conn: Connection, key: bytes, limit: int, milliseconds: int, now: int) -> Window:
    """Count one use, unless the window has seen its `limit` already."""
    row = _count(conn, key, limit, milliseconds, now)
    if row is not None:
        return Window(True, limit - row[0], row[1])
    ends = spent_until(conn, key, limit, now)
    return Window(False, 0, now + milliseconds if ends is None else ends)


def spend(conn: Connection, key: bytes, limit: int, milliseconds: int, now: int) -> bool:
    """Count one use; False when the window has seen its `limit` already, and then nothing is counted."""
    return _count(conn, key, limit, milliseconds, now) is not None


def _count(conn: Connection, key: bytes, limit: int, milliseconds: int, now: int) -> tuple[int, int] | None:
    """The uses and the end of the window; None when there was no use left."""
    row: tuple[int, int] | None = conn.execute(
        """
        INSERT INTO rate_limits AS r (key, uses, ends) VALUES (%(key)s, 1, %(ends)s)
        ON CONFLICT (key) DO UPDATE SET
            uses = CASE WHEN r.ends <= %(now)s THEN 1 ELSE r.uses + 1 END,
            ends = CASE WHEN r.ends <= %(now)s THEN excluded.ends ELSE r.ends END
        WHERE r.ends <= %(now)s OR r.uses < %(limit)s
        RETURNING uses, ends
        """,
        {"key": key, "ends": now + milliseconds, "now": now, "limit": limit},
    ).fetchone()
    return row


def spent_until(conn: Connection, key: bytes, limit: int, now: int) -> int | None:
    """When the window ends whose uses are spent; None while there are some left."""
    row = conn.execute(
        "SELECT ends FROM rate_limits WHERE key = %s AND ends > %s AND uses >= %s", (key, now, limit)
    ).fetchone()
    return None if row is None else int(row[0])


def prune(conn: Connection, now: int, batch: int) -> int:
    """Remove windows that are over, at most `batch`; returns how many."""
    removed = conn.execute(
        """
        DELETE FROM rate_limits WHERE key IN (
            SELECT key FROM rate_limits WHERE ends <= %s ORDER BY ends LIMIT %s FOR UPDATE SKIP LOCKED)
        """,
        (now, batch),
    )
    return removed.rowcount
