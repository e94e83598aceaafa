"""Tenants: the walls between customers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from identity.domain.model import FUSIONAUTH_APPLICATION_ID, Tenant
from identity.store.db import Connection
from identity.store.listing import Page, name_pattern, order_clause

COLUMNS = sql.SQL(
    """id, name, is_default, issuer, access_token_key_id, id_token_key_id, settings, data,
       insert_instant, last_update_instant, secrets"""
)
ORDERS = {"id": "id", "insertInstant": "insert_instant", "lastUpdateInstant": "last_update_instant", "name": "name"}
DELETE_SECONDS = 120
"""A tenant goes with all its users in one statement."""


def exists(conn: Connection, tenant_id: UUID) -> bool:
    return conn.execute("SELECT 1 FROM tenants WHERE id = %s", (tenant_id,)).fetchone() is not None


def default(conn: Connection) -> Tenant | None:
    """The tenant that counts where a call names none."""
    row = conn.execute(sql.SQL("SELECT {} FROM tenants WHERE is_default").format(COLUMNS)).fetchone()
    return None if row is None else Tenant(*row)


def default_issuer(conn: Connection) -> str | None:
    """The issuer of the default tenant; None means the public URL of the service."""
    row = conn.execute("SELECT issuer FROM tenants WHERE is_default").fetchone()
    return row[0] if row else None


def first_ids(conn: Connection, most: int) -> list[UUID]:
    """Up to `most` tenant ids: enough to know whether there is just one."""
    return [row[0] for row in conn.execute("SELECT id FROM tenants LIMIT %s", (most,)).fetchall()]


def get(conn: Connection, tenant_id: UUID) -> Tenant | None:
    row = conn.execute(sql.SQL("SELECT {} FROM tenants WHERE id = %s").format(COLUMNS), (tenant_id,)).fetchone()
    return None if row is None else Tenant(*row)


def lock(conn: Connection, tenant_id: UUID) -> Tenant | None:
    """As `get`, and nobody else changes it before this transaction ends. Logins go on."""
    query = sql.SQL("SELECT {} FROM tenants WHERE id = %s FOR NO KEY UPDATE").format(COLUMNS)
    row = conn.execute(query, (tenant_id,)).fetchone()
    return None if row is None else Tenant(*row)


def every(conn: Connection) -> list[Tenant]:
    query = sql.SQL("SELECT {} FROM tenants ORDER BY name, id").format(COLUMNS)
    return [Tenant(*row) for row in conn.execute(query).fetchall()]


def search(conn: Connection, name: str | None, page: Page) -> tuple[list[Tenant], int]:
    """One page, and how many there are in all. Raises UnknownOrder."""
    pattern = name_pattern(name)
    where = sql.SQL("WHERE %(name)s::text IS NULL OR name ILIKE %(name)s")
    query = sql.SQL("SELECT {} FROM tenants {} ORDER BY {} LIMIT %(most)s OFFSET %(start)s").format(
        COLUMNS, where, order_clause(page.order_by, ORDERS, "name")
    )
    values: dict[str, Any] = {"name": pattern, "most": page.number_of_results, "start": page.start_row}
    found = [Tenant(*row) for row in conn.execute(query, values).fetchall()]
    total = conn.execute(sql.SQL("SELECT count(*) FROM tenants {}").format(where), {"name": pattern}).fetchone()
    assert total is not None
    return found, total[0]


def name_is_taken(conn: Connection, name: str, by_other_than: UUID) -> bool:
    row = conn.execute("SELECT 1 FROM tenants WHERE name = %s AND id <> %s", (name, by_other_than)).fetchone()
    return row is not None


def default_keys(conn: Connection) -> tuple[UUID, UUID] | None:
    """The keys that sign for the admin application: those of a tenant that names none. None before the first tenant."""
    row: tuple[UUID, UUID] | None = conn.execute(
        """
        SELECT coalesce(a.access_token_key_id, t.access_token_key_id), coalesce(a.id_token_key_id, t.id_token_key_id)
        FROM tenants t LEFT JOIN applications a ON a.tenant_id = t.id AND a.id = %s
        WHERE t.is_default
        """,
        (FUSIONAUTH_APPLICATION_ID,),
    ).fetchone()
    return row


def insert(conn: Connection, tenant: Tenant) -> Tenant:
    """Store a new tenant; what is returned is what a later `get` returns."""
    query = sql.SQL(
        """
        INSERT INTO tenants ({columns})
        VALUES (%(id)s, %(name)s, %(is_default)s, %(issuer)s, %(access_token_key_id)s, %(id_token_key_id)s,
                %(settings)s, %(data)s, %(insert_instant)s, %(last_update_instant)s, %(secrets)s)
        RETURNING {columns}
        """
    )
    row = conn.execute(query.format(columns=COLUMNS), _values(tenant)).fetchone()
    assert row is not None
    return Tenant(*row)


def update(conn: Connection, tenant: Tenant) -> Tenant:
    """Replace a tenant that this transaction has locked; id, insert instant and being the default stay."""
    query = sql.SQL(
        """
        UPDATE tenants SET name = %(name)s, issuer = %(issuer)s, access_token_key_id = %(access_token_key_id)s,
               id_token_key_id = %(id_token_key_id)s, settings = %(settings)s, data = %(data)s,
               last_update_instant = %(last_update_instant)s, secrets = %(secrets)s
        WHERE id = %(id)s RETURNING {columns}
        """
    )
    row = conn.execute(query.format(columns=COLUMNS), _values(tenant)).fetchone()
    assert row is not None
    return Tenant(*row)


def delete(conn: Connection, tenant_id: UUID) -> None:
    """The tenant with everything in it."""
    conn.execute("SELECT set_config('statement_timeout', %s, true)", (f"{DELETE_SECONDS}s",))
    # Users go first: a login locks its user before anything else of the tenant, and so neither waits for the other.
    conn.execute("DELETE FROM users WHERE tenant_id = %s", (tenant_id,))
    conn.execute("DELETE FROM tenants WHERE id = %s", (tenant_id,))
    # After the users, who are locked now: before that, somebody may still log in and leave a record.
    conn.execute("DELETE FROM login_records WHERE tenant_id = %s", (tenant_id,))


def _values(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": tenant.id,
        "name": tenant.name,
        "is_default": tenant.is_default,
        "issuer": tenant.issuer,
        "access_token_key_id": tenant.access_token_key_id,
        "id_token_key_id": tenant.id_token_key_id,
        "settings": Jsonb(tenant.settings),
        "data": Jsonb(tenant.data),
        "insert_instant": tenant.insert_instant,
        "last_update_instant": tenant.last_update_instant,
        "secrets": Jsonb(tenant.secrets),
    }


def issuers(conn: Connection, default: str) -> frozenset[str]:
    """Every issuer that a token of this installation may name; `default` stands for tenants without their own."""
    rows = conn.execute("SELECT DISTINCT coalesce(issuer, %s) FROM tenants", (default,)).fetchall()
    return frozenset(row[0] for row in rows)
