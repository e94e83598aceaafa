"""Failed logins at the Rocket.Chat door: the instants of each user's and each address's, in one row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from identity.store.db import Connection


def find(conn: Connection, key: bytes) -> list[int]:
    """The instants, oldest first."""
    row = conn.execute("SELECT failures FROM rocketchat_failures WHERE key = %s", (key,)).fetchone()
    return [] if row is None else list(row[0])


def lock(conn: Connection, key: bytes) -> list[int]:
    """As `find`, held until the transaction ends."""
    row = conn.execute(
        """
        INSERT INTO rocketchat_failures AS f (key, failures, expiry) VALUES (%s, '{}', 0)
        ON CONFLICT (key) DO UPDATE SET failures = f.failures RETURNING failures
        """,
        (key,),
    ).fetchone()
    assert row is not None
    return list(row[0])


def save(conn: Connection, key: bytes, failures: Sequence[int], expiry: int) -> None:
    """For who holds the lock."""
    conn.execute(
        "UPDATE rocketchat_failures SET failures = %s::bigint[], expiry = %s WHERE key = %s",
        (list(failures), expiry, key),
    )


def forget(conn: Connection, keys: Iterable[bytes]) -> None:
    """A success: what failed before it is nothing."""
    conn.execute("DELETE FROM rocketchat_failures WHERE key = ANY(%s)", (list(keys),))


def prune(conn: Connection, now: int, batch: int) -> int:
    """Remove rows that matter no more, at most `batch`; returns how many."""
    removed = conn.execute(
        """
        DELETE FROM rocketchat_failures WHERE key IN (
            SELECT key FROM rocketchat_failures WHERE expiry <= %s ORDER BY expiry LIMIT %s FOR UPDATE SKIP LOCKED)
        """,
        (now, batch),
    )
    return removed.rowcount
