"""OAuth scopes of an application. Whoever writes one holds the application (`store.applications.lock`)."""

from __future__ import annotations

from dataclasses import fields
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from identity.domain.model import Application, Scope
from identity.store.db import Connection

_NAMES = tuple(column.name for column in fields(Scope))


def id_is_taken(conn: Connection, scope_id: UUID) -> bool:
    """In any application."""
    return conn.execute("SELECT 1 FROM application_scopes WHERE id = %s", (scope_id,)).fetchone() is not None


def insert(conn: Connection, application: Application, scope: Scope) -> None:
    query = sql.SQL("INSERT INTO application_scopes (tenant_id, application_id, {}) VALUES (%s, %s, {})").format(
        sql.SQL(", ").join(map(sql.Identifier, _NAMES)), sql.SQL(", ").join(sql.Placeholder() * len(_NAMES))
    )
    conn.execute(query, (application.tenant_id, application.id, *_values(scope)))


def update(conn: Connection, application: Application, scope: Scope) -> None:
    """Replace the scope of this id."""
    delete(conn, application, scope)
    insert(conn, application, scope)


def delete(conn: Connection, application: Application, scope: Scope) -> None:
    conn.execute(
        "DELETE FROM application_scopes WHERE tenant_id = %s AND application_id = %s AND id = %s",
        (application.tenant_id, application.id, scope.id),
    )


def _values(scope: Scope) -> list[object]:
    return [Jsonb(scope.data) if name == "data" else getattr(scope, name) for name in _NAMES]
