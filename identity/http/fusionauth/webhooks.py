"""Webhooks: create, retrieve, update, patch, delete, search. Source: supporting contract 17.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound
from identity.domain.webhooks import Webhook
from identity.flows.events import save_webhook
from identity.flows.events.audience import opened
from identity.flows.events.save_webhook import WebhookValues
from identity.http.fusionauth.criteria import CRITERIA, criteria, page_of, refusing_unknown_order
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.webhooks import (
    WebhookRequest,
    WebhookResponse,
    WebhookSearchRequest,
    values_from,
    webhook_wire,
)
from identity.http.patch import patched
from identity.store import webhooks

ENDPOINT = "/api/webhook"
ONE = "/api/webhook/<webhook_id>"
SEARCH = "/api/webhook/search"
SEARCH_QUERY = {
    **{name: text for name, text in CRITERIA.items() if name != "name"},
    "description": "A part of the description; * stands for anything",
    "tenantId": "Webhooks that may hear of this tenant only",
    "url": "A part of the URL; * stands for anything",
}

routes = Routes("Webhooks", "Who is told of what happens, and has a say in it.")


@routes.post(ENDPOINT, ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=WebhookRequest, gives=WebhookResponse)
def create_webhook(call: Call, webhook_id: UUID | None = None) -> dict[str, Any]:
    """Create a webhook. It hears of an event when both it and the tenant have its type switched on."""
    values = _values(call.load(WebhookRequest()))
    return _one(call, save_webhook.create(call.services, call.now, call.actor, values, webhook_id))


@routes.get(ENDPOINT, endpoint=ENDPOINT, scope=Scope.GLOBAL, gives=WebhookResponse)
def retrieve_webhooks(call: Call) -> dict[str, Any]:
    """All webhooks."""
    with call.services.db.read() as conn:
        return {"webhooks": [_shown(call, each) for each in webhooks.list_all(conn)]}


@routes.get(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, gives=WebhookResponse)
def retrieve_webhook(call: Call, webhook_id: UUID) -> dict[str, Any]:
    """One webhook."""
    return _one(call, _existing(call, webhook_id))


@routes.put(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=WebhookRequest, gives=WebhookResponse)
def update_webhook(call: Call, webhook_id: UUID) -> dict[str, Any]:
    """Replace a webhook: a member left out returns to its default."""
    return _save(call, webhook_id, lambda _: call.json())


@routes.patch(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=WebhookRequest, gives=WebhookResponse)
def patch_webhook(call: Call, webhook_id: UUID) -> dict[str, Any]:
    """Change members of a webhook, in one of three dialects that the content type chooses."""
    return _save(call, webhook_id, lambda stored: patched(call.request, _one(call, stored)))


@routes.delete(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL)
def delete_webhook(call: Call, webhook_id: UUID) -> None:
    """Delete a webhook; what it was still to hear of is dropped."""
    save_webhook.delete(call.services, call.now, call.actor, webhook_id)


@routes.get(SEARCH, endpoint=SEARCH, scope=Scope.GLOBAL, gives=WebhookResponse, query=SEARCH_QUERY)
def search_webhooks_by_query(call: Call) -> dict[str, Any]:
    """The webhooks that match the query's criteria."""
    return _search(call)


@routes.post(SEARCH, endpoint=SEARCH, scope=Scope.GLOBAL, takes=WebhookSearchRequest, gives=WebhookResponse)
def search_webhooks(call: Call) -> dict[str, Any]:
    """The webhooks that match the criteria under `search`."""
    return _search(call)


def _search(call: Call) -> dict[str, Any]:
    wanted = criteria(call, WebhookSearchRequest())
    with refusing_unknown_order(), call.services.db.read() as conn:
        found, total = webhooks.search(
            conn,
            page_of(wanted),
            url=wanted.get("url"),
            description=wanted.get("description"),
            tenant_id=wanted.get("tenant_id"),
        )
    return {"webhooks": [_shown(call, each) for each in found], "total": total}


def _save(call: Call, webhook_id: UUID, document: Callable[[Webhook], dict[str, Any]]) -> dict[str, Any]:
    _existing(call, webhook_id)
    call.request.get_data(cache=True)  # a slow body must not hold the row

    def change(stored: Webhook) -> WebhookValues:
        return _values(WebhookRequest().load(document(stored)))

    return _one(call, save_webhook.update(call.services, call.now, call.actor, webhook_id, change))


def _values(loaded: dict[str, Any]) -> WebhookValues:
    return values_from(loaded["webhook"])


def _existing(call: Call, webhook_id: UUID) -> Webhook:
    with call.services.db.read() as conn:
        found = webhooks.find(conn, webhook_id)
    if found is None:
        raise NotFound
    return found


def _one(call: Call, found: Webhook) -> dict[str, Any]:
    return {"webhook": _shown(call, found)}


def _shown(call: Call, found: Webhook) -> dict[str, Any]:
    return webhook_wire(found, opened(call.services.sealer, found))
