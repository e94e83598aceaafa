"""Stored passwords: one row per user that has one, with the scheme that made it.

Users made by a provider have none (decision 28).
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from identity.domain.model import User
from identity.hashing import Hashed
from identity.store import users
from identity.store.db import Connection


def save(conn: Connection, tenant_id: UUID, user_id: UUID, hashed: Hashed, now: int) -> None:
    """Set or replace the user's password."""
    users.bump(conn, tenant_id, user_id)
    conn.execute(
        """
        INSERT INTO passwords (tenant_id, user_id, scheme, factor, salt, hash, last_update_instant)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (tenant_id, user_id) DO UPDATE SET scheme = excluded.scheme, factor = excluded.factor,
            salt = excluded.salt, hash = excluded.hash, last_update_instant = excluded.last_update_instant
        """,
        (tenant_id, user_id, hashed.scheme, hashed.factor, hashed.salt, hashed.hash, now),
    )


def remove(conn: Connection, tenant_id: UUID, user_id: UUID) -> None:
    """The user has no password here any more."""
    users.bump(conn, tenant_id, user_id)
    conn.execute("DELETE FROM passwords WHERE tenant_id = %s AND user_id = %s", (tenant_id, user_id))


def add_many(conn: Connection, new: Sequence[tuple[User, Hashed]]) -> None:
    """The passwords of users whom this transaction has just added."""
    with conn.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO passwords (tenant_id, user_id, scheme, factor, salt, hash, last_update_instant)
            VALUES (%s, %s, %s, %s, %s, %s, %s)
            """,
            [
                (
                    user.tenant_id,
                    user.id,
                    hashed.scheme,
                    hashed.factor,
                    hashed.salt,
                    hashed.hash,
                    user.password_last_update_instant,
                )
                for user, hashed in new
            ],
        )


def replace_hash(conn: Connection, tenant_id: UUID, user_id: UUID, old: Hashed, new: Hashed) -> None:
    """The same password, hashed in another way; nothing happens when it was changed meanwhile."""
    conn.execute(
        """
        UPDATE passwords SET scheme = %s, factor = %s, salt = %s, hash = %s
        WHERE tenant_id = %s AND user_id = %s AND scheme = %s AND hash = %s
        """,
        (new.scheme, new.factor, new.salt, new.hash, tenant_id, user_id, old.scheme, old.hash),
    )
