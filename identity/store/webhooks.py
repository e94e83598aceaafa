"""Webhooks, as administrators configure them. What is secret about them is sealed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from identity.domain.webhooks import Webhook
from identity.store.db import Connection
from identity.store.listing import Page, name_pattern, order_clause

COLUMNS = sql.SQL(
    """w.*, ARRAY(SELECT tenant_id FROM webhook_tenants t WHERE t.webhook_id = w.id ORDER BY tenant_id) AS tenant_ids"""
)
MATCHING = sql.SQL(
    """
    FROM webhooks w WHERE (%(url)s::text IS NULL OR url ILIKE %(url)s)
    AND (%(description)s::text IS NULL OR description ILIKE %(description)s)
    AND (%(tenant)s::uuid IS NULL OR is_global
         OR EXISTS (SELECT 1 FROM webhook_tenants t WHERE t.webhook_id = w.id AND t.tenant_id = %(tenant)s))
    """
)
ORDERS = {
    "description": "description",
    "id": "id",
    "insertInstant": "insert_instant",
    "lastUpdateInstant": "last_update_instant",
    "url": "url",
}


def find(conn: Connection, webhook_id: UUID) -> Webhook | None:
    return next(iter(_read(conn, sql.SQL("FROM webhooks w WHERE id = %(id)s"), {"id": webhook_id})), None)


def lock(conn: Connection, webhook_id: UUID) -> Webhook | None:
    """As `find`, and nobody else changes it before this transaction ends."""
    conn.execute("SELECT 1 FROM webhooks WHERE id = %s FOR NO KEY UPDATE", (webhook_id,))
    return find(conn, webhook_id)


def list_all(conn: Connection) -> list[Webhook]:
    return _read(conn, sql.SQL("FROM webhooks w ORDER BY insert_instant, id"), {})


def of_tenant(conn: Connection, tenant_id: UUID) -> list[Webhook]:
    """The webhooks that may hear of what happens in a tenant."""
    which = sql.SQL(
        """FROM webhooks w WHERE is_global
        OR EXISTS (SELECT 1 FROM webhook_tenants t WHERE t.webhook_id = w.id AND t.tenant_id = %(tenant)s)
        ORDER BY insert_instant, id"""
    )
    return _read(conn, which, {"tenant": tenant_id})


def hearing_of(conn: Connection, event_type: str) -> list[Webhook]:
    """The webhooks that have an event of the installation switched on."""
    which = sql.SQL("FROM webhooks w WHERE events_enabled @> %(wanted)s ORDER BY insert_instant, id")
    return _read(conn, which, {"wanted": Jsonb({event_type: True})})


def search(
    conn: Connection, page: Page, *, url: str | None, description: str | None, tenant_id: UUID | None
) -> tuple[list[Webhook], int]:
    """One page, and how many there are in all. Raises UnknownOrder."""
    values = {
        "url": name_pattern(url),
        "description": name_pattern(description),
        "tenant": tenant_id,
        "most": page.number_of_results,
        "start": page.start_row,
    }
    part = sql.SQL("{} ORDER BY {} LIMIT %(most)s OFFSET %(start)s")
    found = _read(conn, part.format(MATCHING, order_clause(page.order_by, ORDERS, "url")), values)
    total = conn.execute(sql.SQL("SELECT count(*) {}").format(MATCHING), values).fetchone()
    assert total is not None
    return found, int(total[0])


def insert(conn: Connection, webhook: Webhook) -> None:
    """Raises UniqueConflict, when the transaction ends: webhooks_pkey."""
    values = _columns(webhook)
    conn.execute(
        sql.SQL("INSERT INTO webhooks ({}) VALUES ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, values)), sql.SQL(", ").join(map(sql.Placeholder, values))
        ),
        values,
    )
    _put_tenants(conn, webhook.id, webhook.tenant_ids)


def update(conn: Connection, webhook: Webhook) -> None:
    """Replace a webhook that this transaction has locked."""
    values = _columns(webhook)
    assignments = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in values if name != "id"
    )
    conn.execute(sql.SQL("UPDATE webhooks SET {} WHERE id = %(id)s").format(assignments), values)
    conn.execute("DELETE FROM webhook_tenants WHERE webhook_id = %s", (webhook.id,))
    _put_tenants(conn, webhook.id, webhook.tenant_ids)


def delete(conn: Connection, webhook_id: UUID) -> bool:
    return conn.execute("DELETE FROM webhooks WHERE id = %s", (webhook_id,)).rowcount == 1


def let_hear(conn: Connection, webhook_id: UUID, tenant_id: UUID) -> None:
    """The webhook hears of this tenant, if it does not yet. Raises InUse, when the tenant is gone."""
    query = "INSERT INTO webhook_tenants (webhook_id, tenant_id) VALUES (%s, %s) ON CONFLICT DO NOTHING"
    conn.execute(query, (webhook_id, tenant_id))


def _put_tenants(conn: Connection, webhook_id: UUID, tenant_ids: Iterable[UUID]) -> None:
    for tenant_id in tenant_ids:
        let_hear(conn, webhook_id, tenant_id)


def _columns(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "description": webhook.description,
        "is_global": webhook.is_global,
        "connect_timeout": webhook.connect_timeout,
        "read_timeout": webhook.read_timeout,
        "events_enabled": Jsonb(dict(webhook.events_enabled)),
        "signature_enabled": webhook.signature_enabled,
        "signing_key_id": webhook.signing_key_id,
        "ssl_certificate_key_id": webhook.ssl_certificate_key_id,
        "secrets": Jsonb(dict(webhook.secrets)),
        "data": Jsonb(dict(webhook.data)),
        "insert_instant": webhook.insert_instant,
        "last_update_instant": webhook.last_update_instant,
    }


def _read(conn: Connection, which: sql.Composable, values: Mapping[str, Any]) -> list[Webhook]:
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(sql.SQL("SELECT {} {}").format(COLUMNS, which), values).fetchall()
    return [Webhook(**{**row, "tenant_ids": tuple(row["tenant_ids"])}) for row in rows]
