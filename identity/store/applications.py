"""Applications of a tenant, with their roles and scopes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from identity.domain.model import Application, Role, Scope
from identity.store.db import Connection
from identity.store.listing import Page, name_pattern, order_clause

NAMES = (
    "tenant_id",
    "id",
    "name",
    "active",
    "access_token_key_id",
    "id_token_key_id",
    "settings",
    "data",
    "insert_instant",
    "last_update_instant",
    "secrets",
)
COLUMNS = sql.SQL(", ").join(map(sql.Identifier, NAMES))
ROLES = sql.SQL(
    """(SELECT coalesce(jsonb_agg(jsonb_build_array(r.id, r.name, r.description, r.is_default, r.is_super_role,
                                   r.insert_instant, r.last_update_instant) ORDER BY r.name), '[]')
            FROM application_roles r
            WHERE r.tenant_id = applications.tenant_id AND r.application_id = applications.id),
       (SELECT coalesce(jsonb_agg(jsonb_build_array(s.id, s.name, s.description, s.default_consent_detail,
                                  s.default_consent_message, s.required, s.data, s.insert_instant,
                                  s.last_update_instant) ORDER BY s.name), '[]')
            FROM application_scopes s
            WHERE s.tenant_id = applications.tenant_id AND s.application_id = applications.id)"""
)
ORDERS = {
    "active": "active",
    "id": "id",
    "insertInstant": "insert_instant",
    "lastUpdateInstant": "last_update_instant",
    "name": "name",
    "tenant": "tenant_id",
    "tenantId": "tenant_id",
}


def get(conn: Connection, application_id: UUID, tenant_id: UUID | None = None) -> Application | None:
    """With its roles. An application of another tenant than `tenant_id` looks absent."""
    query = sql.SQL("SELECT {}, {} FROM applications WHERE id = %s AND tenant_id = coalesce(%s, tenant_id)")
    row = conn.execute(query.format(COLUMNS, ROLES), (application_id, tenant_id)).fetchone()
    return None if row is None else _application(row)


def lock(conn: Connection, application_id: UUID, tenant_id: UUID | None = None) -> Application | None:
    """As `get`, and nobody else changes it or its roles before this transaction ends. Logins go on."""
    row = conn.execute(
        """
        SELECT 1 FROM applications WHERE id = %s AND tenant_id = coalesce(%s, tenant_id) FOR NO KEY UPDATE
        """,
        (application_id, tenant_id),
    ).fetchone()
    return None if row is None else get(conn, application_id, tenant_id)


def hold(conn: Connection, tenant_id: UUID, application_id: UUID) -> None:
    """Keep it and its roles as they are until this transaction ends; others may hold it as well.

    Whoever writes a registration locks the user, then holds the application, then reads it: so no role outlives its
    removal in a registration, and nobody who deletes a tenant or an application is waited for crosswise.
    """
    conn.execute("SELECT 1 FROM applications WHERE tenant_id = %s AND id = %s FOR SHARE", (tenant_id, application_id))


def logout_urls(conn: Connection, tenant_id: UUID, but: UUID | None, most: int) -> list[str]:
    """What the active applications of a tenant, but for one, name as their logoutURL: each once, in their order."""
    rows = conn.execute(
        """
        SELECT DISTINCT settings->'oauth_configuration'->>'logout_url' FROM applications
        WHERE tenant_id = %(tenant)s AND active AND id IS DISTINCT FROM %(but)s
          AND settings->'oauth_configuration'->>'logout_url' <> ''
        ORDER BY 1 LIMIT %(most)s
        """,
        {"tenant": tenant_id, "but": but, "most": most},
    ).fetchall()
    return [url for (url,) in rows]


def every(conn: Connection, tenant_id: UUID | None = None, *, active: bool = True) -> list[Application]:
    """The active ones, or the inactive ones, of one tenant or of all."""
    query = sql.SQL(
        """
        SELECT {}, {} FROM applications
        WHERE tenant_id = coalesce(%s, tenant_id) AND active = %s ORDER BY name, id
        """
    )
    rows = conn.execute(query.format(COLUMNS, ROLES), (tenant_id, active)).fetchall()
    return [_application(row) for row in rows]


def search(
    conn: Connection, name: str | None, page: Page, *, tenant_id: UUID | None, state: str | None
) -> tuple[list[Application], int]:
    """One page, and how many there are in all. `state` is `Active`, `Inactive` or what no application is in.

    Raises UnknownOrder.
    """
    where = sql.SQL(
        """
        WHERE (%(name)s::text IS NULL OR name ILIKE %(name)s)
          AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
          AND (%(state)s::text IS NULL OR %(state)s = CASE WHEN active THEN 'Active' ELSE 'Inactive' END)
        """
    )
    query = sql.SQL("SELECT {}, {} FROM applications {} ORDER BY {} LIMIT %(most)s OFFSET %(start)s").format(
        COLUMNS, ROLES, where, order_clause(page.order_by, ORDERS, "name")
    )
    values: dict[str, Any] = {"name": name_pattern(name), "tenant": tenant_id, "state": state}
    rows = conn.execute(query, {**values, "most": page.number_of_results, "start": page.start_row}).fetchall()
    total = conn.execute(sql.SQL("SELECT count(*) FROM applications {}").format(where), values).fetchone()
    assert total is not None
    return [_application(row) for row in rows], total[0]


def id_is_taken(conn: Connection, application_id: UUID) -> bool:
    """In any tenant."""
    return conn.execute("SELECT 1 FROM applications WHERE id = %s", (application_id,)).fetchone() is not None


def name_is_taken(conn: Connection, tenant_id: UUID, name: str, by_other_than: UUID) -> bool:
    row = conn.execute(
        "SELECT 1 FROM applications WHERE tenant_id = %s AND name = %s AND id <> %s", (tenant_id, name, by_other_than)
    ).fetchone()
    return row is not None


def insert(conn: Connection, application: Application) -> None:
    """Store a new application; its roles are stored one by one."""
    query = sql.SQL(
        """
        INSERT INTO applications ({})
        VALUES (%(tenant_id)s, %(id)s, %(name)s, %(active)s, %(access_token_key_id)s, %(id_token_key_id)s,
                %(settings)s, %(data)s, %(insert_instant)s, %(last_update_instant)s, %(secrets)s)
        """
    )
    conn.execute(query.format(COLUMNS), _values(application))


def update(conn: Connection, application: Application) -> None:
    """Replace an application that this transaction has locked; ids, insert instant, state and roles stay."""
    conn.execute(
        """
        UPDATE applications SET name = %(name)s, access_token_key_id = %(access_token_key_id)s,
               id_token_key_id = %(id_token_key_id)s, settings = %(settings)s, data = %(data)s,
               last_update_instant = %(last_update_instant)s, secrets = %(secrets)s
        WHERE tenant_id = %(tenant_id)s AND id = %(id)s
        """,
        _values(application),
    )


def set_active(conn: Connection, application: Application, active: bool, now: int) -> None:
    conn.execute(
        "UPDATE applications SET active = %s, last_update_instant = %s WHERE tenant_id = %s AND id = %s",
        (active, now, application.tenant_id, application.id),
    )


def delete(conn: Connection, application: Application) -> None:
    """The application with its registrations, roles and refresh tokens.

    A login locks its registration first and then, for the refresh token's reference, the application: so does this.
    """
    for statement in (
        "DELETE FROM registrations WHERE tenant_id = %s AND application_id = %s",
        "DELETE FROM refresh_tokens WHERE tenant_id = %s AND application_id = %s",
        "DELETE FROM applications WHERE tenant_id = %s AND id = %s",
    ):
        conn.execute(statement, (application.tenant_id, application.id))


def _application(row: Any) -> Application:
    *columns, roles, scopes = row
    values: dict[str, Any] = dict(zip(NAMES, columns, strict=True))
    return Application(
        **values,
        roles=tuple(Role(UUID(role[0]), *role[1:]) for role in roles),
        scopes=tuple(Scope(UUID(scope[0]), *scope[1:]) for scope in scopes),
    )


def _values(application: Application) -> dict[str, Any]:
    return {
        "tenant_id": application.tenant_id,
        "id": application.id,
        "name": application.name,
        "active": application.active,
        "access_token_key_id": application.access_token_key_id,
        "id_token_key_id": application.id_token_key_id,
        "settings": Jsonb(application.settings),
        "data": Jsonb(application.data),
        "insert_instant": application.insert_instant,
        "last_update_instant": application.last_update_instant,
        "secrets": Jsonb(application.secrets),
    }


def oldest_but(conn: Connection, ids: list[str]) -> UUID | None:
    """The id of the oldest application that is none of these."""
    row = conn.execute(
        "SELECT id FROM applications WHERE NOT id = ANY(%s::uuid[]) ORDER BY insert_instant, id LIMIT 1", (ids,)
    ).fetchone()
    return None if row is None else row[0]
