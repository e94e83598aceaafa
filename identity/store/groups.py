"""Groups of a tenant, and the application roles that their members have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import args_row
from psycopg.types.json import Jsonb

from identity.domain.model import Group, Role
from identity.store.db import Connection
from identity.store.listing import Page, name_pattern, order_clause

_SELECT = sql.SQL(
    """
    SELECT tenant_id, id, name, data, insert_instant, last_update_instant,
        (SELECT jsonb_agg(jsonb_build_array(r.application_id, r.id, r.name, r.description, r.is_default,
                                            r.is_super_role, r.insert_instant, r.last_update_instant)
                          ORDER BY r.application_id, r.name)
         FROM group_roles g JOIN application_roles r ON r.tenant_id = g.tenant_id AND r.id = g.role_id
         WHERE g.tenant_id = groups.tenant_id AND g.group_id = groups.id)
    FROM groups """
)
_MINE = sql.SQL("id = %s AND tenant_id = coalesce(%s, tenant_id)")
ORDERS = {
    "id": "id",
    "insertInstant": "insert_instant",
    "lastUpdateInstant": "last_update_instant",
    "name": "name",
    "tenant": "tenant_id",
    "tenantId": "tenant_id",
}


def get(conn: Connection, tenant_id: UUID | None, group_id: UUID) -> Group | None:
    """The group; None when absent or of another tenant."""
    with conn.cursor(row_factory=args_row(_group)) as cursor:
        return cursor.execute(_SELECT + sql.SQL("WHERE ") + _MINE, (group_id, tenant_id)).fetchone()


def lock(conn: Connection, tenant_id: UUID | None, group_id: UUID) -> Group | None:
    """As `get`, and nobody else changes it, its roles or its members before this transaction ends."""
    query = sql.SQL("SELECT 1 FROM groups WHERE {} FOR NO KEY UPDATE").format(_MINE)
    found = conn.execute(query, (group_id, tenant_id)).fetchone()
    return None if found is None else get(conn, tenant_id, group_id)


def every(conn: Connection, tenant_id: UUID | None) -> list[Group]:
    """Of one tenant or of all, by name."""
    with conn.cursor(row_factory=args_row(_group)) as cursor:
        query = _SELECT + sql.SQL("WHERE tenant_id = coalesce(%s, tenant_id) ORDER BY name, id")
        return cursor.execute(query, (tenant_id,)).fetchall()


def search(conn: Connection, tenant_id: UUID | None, name: str | None, page: Page) -> tuple[list[Group], int]:
    """One page, and how many there are in all. Raises UnknownOrder."""
    matching = sql.SQL(
        "WHERE (%(name)s::text IS NULL OR name ILIKE %(name)s) AND tenant_id = coalesce(%(tenant)s, tenant_id)"
    )
    values = {
        "name": name_pattern(name),
        "tenant": tenant_id,
        "most": page.number_of_results,
        "start": page.start_row,
    }
    order = order_clause(page.order_by, ORDERS, "name")
    with conn.cursor(row_factory=args_row(_group)) as cursor:
        query = _SELECT + matching + sql.SQL(" ORDER BY {} LIMIT %(most)s OFFSET %(start)s").format(order)
        found = cursor.execute(query, values).fetchall()
    total = conn.execute(sql.SQL("SELECT count(*) FROM groups {}").format(matching), values).fetchone()
    assert total is not None
    return found, int(total[0])


def add(conn: Connection, group: Group) -> None:
    """Without its roles. Raises UniqueConflict at the end of the transaction's block: the id or the name is taken."""
    conn.execute(
        """
        INSERT INTO groups (tenant_id, id, name, data, insert_instant, last_update_instant)
        VALUES (%s, %s, %s, %s, %s, %s)
        """,
        (group.tenant_id, group.id, group.name, Jsonb(group.data), group.insert_instant, group.last_update_instant),
    )


def update(conn: Connection, group: Group) -> None:
    """Name and data of a group that this transaction has locked; raises UniqueConflict as `add` does."""
    conn.execute(
        "UPDATE groups SET name = %s, data = %s, last_update_instant = %s WHERE tenant_id = %s AND id = %s",
        (group.name, Jsonb(group.data), group.last_update_instant, group.tenant_id, group.id),
    )


def set_roles(conn: Connection, tenant_id: UUID, group_id: UUID, role_ids: Iterable[UUID]) -> None:
    """Exactly these; raises InUse at the end of the transaction's block when one was removed meanwhile."""
    conn.execute("DELETE FROM group_roles WHERE tenant_id = %s AND group_id = %s", (tenant_id, group_id))
    conn.execute(
        "INSERT INTO group_roles (tenant_id, group_id, role_id) SELECT %s, %s, unnest(%s::uuid[])",
        (tenant_id, group_id, sorted(set(role_ids), key=str)),
    )


def roles_of_tenant(conn: Connection, tenant_id: UUID, role_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these ids that name a role of an application of the tenant."""
    rows = conn.execute(
        "SELECT id FROM application_roles WHERE tenant_id = %s AND id = ANY(%s)", (tenant_id, list(role_ids))
    )
    return {row[0] for row in rows}


def remove(conn: Connection, group: Group) -> None:
    """With its memberships."""
    conn.execute("DELETE FROM groups WHERE tenant_id = %s AND id = %s", (group.tenant_id, group.id))


def _group(*columns: Any) -> Group:
    *plain, found = columns
    group = Group(*plain)
    roles: dict[UUID, tuple[Role, ...]] = {}
    for application_id, role_id, *role in found or ():
        key = UUID(application_id)
        roles[key] = (*roles.get(key, ()), Role(UUID(role_id), *role))
    return replace(group, roles=roles)
