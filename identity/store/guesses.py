"""Wrong guesses: one row per guessed user, also for login ids that nobody has, so that both cost the same (T19)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from identity.domain.guesses import Count, Guesses
from identity.store.db import Connection

_COLUMNS = "failures, first_instant, code_failures, first_code_instant, locked_until"


def lock(conn: Connection, tenant_id: UUID, user_id: UUID) -> Guesses:
    """What is known of this user's guesses, held until the transaction ends."""
    row = conn.execute(
        f"""
        INSERT INTO login_failures AS f (tenant_id, user_id, failures, first_instant) VALUES (%s, %s, 0, 0)
        ON CONFLICT (tenant_id, user_id) DO UPDATE SET failures = f.failures
        RETURNING {_COLUMNS}
        """,  # noqa: S608 (a constant)
        (tenant_id, user_id),
    ).fetchone()
    assert row is not None
    return _guesses(row)


def find(conn: Connection, tenant_id: UUID, user_id: UUID) -> Guesses:
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM login_failures WHERE tenant_id = %s AND user_id = %s",  # noqa: S608
        (tenant_id, user_id),
    ).fetchone()
    return Guesses() if row is None else _guesses(row)


def _guesses(row: Sequence[Any]) -> Guesses:
    return Guesses(Count(row[0], row[1]), Count(row[2], row[3]), row[4])


def save(conn: Connection, tenant_id: UUID, user_id: UUID, guesses: Guesses, now: int) -> None:
    conn.execute(
        """
        UPDATE login_failures SET failures = %s, first_instant = %s, code_failures = %s, first_code_instant = %s,
            locked_until = %s, last_instant = %s
        WHERE tenant_id = %s AND user_id = %s
        """,
        (
            guesses.passwords.failures,
            guesses.passwords.first_instant,
            guesses.codes.failures,
            guesses.codes.first_instant,
            guesses.locked_until,
            now,
            tenant_id,
            user_id,
        ),
    )


def forget_passwords(conn: Connection, tenant_id: UUID, user_id: UUID, now: int) -> None:
    """The right password came: what was counted before it is nothing. A lockout stays."""
    conn.execute(
        """
        UPDATE login_failures SET failures = 0
        WHERE tenant_id = %s AND user_id = %s AND failures > 0 AND (locked_until IS NULL OR locked_until <= %s)
        """,
        (tenant_id, user_id, now),
    )


def forget(conn: Connection, tenant_id: UUID, user_id: UUID) -> None:
    """Lift a lockout, and begin to count anew."""
    conn.execute("DELETE FROM login_failures WHERE tenant_id = %s AND user_id = %s", (tenant_id, user_id))


def prune(conn: Connection, now: int, kept: int, batch: int) -> int:
    """Remove rows without a lockout and with no guess in the last `kept` milliseconds; returns how many."""
    removed = conn.execute(
        """
        DELETE FROM login_failures WHERE (tenant_id, user_id) IN (
            SELECT tenant_id, user_id FROM login_failures
            WHERE last_instant < %s AND (locked_until IS NULL OR locked_until <= %s)
            ORDER BY last_instant LIMIT %s FOR UPDATE SKIP LOCKED)
        """,
        (now - kept, now, batch),
    )
    return removed.rowcount
