"""What other configuration a tenant or an application may name: lambdas, by id."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from identity.store.db import Connection


def lambda_types(conn: Connection, ids: Collection[UUID]) -> dict[UUID, str]:
    """The type of each of `ids` that is a lambda. In a transaction, nobody deletes it before the end."""
    rows = conn.execute("SELECT id, type FROM lambdas WHERE id = ANY(%s) FOR KEY SHARE", (list(ids),)).fetchall()
    return dict(rows)
