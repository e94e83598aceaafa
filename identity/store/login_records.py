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
