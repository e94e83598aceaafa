"""API keys at /api/api-key: for keys that are key managers. Source: supporting contract 8; security T28."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

from identity.domain.access import KEY_MANAGER_ENDPOINT, Caller
from identity.domain.api_keys import ApiKey, ApiKeyDraft
from identity.domain.errors import NotFound, Unauthorized, invalid_field
from identity.flows.configuration import save_api_key
from identity.flows.services import Services
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.api_keys import (
    ApiKeyRequestSchema,
    ApiKeyResponseSchema,
    document_of,
    draft_from,
)
from identity.http.patch import patched
from identity.sealing import CannotOpen
from identity.store import api_keys
from identity.store.db import Connection

log = logging.getLogger("identity.http")
routes = Routes("API keys", "Keys that open this API; managed with a key that is a key manager.")
ONE = "/api/api-key/<key_id>"
ROUTE: dict[str, Any] = {"endpoint": KEY_MANAGER_ENDPOINT, "scope": Scope.ANY_KEY, "gives": ApiKeyResponseSchema}
COPIED = ("tenantId", "permissions", "retrievable", "expirationInstant", "ipAccessControlListId", "metaData")


@routes.post("/api/api-key", ONE, takes=ApiKeyRequestSchema, **ROUTE)
def create_api_key(call: Call, key_id: UUID | None = None) -> dict[str, Any]:
    """Make a key; its rights are a part of the caller's. With `sourceKeyId`, what is left out is copied from that key.

    The text of a key that is not retrievable is in this answer only.
    """
    caller = _caller(call)
    document = call.json()
    wanted = ApiKeyRequestSchema().load(document)
    if wanted.get("source_key_id") is not None:
        wanted = ApiKeyRequestSchema().load(_copied(call, document, wanted["source_key_id"]))
    draft = draft_from(wanted["api_key"])
    key, text = save_api_key.create_api_key(call.services, caller, draft, call.now, key_id)
    return {"apiKey": document_of(key, text)}


def _copied(call: Call, document: dict[str, Any], source_id: UUID) -> dict[str, Any]:
    """The request with what it leaves out taken from the source, which must be no key manager."""
    with call.services.db.read() as conn:
        try:
            source = save_api_key.find_managed(conn, _caller(call), source_id)
        except NotFound:
            source = None
    if source is None or source.key_manager:
        raise invalid_field("sourceKeyId", "invalid")
    origin = document_of(source)
    given = {name: value for name, value in (document.get("apiKey") or {}).items() if value is not None}
    return {"apiKey": {name: origin[name] for name in COPIED if name in origin} | given}


@routes.get(ONE, **ROUTE)
def retrieve_api_key(call: Call, key_id: UUID) -> dict[str, Any]:
    """One key; with its text when it is retrievable."""
    with call.services.db.read() as conn:
        key = save_api_key.find_managed(conn, _caller(call), key_id)
        return {"apiKey": document_of(key, _text(call.services, conn, key))}


@routes.put(ONE, takes=ApiKeyRequestSchema, **ROUTE)
def update_api_key(call: Call, key_id: UUID) -> dict[str, Any]:
    """Replace what may change: what is left out is cleared; text, tenant, retrievable and keyManager stay."""
    call.request.get_data(cache=True)  # a slow sender must not hold a transaction open
    return _changed(call, key_id, lambda _: _draft(call.json()))


@routes.patch(ONE, takes=ApiKeyRequestSchema, **ROUTE)
def patch_api_key(call: Call, key_id: UUID) -> dict[str, Any]:
    """Change some members, in one of three dialects; the result counts as a PUT's body does."""
    call.request.get_data(cache=True)
    return _changed(call, key_id, lambda key: _draft(patched(call.request, {"apiKey": document_of(key)})))


def _changed(call: Call, key_id: UUID, change: Callable[[ApiKey], ApiKeyDraft]) -> dict[str, Any]:
    key = save_api_key.change_api_key(call.services, _caller(call), key_id, call.now, change)
    with call.services.db.read() as conn:
        return {"apiKey": document_of(key, _text(call.services, conn, key))}


def _draft(document: dict[str, Any]) -> ApiKeyDraft:
    return draft_from(ApiKeyRequestSchema().load(document)["api_key"])


@routes.delete(ONE, endpoint=KEY_MANAGER_ENDPOINT, scope=Scope.ANY_KEY)
def delete_api_key(call: Call, key_id: UUID) -> None:
    """Remove a key: it opens nothing from the next request on."""
    save_api_key.delete_api_key(call.services, _caller(call), key_id, call.now)


def _caller(call: Call) -> Caller:
    if call.caller is None:
        raise Unauthorized
    return call.caller


def _text(services: Services, conn: Connection, key: ApiKey) -> str | None:
    """The text of a retrievable key. One whose encryption key is gone can still be managed, and works."""
    sealed = api_keys.sealed_text(conn, key.id)
    if sealed is None:
        return None
    try:
        return services.sealer.open(sealed, save_api_key.key_place(key.id))
    except CannotOpen as error:
        log.error("the text of the API key %s cannot be shown: %s", key.id, error)
        return None
