"""/api/system-configuration: retrieve, replace, patch. Source: supporting contract 20, login contract 1.5."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from identity.domain.system_configuration import SystemConfiguration
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.system_configuration import (
    SystemConfigurationRequest,
    SystemConfigurationResponse,
    SystemConfigurationSchema,
)
from identity.http.patch import patched

PATH = "/api/system-configuration"
routes = Routes("System configuration", "Settings of the whole installation: CORS, retention, time zone of reports.")
SCHEMA = SystemConfigurationSchema()
REQUEST = SystemConfigurationRequest()


@routes.get(PATH, endpoint=PATH, scope=Scope.GLOBAL, gives=SystemConfigurationResponse)
def retrieve_system_configuration(call: Call) -> dict[str, Any]:
    """The system configuration."""
    with call.services.db.read() as conn:
        return _one(call.services.system.read(conn))


@routes.put(
    PATH, endpoint=PATH, scope=Scope.GLOBAL, takes=SystemConfigurationRequest, gives=SystemConfigurationResponse
)
def update_system_configuration(call: Call) -> dict[str, Any]:
    """Replace the system configuration: a member left out returns to its default."""
    return _save(call, lambda _: call.json())


@routes.patch(
    PATH, endpoint=PATH, scope=Scope.GLOBAL, takes=SystemConfigurationRequest, gives=SystemConfigurationResponse
)
def patch_system_configuration(call: Call) -> dict[str, Any]:
    """Change members of the system configuration, in one of three dialects that the content type chooses."""
    return _save(call, lambda stored: patched(call.request, _one(stored)))


def _save(call: Call, document: Callable[[SystemConfiguration], dict[str, Any]]) -> dict[str, Any]:
    call.request.get_data(cache=True)  # a slow body must not hold up other changes

    def change(stored: SystemConfiguration) -> dict[str, Any]:
        return dict(REQUEST.load(document(stored))["system_configuration"])

    return _one(call.services.system.change(call.now, call.actor, change))


def _one(found: SystemConfiguration) -> dict[str, Any]:
    instants = {"insert_instant": found.insert_instant, "last_update_instant": found.last_update_instant}
    return {"systemConfiguration": SCHEMA.dump({**found.settings, **instants})}
