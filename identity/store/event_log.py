"""The event log: what a provider, a lambda or a limit had to say. Source: login contract section 8."""

from __future__ import annotations

from identity.store.db import Connection

MESSAGE_LIMIT = 64 * 1024


def add(conn: Connection, now: int, kind: str, message: str) -> int:
    """Add an entry of type Information, Debug or Error; the text is masked by the caller. Returns the entry's id."""
    text = message.replace("\x00", "\\0").encode("utf-8", "replace").decode("utf-8")[:MESSAGE_LIMIT]
    row = conn.execute(
        "INSERT INTO event_logs (type, message, insert_instant) VALUES (%s, %s, %s) RETURNING id", (kind, text, now)
    ).fetchone()
    assert row is not None
    return int(row[0])
