"""Add, change and remove an OAuth scope of an application. Source: supporting contract 5.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound, invalid_field
from identity.domain.model import Application, Scope
from identity.flows.configuration.references import locked_application
from identity.flows.services import Services
from identity.store import audit, configuration, scopes
from identity.store.db import Connection

Values = Mapping[str, Any]


def add(
    services: Services,
    now: int,
    actor: str,
    application_id: UUID,
    tenant_id: UUID | None,
    values: Callable[[], Values],
    scope_id: UUID | None = None,
) -> Scope:
    """A new scope; `values` reads them once the application is known to exist. Raises NotFound, Invalid."""

    def work(conn: Connection) -> Scope:
        application = locked_application(conn, application_id, tenant_id)
        new_id = scope_id or services.runtime.new_id()
        scope = Scope(id=new_id, insert_instant=now, last_update_instant=now, **values())
        if scopes.id_is_taken(conn, new_id):
            raise invalid_field("scopeId", "duplicate")
        if any(other.name == scope.name for other in application.scopes):
            raise invalid_field("scope.name", "duplicate")
        scopes.insert(conn, application, scope)
        audit.add(conn, now, actor, f"Added the scope {scope.name!r} to the application with id {application_id}")
        return scope

    return configuration.change(services.db, work)


def update(
    services: Services,
    now: int,
    actor: str,
    application_id: UUID,
    tenant_id: UUID | None,
    scope_id: UUID,
    change: Callable[[Scope], Values],
) -> Scope:
    """Replace a scope by what `change` makes of the stored one; its name stays. Raises NotFound, Invalid."""

    def work(conn: Connection) -> Scope:
        application = locked_application(conn, application_id, tenant_id)
        stored = scope_of(application, scope_id)
        scope = replace(stored, **{**change(stored), "name": stored.name}, last_update_instant=now)
        scopes.update(conn, application, scope)
        audit.add(conn, now, actor, f"Updated the scope {scope.name!r} of the application with id {application_id}")
        return scope

    return configuration.change(services.db, work)


def remove(
    services: Services, now: int, actor: str, application_id: UUID, tenant_id: UUID | None, scope_id: UUID
) -> None:
    """Raises NotFound."""

    def work(conn: Connection) -> None:
        application = locked_application(conn, application_id, tenant_id)
        scope = scope_of(application, scope_id)
        scopes.delete(conn, application, scope)
        audit.add(conn, now, actor, f"Removed the scope {scope.name!r} of the application with id {application_id}")

    configuration.change(services.db, work)


def scope_of(application: Application, scope_id: UUID) -> Scope:
    """Raises NotFound."""
    found = next((scope for scope in application.scopes if scope.id == scope_id), None)
    if found is None:
        raise NotFound
    return found
