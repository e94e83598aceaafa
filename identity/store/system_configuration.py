"""The one row of the system configuration. Without it the defaults apply, which the wire schema knows."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from identity.domain.system_configuration import SystemConfiguration
from identity.store.db import Connection


def find(conn: Connection) -> SystemConfiguration | None:
    row = conn.execute("SELECT settings, insert_instant, last_update_instant FROM system_configuration").fetchone()
    return None if row is None else SystemConfiguration(*row)


def put(conn: Connection, settings: dict[str, Any], now: int) -> SystemConfiguration:
    """Store these settings as a whole. Changes of configuration take turns, so nobody else does meanwhile."""
    row = conn.execute(
        """
        INSERT INTO system_configuration (settings, insert_instant, last_update_instant) VALUES (%s, %s, %s)
        ON CONFLICT (only_row) DO UPDATE
        SET settings = excluded.settings, last_update_instant =
            CASE WHEN system_configuration.settings = excluded.settings THEN system_configuration.last_update_instant
            ELSE excluded.last_update_instant END
        RETURNING settings, insert_instant, last_update_instant
        """,
        (Jsonb(settings), now, now),
    ).fetchone()
    assert row is not None
    return SystemConfiguration(*row)
