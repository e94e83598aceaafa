"""Login records: one row per completed login (supporting contract 16). A provider's login writes its own row."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from uuid import UUID

from identity.store.db import Connection


@dataclass(frozen=True, slots=True)
class LoginRecord:
    """Who logged in, when, from where and how."""

    tenant_id: UUID
    user_id: UUID
    instant: int
    id: UUID
    application_id: UUID | None
    ip_address: str | None
    authentication_type: str
    user_agent: str | None = None


def add(conn: Connection, record: LoginRecord) -> None:
    conn.execute(
        """
        INSERT INTO login_records (tenant_id, user_id, instant, id, application_id, ip_address, authentication_type,
            user_agent)
        VALUES (%(tenant_id)s, %(user_id)s, %(instant)s, %(id)s, %(application_id)s, %(ip_address)s,
            %(authentication_type)s, %(user_agent)s)
        """,
        asdict(record),
    )


LATEST = 100
"""How many of the latest logins of a user are looked at."""


def is_new_device(conn: Connection, tenant_id: UUID, user_id: UUID, user_agent: str | None) -> bool:
    """Whether the user has logged in before, but not lately with this user agent."""
    row = conn.execute(
        """
        SELECT count(*) > 0 AND count(*) FILTER (WHERE user_agent IS NOT DISTINCT FROM %(agent)s) = 0 FROM (
            SELECT user_agent FROM login_records WHERE tenant_id = %(tenant)s AND user_id = %(user)s
            ORDER BY instant DESC LIMIT %(latest)s) latest
        """,
        {"agent": user_agent, "tenant": tenant_id, "user": user_id, "latest": LATEST},
    ).fetchone()
    assert row is not None
    return bool(row[0])
