"""Make, change and remove API keys on behalf of a key manager's key. Source: supporting contract 8; security T28."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from identity.domain import api_keys as rules
from identity.domain.access import Caller
from identity.domain.api_keys import ApiKey, ApiKeyDraft, Permissions
from identity.domain.errors import NotFound, Unauthorized, invalid_field
from identity.flows.duplicates import duplicates_named
from identity.flows.services import Services
from identity.sealing import Place, Sealer
from identity.store import api_keys, audit, configuration, tenants
from identity.store.db import Connection

DUPLICATES = {"api_keys_pkey": "keyId", "api_keys_key_hash_key": "apiKey.key", "api_keys_name_key": "apiKey.name"}


def key_place(key_id: UUID) -> Place:
    """Where the sealed text of a retrievable key lives."""
    return Place("api_keys", key_id, "key_sealed")


def create_api_key(
    services: Services, caller: Caller, draft: ApiKeyDraft, now: int, key_id: UUID | None = None
) -> tuple[ApiKey, str]:
    """A new key, never a key manager, and its text. Raises Invalid, Unauthorized."""
    key = _new_key(caller, draft, now, key_id or services.runtime.new_id())
    text = draft.key or services.runtime.new_secret()

    def work(conn: Connection) -> None:
        if key.tenant_id is not None and not tenants.exists(conn, key.tenant_id):
            raise invalid_field("apiKey.tenantId", "invalid")
        insert_api_key(conn, services.sealer, key, text)
        _record(conn, now, caller, "Created", key)

    with duplicates_named(DUPLICATES):
        configuration.change(services.db, work)
    return key, text


def insert_api_key(conn: Connection, sealer: Sealer, key: ApiKey, text: str) -> None:
    """Store a key, in a change of configuration; its text is kept, sealed, when it is retrievable."""
    sealed = sealer.seal(text, key_place(key.id)) if key.retrievable else None
    api_keys.add(conn, key, text, sealed)


def _new_key(caller: Caller, draft: ApiKeyDraft, now: int, key_id: UUID) -> ApiKey:
    tenant_id = draft.tenant_id or caller.tenant_id
    if not rules.may_see(caller, tenant_id):
        raise invalid_field("apiKey.tenantId", "invalid")
    _require_name(draft.name, draft.retrievable)
    return ApiKey(
        id=key_id,
        tenant_id=tenant_id,
        name=draft.name,
        description=draft.description,
        permissions=_granted(caller, draft.permissions),
        key_manager=False,
        retrievable=draft.retrievable,
        expiration_instant=draft.expiration_instant,
        ip_access_control_list_id=draft.ip_access_control_list_id,
        attributes=draft.attributes,
        insert_instant=now,
        last_update_instant=now,
    )


def find_managed(conn: Connection, caller: Caller, key_id: UUID) -> ApiKey:
    """A key that the caller may see whole. Raises NotFound, Unauthorized."""
    return _managed(caller, api_keys.find(conn, key_id))


def change_api_key(
    services: Services, caller: Caller, key_id: UUID, now: int, change: Callable[[ApiKey], ApiKeyDraft]
) -> ApiKey:
    """The key as `change` wants it; nobody else writes it between. Raises Invalid, NotFound, Unauthorized."""

    def work(conn: Connection) -> ApiKey:
        current = _managed(caller, api_keys.lock(conn, key_id))
        draft = change(current)
        _require_name(draft.name, current.retrievable)
        changed = replace(
            current,
            name=draft.name,
            description=draft.description,
            permissions=_granted(caller, draft.permissions),
            expiration_instant=draft.expiration_instant,
            ip_access_control_list_id=draft.ip_access_control_list_id,
            attributes=draft.attributes,
            last_update_instant=now,
        )
        api_keys.update(conn, changed)
        _record(conn, now, caller, "Changed", changed)
        return changed

    with duplicates_named(DUPLICATES):
        return configuration.change(services.db, work)


def delete_api_key(services: Services, caller: Caller, key_id: UUID, now: int) -> None:
    """Raises NotFound, Unauthorized."""

    def work(conn: Connection) -> None:
        key = _managed(caller, api_keys.lock(conn, key_id))
        api_keys.delete(conn, key_id)
        _record(conn, now, caller, "Deleted", key)

    configuration.change(services.db, work)


def _managed(caller: Caller, key: ApiKey | None) -> ApiKey:
    if key is None or not rules.may_see(caller, key.tenant_id):
        raise NotFound
    if not rules.may_manage(caller, key.permissions):
        raise Unauthorized
    return key


def _granted(caller: Caller, wanted: Permissions) -> Permissions:
    """What will be stored, if the caller could do all of it itself."""
    permissions = rules.normalised(wanted)
    if permissions is None:
        raise invalid_field("apiKey.permissions.endpoints", "invalid")
    if not rules.may_manage(caller, permissions):
        raise Unauthorized
    return permissions


def _require_name(name: str | None, retrievable: bool) -> None:
    """A key whose text cannot be read again is told apart by its name."""
    if not retrievable and name is None:
        raise invalid_field("apiKey.name", "blank")


def _record(conn: Connection, now: int, caller: Caller, what: str, key: ApiKey) -> None:
    audit.add(conn, now, str(caller.key_id), f"{what} the API key with Id [{key.id}]")
