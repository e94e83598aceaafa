"""Passwords that users had before, for tenants that remember them (rememberPreviousPasswords)."""

from __future__ import annotations

from uuid import UUID

from identity.hashing import Hashed
from identity.store.db import Connection


def of_user(conn: Connection, tenant_id: UUID, user_id: UUID, most: int) -> list[Hashed]:
    """The present password, if there is one, and up to `most` before it, the youngest first."""
    rows = conn.execute(
        """
        (SELECT scheme, factor, salt, hash FROM passwords WHERE tenant_id = %(tenant)s AND user_id = %(user)s)
        UNION ALL
        (SELECT scheme, factor, salt, hash FROM previous_passwords
         WHERE tenant_id = %(tenant)s AND user_id = %(user)s ORDER BY insert_instant DESC, id LIMIT %(most)s)
        """,
        {"tenant": tenant_id, "user": user_id, "most": most},
    )
    return [Hashed(*row) for row in rows]


def remember(conn: Connection, tenant_id: UUID, user_id: UUID, row_id: UUID, most: int, now: int) -> None:
    """Keep the present password, which is about to be replaced, and no more than `most` in all."""
    values = {"tenant": tenant_id, "user": user_id, "id": row_id, "most": most, "now": now}
    conn.execute(
        """
        INSERT INTO previous_passwords (tenant_id, user_id, id, scheme, factor, salt, hash, insert_instant)
        SELECT tenant_id, user_id, %(id)s, scheme, factor, salt, hash, %(now)s
        FROM passwords WHERE tenant_id = %(tenant)s AND user_id = %(user)s
        """,
        values,
    )
    conn.execute(
        """
        DELETE FROM previous_passwords WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND id NOT IN (
            SELECT id FROM previous_passwords WHERE tenant_id = %(tenant)s AND user_id = %(user)s
            ORDER BY insert_instant DESC, id LIMIT %(most)s)
        """,
        values,
    )
