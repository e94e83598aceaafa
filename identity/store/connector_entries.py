"""Which user an entry of a directory is: the directory's own unchanging id of the entry, beside the user's."""

from __future__ import annotations

from uuid import UUID

from identity.store.db import Connection


def user_of(conn: Connection, tenant_id: UUID, connector_id: UUID, external_id: str) -> UUID | None:
    """The user in this tenant that the entry is."""
    row = conn.execute(
        "SELECT user_id FROM connector_entries WHERE tenant_id = %s AND connector_id = %s AND external_id = %s",
        (tenant_id, connector_id, external_id),
    ).fetchone()
    return None if row is None else row[0]


def entry_of(conn: Connection, tenant_id: UUID, connector_id: UUID, user_id: UUID) -> str | None:
    """The directory's id of the entry that the user is."""
    row = conn.execute(
        "SELECT external_id FROM connector_entries WHERE tenant_id = %s AND connector_id = %s AND user_id = %s",
        (tenant_id, connector_id, user_id),
    ).fetchone()
    return None if row is None else row[0]


def add(conn: Connection, tenant_id: UUID, connector_id: UUID, external_id: str, user_id: UUID) -> bool:
    """False when the entry is a user already, or the user another entry."""
    cursor = conn.execute(
        """
        INSERT INTO connector_entries (tenant_id, connector_id, external_id, user_id) VALUES (%s, %s, %s, %s)
        ON CONFLICT DO NOTHING
        """,
        (tenant_id, connector_id, external_id, user_id),
    )
    return cursor.rowcount == 1
