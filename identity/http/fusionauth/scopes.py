"""OAuth scopes of an application. Source: supporting contract 5.1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound, invalid_field
from identity.domain.model import Application, Scope
from identity.flows.configuration import save_scope
from identity.http.fusionauth.routes import Call, Routes
from identity.http.fusionauth.schemas.applications import ScopeAnswer, ScopeRequest
from identity.http.patch import patched
from identity.store import applications

ENDPOINT = "/api/application/scope"
ALL = "/api/application/<application_id>/scope"
ONE = f"{ALL}/<scope_id>"

routes = Routes("Application scopes", "OAuth scopes that an application knows.")
_request = ScopeRequest()
_answer = ScopeAnswer()


@routes.post(
    ALL,
    ONE,
    endpoint=ENDPOINT,
    takes=ScopeRequest,
    gives=ScopeAnswer,
    statuses={404: "There is no such application."},
)
def create_scope(call: Call, application_id: UUID, scope_id: UUID | None = None) -> dict[str, Any]:
    """A new scope of the application."""
    call.request.get_data(cache=True)  # a slow body must not hold the row

    def values() -> dict[str, Any]:
        loaded: dict[str, Any] = call.load(_request)["scope"]
        if loaded["name"] is None:
            raise invalid_field("scope.name", "blank")
        return loaded

    scope = save_scope.add(call.services, call.now, call.actor, application_id, call.tenant_id, values, scope_id)
    return _one(scope, application_id)


@routes.get(ONE, endpoint=ENDPOINT, gives=ScopeAnswer)
def retrieve_scope(call: Call, application_id: UUID, scope_id: UUID) -> dict[str, Any]:
    """One scope of the application."""
    return _one(save_scope.scope_of(_existing(call, application_id), scope_id), application_id)


@routes.put(ONE, endpoint=ENDPOINT, takes=ScopeRequest, gives=ScopeAnswer)
def update_scope(call: Call, application_id: UUID, scope_id: UUID) -> dict[str, Any]:
    """Replace the scope: a member left out returns to its default; the name stays."""
    return _save(call, application_id, scope_id, lambda _: call.json())


@routes.patch(ONE, endpoint=ENDPOINT, takes=ScopeRequest, gives=ScopeAnswer)
def patch_scope(call: Call, application_id: UUID, scope_id: UUID) -> dict[str, Any]:
    """Change members of the scope, in one of three dialects that the content type chooses."""
    return _save(call, application_id, scope_id, lambda stored: patched(call.request, _one(stored, application_id)))


@routes.delete(ONE, endpoint=ENDPOINT)
def delete_scope(call: Call, application_id: UUID, scope_id: UUID) -> None:
    """Remove the scope."""
    save_scope.remove(call.services, call.now, call.actor, application_id, call.tenant_id, scope_id)


def _save(
    call: Call, application_id: UUID, scope_id: UUID, document: Callable[[Scope], dict[str, Any]]
) -> dict[str, Any]:
    call.request.get_data(cache=True)  # a slow body must not hold the row

    def change(stored: Scope) -> dict[str, Any]:
        values: dict[str, Any] = _request.load(document(stored))["scope"]
        return values

    tenant_id = call.tenant_id
    scope = save_scope.update(call.services, call.now, call.actor, application_id, tenant_id, scope_id, change)
    return _one(scope, application_id)


def _existing(call: Call, application_id: UUID) -> Application:
    with call.services.db.read() as conn:
        found = applications.get(conn, application_id, call.tenant_id)
    if found is None:
        raise NotFound
    return found


def _one(scope: Scope, application_id: UUID) -> dict[str, Any]:
    dumped: dict[str, Any] = _answer.dump({"scope": {**asdict(scope), "application_id": application_id}})
    return dumped
