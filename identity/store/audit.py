"""The audit log: who changed what (decision 39). Entries are written in the transaction of the change they tell of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from identity.store.db import Connection


def add(
    conn: Connection,
    now: int,
    user: str,
    message: str,
    *,
    reason: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """`user` is the id of the API key, or the name of the part of the service that acted. No secret goes in here."""
    conn.execute(
        "INSERT INTO audit_logs (insert_user, message, reason, data, insert_instant) VALUES (%s, %s, %s, %s, %s)",
        (user, message, reason, Jsonb(dict(data or {})), now),
    )
