"""Roles of an application. Registrations name a role by its name, so a changed name changes there too."""

from __future__ import annotations

from uuid import UUID

from identity.domain.model import Application, Role
from identity.store.db import Connection


def id_is_taken(conn: Connection, role_id: UUID) -> bool:
    """In any application."""
    return conn.execute("SELECT 1 FROM application_roles WHERE id = %s", (role_id,)).fetchone() is not None


def insert(conn: Connection, application: Application, role: Role) -> None:
    conn.execute(
        """
        INSERT INTO application_roles (tenant_id, application_id, id, name, description, is_default, is_super_role,
                                       insert_instant, last_update_instant)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            application.tenant_id,
            application.id,
            role.id,
            role.name,
            role.description,
            role.is_default,
            role.is_super_role,
            role.insert_instant,
            role.last_update_instant,
        ),
    )


def update(conn: Connection, application: Application, old_name: str, role: Role) -> None:
    conn.execute(
        """
        UPDATE application_roles
        SET name = %s, description = %s, is_default = %s, is_super_role = %s, last_update_instant = %s
        WHERE id = %s
        """,
        (role.name, role.description, role.is_default, role.is_super_role, role.last_update_instant, role.id),
    )
    if role.name != old_name:
        conn.execute(
            """
            UPDATE registrations SET roles = array_replace(roles, %s, %s)
            WHERE tenant_id = %s AND application_id = %s AND %s = ANY(roles)
            """,
            (old_name, role.name, application.tenant_id, application.id, old_name),
        )


def delete(conn: Connection, application: Application, role: Role) -> None:
    """The role goes from every registration that has it."""
    conn.execute("DELETE FROM application_roles WHERE id = %s", (role.id,))
    conn.execute(
        """
        UPDATE registrations SET roles = array_remove(roles, %s)
        WHERE tenant_id = %s AND application_id = %s AND %s = ANY(roles)
        """,
        (role.name, application.tenant_id, application.id, role.name),
    )
