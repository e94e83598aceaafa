"""The one row about this installation as a whole: whether its default objects were made, and their ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from identity.store.db import Connection


def claim_bootstrap(conn: Connection, now: int) -> bool:
    """Whether this transaction is the one to make the default objects: of several, one gets it, the others wait."""
    cursor = conn.execute("UPDATE installation SET bootstrap_instant = %s WHERE bootstrap_instant IS NULL", (now,))
    return cursor.rowcount == 1


def note_defaults(conn: Connection, ids: Mapping[str, Any]) -> None:
    conn.execute("UPDATE installation SET defaults = %s", (Jsonb(dict(ids)),))


def defaults(conn: Connection) -> dict[str, Any] | None:
    """The ids of the default objects by their role; None before they were made."""
    row = conn.execute("SELECT defaults FROM installation").fetchone()
    return dict(row[0]) if row and row[0] else None
