"""Tenants: the walls between customers."""

from __future__ import annotations

from uuid import UUID

from identity.store.db import Connection


def exists(conn: Connection, tenant_id: UUID) -> bool:
    return conn.execute("SELECT 1 FROM tenants WHERE id = %s", (tenant_id,)).fetchone() is not None


def default_issuer(conn: Connection) -> str | None:
    """The issuer of the default tenant; None means the public URL of the service."""
    row = conn.execute("SELECT issuer FROM tenants WHERE is_default").fetchone()
    return row[0] if row else None


def first_ids(conn: Connection, most: int) -> list[UUID]:
    """Up to `most` tenant ids: enough to know whether there is just one."""
    return [row[0] for row in conn.execute("SELECT id FROM tenants LIMIT %s", (most,)).fetchall()]
