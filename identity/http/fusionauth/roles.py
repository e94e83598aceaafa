"""Roles of an application. Source: supporting contract 5.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from identity.domain.errors import invalid_field
from identity.domain.model import Role
from identity.flows.configuration import save_role
from identity.http.fusionauth.applications import role_members
from identity.http.fusionauth.routes import Call, Routes
from identity.http.fusionauth.schemas.applications import RoleEnvelope
from identity.http.patch import patched

ENDPOINT = "/api/application/role"
ALL = "/api/application/<application_id>/role"
ONE = f"{ALL}/<role_id>"

routes = Routes("Application roles", "Roles that registrations of an application name.")
_envelope = RoleEnvelope()


@routes.post(
    ALL,
    ONE,
    endpoint=ENDPOINT,
    takes=RoleEnvelope,
    gives=RoleEnvelope,
    statuses={404: "There is no such application."},
)
def create_role(call: Call, application_id: UUID, role_id: UUID | None = None) -> dict[str, Any]:
    """A new role of the application."""
    call.request.get_data(cache=True)  # a slow body must not hold the row
    role = save_role.add(
        call.services,
        call.now,
        call.actor,
        application_id,
        call.tenant_id,
        lambda: call.load(_envelope)["role"],
        role_id,
    )
    return _one(role)


@routes.put(ONE, endpoint=ENDPOINT, takes=RoleEnvelope, gives=RoleEnvelope)
def update_role(call: Call, application_id: UUID, role_id: UUID) -> dict[str, Any]:
    """Replace the role: a member left out returns to its default."""
    return _save(call, application_id, role_id, lambda _: call.json())


@routes.patch(ONE, endpoint=ENDPOINT, takes=RoleEnvelope, gives=RoleEnvelope)
def patch_role(call: Call, application_id: UUID, role_id: UUID) -> dict[str, Any]:
    """Change members of the role, in one of three dialects that the content type chooses."""
    return _save(call, application_id, role_id, lambda stored: patched(call.request, _one(stored)))


@routes.delete(ONE, endpoint=ENDPOINT)
def delete_role(call: Call, application_id: UUID, role_id: UUID) -> None:
    """Remove the role, also from registrations."""
    save_role.remove(
        call.services, call.now, call.actor, application_id, call.tenant_id, lambda role: role.id == role_id
    )


@routes.delete(ALL, endpoint=ENDPOINT, query={"name": "The name of the role to remove"})
def delete_role_by_name(call: Call, application_id: UUID) -> None:
    """Remove the role with this name, also from registrations."""
    name = call.text("name")
    if name is None:
        raise invalid_field("name", "blank")
    save_role.remove(
        call.services, call.now, call.actor, application_id, call.tenant_id, lambda role: role.name == name
    )


def _save(
    call: Call, application_id: UUID, role_id: UUID, document: Callable[[Role], dict[str, Any]]
) -> dict[str, Any]:
    call.request.get_data(cache=True)  # a slow body must not hold the row

    def change(stored: Role) -> dict[str, Any]:
        values: dict[str, Any] = _envelope.load(document(stored))["role"]
        return values

    role = save_role.update(call.services, call.now, call.actor, application_id, call.tenant_id, role_id, change)
    return _one(role)


def _one(role: Role) -> dict[str, Any]:
    dumped: dict[str, Any] = _envelope.dump({"role": role_members(role)})
    return dumped
