"""Connectors: create, retrieve, update, patch, delete. Of the types only LDAP is built; the built-in one is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from identity.domain.connectors import Connector
from identity.domain.errors import NotFound
from identity.domain.model import BUILT_IN_CONNECTOR_ID
from identity.flows.configuration import save_connector
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.connectors import ConnectorRequest, ConnectorResponse, shown, shown_built_in
from identity.http.patch import patched
from identity.store import connectors

ENDPOINT = "/api/connector"
ONE = "/api/connector/<connector_id>"

routes = Routes("Connectors", "Directories that check people's passwords.")


@routes.post(ENDPOINT, ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=ConnectorRequest, gives=ConnectorResponse)
def create_connector(call: Call, connector_id: UUID | None = None) -> dict[str, Any]:
    """Create a connector: an LDAP directory, and the lambda that makes users of its entries."""
    values = _members(call.json())
    return _one(save_connector.create(call.services, call.now, call.actor, values, connector_id))


@routes.get(ENDPOINT, endpoint=ENDPOINT, scope=Scope.GLOBAL, gives=ConnectorResponse)
def retrieve_connectors(call: Call) -> dict[str, Any]:
    """All connectors by name, the built-in one too."""
    with call.services.db.read() as conn:
        everyone = [shown(each) for each in connectors.every(conn, call.services.sealer)]
        everyone.append(shown_built_in(connectors.installed(conn)))
    return {"connectors": sorted(everyone, key=lambda each: str(each["name"]))}


@routes.get(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, gives=ConnectorResponse)
def retrieve_connector(call: Call, connector_id: UUID) -> dict[str, Any]:
    """One connector, its system password included."""
    if connector_id == BUILT_IN_CONNECTOR_ID:
        with call.services.db.read() as conn:
            return {"connector": shown_built_in(connectors.installed(conn))}
    return _one(_existing(call, connector_id))


@routes.put(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=ConnectorRequest, gives=ConnectorResponse)
def update_connector(call: Call, connector_id: UUID) -> dict[str, Any]:
    """Replace a connector: a member left out returns to its default."""
    return _save(call, connector_id, lambda _: call.json())


@routes.patch(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=ConnectorRequest, gives=ConnectorResponse)
def patch_connector(call: Call, connector_id: UUID) -> dict[str, Any]:
    """Change members of a connector, in one of three dialects that the content type chooses."""
    return _save(call, connector_id, lambda stored: patched(call.request, _one(stored)))


@routes.delete(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL)
def delete_connector(call: Call, connector_id: UUID) -> None:
    """Delete a connector that no tenant uses. Its users stay, and can not log in."""
    save_connector.delete(call.services, call.now, call.actor, connector_id)


def _save(call: Call, connector_id: UUID, document: Callable[[Connector], dict[str, Any]]) -> dict[str, Any]:
    if connector_id != BUILT_IN_CONNECTOR_ID:
        _existing(call, connector_id)
    call.request.get_data(cache=True)  # a slow body must not hold the row
    updated = save_connector.update(
        call.services, call.now, call.actor, connector_id, lambda stored: _members(document(stored))
    )
    return _one(updated)


def _members(document: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = ConnectorRequest().load(document)["connector"]
    return values


def _existing(call: Call, connector_id: UUID) -> Connector:
    with call.services.db.read() as conn:
        found = connectors.find(conn, call.services.sealer, connector_id)
    if found is None:
        raise NotFound
    return found


def _one(found: Connector) -> dict[str, Any]:
    return {"connector": shown(found)}
