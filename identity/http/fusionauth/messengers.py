"""Messengers: create, retrieve, update, patch, delete. Only the type Generic is built."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound
from identity.domain.messengers import Messenger
from identity.flows.mail import save_messenger
from identity.flows.services import Services
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.mail import MessengerRequest, MessengerResponse, MessengerSchema
from identity.http.patch import patched
from identity.store import messengers

ENDPOINT = "/api/messenger"
ONE = "/api/messenger/<messenger_id>"

routes = Routes("Messengers", "Gateways that carry messages to phones.")


@routes.post(ENDPOINT, ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=MessengerRequest, gives=MessengerResponse)
def create_messenger(call: Call, messenger_id: UUID | None = None) -> dict[str, Any]:
    """Create a messenger: a URL to which messages are posted as JSON."""
    values = _members(call.json())
    return _one(call.services, save_messenger.create(call.services, call.now, call.actor, values, messenger_id))


@routes.get(ENDPOINT, endpoint=ENDPOINT, scope=Scope.GLOBAL, gives=MessengerResponse)
def retrieve_messengers(call: Call) -> dict[str, Any]:
    """All messengers by name."""
    with call.services.db.read() as conn:
        found = messengers.every(conn)
    return {"messengers": [_shown(call.services, each) for each in found]}


@routes.get(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, gives=MessengerResponse)
def retrieve_messenger(call: Call, messenger_id: UUID) -> dict[str, Any]:
    """One messenger, its secrets included."""
    return _one(call.services, _existing(call, messenger_id))


@routes.put(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=MessengerRequest, gives=MessengerResponse)
def update_messenger(call: Call, messenger_id: UUID) -> dict[str, Any]:
    """Replace a messenger: a member left out returns to its default."""
    return _save(call, messenger_id, lambda _: call.json())


@routes.patch(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=MessengerRequest, gives=MessengerResponse)
def patch_messenger(call: Call, messenger_id: UUID) -> dict[str, Any]:
    """Change members of a messenger, in one of three dialects that the content type chooses."""
    return _save(call, messenger_id, lambda stored: patched(call.request, _one(call.services, stored)))


@routes.delete(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL)
def delete_messenger(call: Call, messenger_id: UUID) -> None:
    """Delete a messenger that no tenant names."""
    save_messenger.delete(call.services, call.now, call.actor, messenger_id)


def _save(call: Call, messenger_id: UUID, document: Callable[[Messenger], dict[str, Any]]) -> dict[str, Any]:
    _existing(call, messenger_id)
    call.request.get_data(cache=True)  # a slow body must not hold the row
    updated = save_messenger.update(
        call.services, call.now, call.actor, messenger_id, lambda stored: _members(document(stored))
    )
    return _one(call.services, updated)


def _members(document: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = MessengerRequest().load(document)["messenger"]
    return values


def _existing(call: Call, messenger_id: UUID) -> Messenger:
    with call.services.db.read() as conn:
        found = messengers.find(conn, messenger_id)
    if found is None:
        raise NotFound
    return found


def _one(services: Services, found: Messenger) -> dict[str, Any]:
    return {"messenger": _shown(services, found)}


def _shown(services: Services, found: Messenger) -> dict[str, Any]:
    settings = save_messenger.settings_with_secrets(services, found)
    shown: dict[str, Any] = MessengerSchema().dump(
        {
            **settings,
            "data": found.data,
            "id": found.id,
            "insert_instant": found.insert_instant,
            "last_update_instant": found.last_update_instant,
            "name": found.name,
            "url": found.url,
        }
    )
    return shown
