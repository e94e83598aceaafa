"""Add, change and remove a role of an application. Source: supporting contract 5.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound, invalid_field, invalid_fields
from identity.domain.model import Application, Role
from identity.flows.configuration.references import Problems, locked_application
from identity.flows.services import Services
from identity.store import audit, configuration, roles
from identity.store.db import Connection

Values = Mapping[str, Any]
Choice = Callable[[Role], bool]


def add(
    services: Services,
    now: int,
    actor: str,
    application_id: UUID,
    tenant_id: UUID | None,
    values: Callable[[], Values],
    role_id: UUID | None = None,
) -> Role:
    """A new role; `values` reads them once the application is known to exist. Raises NotFound, Invalid."""

    def work(conn: Connection) -> Role:
        application = locked_application(conn, application_id, tenant_id)
        given = values()
        chosen = {**given, "id": role_id or given.get("id")}
        role = new_roles(services, now, [chosen])[0]
        if chosen["id"] is not None and roles.id_is_taken(conn, role.id):
            raise invalid_field("roleId", "duplicate")
        _check_name(application, role)
        roles.insert(conn, application, role)
        audit.add(conn, now, actor, f"Added the role {role.name!r} to the application with id {application_id}")
        return role

    return configuration.change(services.db, work)


def update(
    services: Services,
    now: int,
    actor: str,
    application_id: UUID,
    tenant_id: UUID | None,
    role_id: UUID,
    change: Callable[[Role], Values],
) -> Role:
    """Replace a role by what `change` makes of the stored one. Raises NotFound, Invalid."""

    def work(conn: Connection) -> Role:
        application = locked_application(conn, application_id, tenant_id)
        stored = _role(application, lambda role: role.id == role_id)
        values = change(stored)
        role = replace(
            stored,
            name=values["name"],
            description=values.get("description"),
            is_default=values["is_default"],
            is_super_role=values["is_super_role"],
            last_update_instant=now,
        )
        _check_name(application, role)
        roles.update(conn, application, stored.name, role)
        audit.add(conn, now, actor, f"Updated the role {role.name!r} of the application with id {application_id}")
        return role

    return configuration.change(services.db, work)


def remove(
    services: Services, now: int, actor: str, application_id: UUID, tenant_id: UUID | None, choice: Choice
) -> None:
    """Delete the role that `choice` picks, also from registrations. Raises NotFound."""

    def work(conn: Connection) -> None:
        application = locked_application(conn, application_id, tenant_id)
        role = _role(application, choice)
        roles.delete(conn, application, role)
        audit.add(conn, now, actor, f"Removed the role {role.name!r} of the application with id {application_id}")

    configuration.change(services.db, work)


def new_roles(services: Services, now: int, given: Sequence[Values]) -> list[Role]:
    return [
        Role(
            id=values.get("id") or services.runtime.new_id(),
            name=values["name"],
            description=values.get("description"),
            is_default=values["is_default"],
            is_super_role=values["is_super_role"],
            insert_instant=now,
            last_update_instant=now,
        )
        for values in given
    ]


def roles_problems(conn: Connection, given: Sequence[Values]) -> Problems:
    """Within a new application every role has its own name and id."""
    problems: Problems = []
    names: set[str] = set()
    ids: set[UUID] = set()
    for number, values in enumerate(given):
        role_id = values.get("id")
        if values["name"] in names:
            problems.append((f"application.roles[{number}].name", "duplicate"))
        if role_id is not None and (role_id in ids or roles.id_is_taken(conn, role_id)):
            problems.append((f"application.roles[{number}].id", "duplicate"))
        names.add(values["name"])
        ids |= {role_id} if role_id is not None else set()
    return problems


def _role(application: Application, choice: Choice) -> Role:
    found = next((role for role in application.roles if choice(role)), None)
    if found is None:
        raise NotFound
    return found


def _check_name(application: Application, role: Role) -> None:
    if any(other.name == role.name and other.id != role.id for other in application.roles):
        raise invalid_fields([("role.name", "duplicate")])
