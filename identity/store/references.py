"""What other configuration a tenant or an application may name: signing keys and lambdas, by id.

In a transaction, nobody deletes what was found before the end.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from identity.store.db import Connection


def keys_that_sign(conn: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Those of `ids` that are keys with a private half or a shared secret, and are not deleted."""
    rows = conn.execute(
        """
        SELECT id FROM keys
        WHERE id = ANY(%s) AND deleted_instant IS NULL AND (private_key IS NOT NULL OR secret IS NOT NULL)
        FOR KEY SHARE
        """,
        (list(ids),),
    ).fetchall()
    return {row[0] for row in rows}


def lambda_types(conn: Connection, ids: Collection[UUID]) -> dict[UUID, str]:
    """The type of each of `ids` that is a lambda."""
    rows = conn.execute("SELECT id, type FROM lambdas WHERE id = ANY(%s) FOR KEY SHARE", (list(ids),)).fetchall()
    return dict(rows)
