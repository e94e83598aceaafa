"""Reading login records back: who logged in last, newest first (supporting contract 3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from identity.domain.model import User
from identity.store.db import Connection

SELECT = """
    SELECT r.application_id, a.name AS application_name, r.instant, r.ip_address, r.user_id,
           coalesce(u.email, u.username) AS login_id,
           CASE WHEN u.email IS NOT NULL THEN 'email' WHEN u.username IS NOT NULL THEN 'username' END AS login_id_type
    FROM login_records r
    LEFT JOIN applications a ON a.tenant_id = r.tenant_id AND a.id = r.application_id
    LEFT JOIN users u ON u.tenant_id = r.tenant_id AND u.id = r.user_id
    """


@dataclass(frozen=True, slots=True)
class RecentLogin:
    """A login record as it is shown: with the application's name and the user's login id of today."""

    application_id: UUID | None
    application_name: str | None
    instant: int
    ip_address: str | None
    user_id: UUID
    login_id: str | None
    login_id_type: str | None


def of_user(conn: Connection, user: User, *, limit: int, offset: int) -> list[RecentLogin]:
    with conn.cursor(row_factory=class_row(RecentLogin)) as cursor:
        return cursor.execute(
            SELECT + "WHERE r.tenant_id = %s AND r.user_id = %s ORDER BY r.instant DESC, r.id LIMIT %s OFFSET %s",
            (user.tenant_id, user.id, limit, offset),
        ).fetchall()


def of_everybody(conn: Connection, tenant_id: UUID | None, *, limit: int, offset: int) -> list[RecentLogin]:
    """Of one tenant, or of all."""
    with conn.cursor(row_factory=class_row(RecentLogin)) as cursor:
        return cursor.execute(
            SELECT
            + "WHERE %(tenant)s::uuid IS NULL OR r.tenant_id = %(tenant)s "
            + "ORDER BY r.instant DESC, r.id LIMIT %(limit)s OFFSET %(offset)s",
            {"tenant": tenant_id, "limit": limit, "offset": offset},
        ).fetchall()
