"""API keys made and listed by the operator, who needs no key for it: he has the database.

A key made here is not retrievable: its text is shown once and only its hash is stored.
"""

from __future__ import annotations

from uuid import UUID

from identity.domain.api_keys import ApiKey, Permissions, normalised
from identity.runtime import Runtime
from identity.store import api_keys, audit, configuration
from identity.store.db import Database, InUse, UniqueConflict

ACTOR = "identity api-key"


class KeyRefused(Exception):
    """The key cannot be made; the message says why."""


def create(
    url: str, name: str, tenant_id: UUID | None, permissions: Permissions, key_manager: bool, runtime: Runtime
) -> str:
    """Make a key and return its text. Raises KeyRefused, StoreUnavailable."""
    granted = normalised(permissions)
    if granted is None:
        raise KeyRefused("/api/api-key is opened by --key-manager, not by --endpoint; nothing else was named.")
    key, text = _key(name, tenant_id, granted, key_manager, runtime), runtime.new_secret()
    database = Database(url, pool_size=1)
    database.open()
    try:
        with database.transaction() as conn:
            api_keys.add(conn, key, text, None)
            configuration.changed(conn)
            audit.add(conn, key.insert_instant, ACTOR, f"Created the API key with Id [{key.id}]")
    except UniqueConflict as error:
        raise KeyRefused(f"There is an API key named {name!r} already.") from error
    except InUse as error:
        raise KeyRefused(f"There is no tenant {tenant_id}.") from error
    finally:
        database.close()
    return text


def described(url: str, now: int) -> list[str]:
    """One line for each key, without any text of a key. Raises StoreUnavailable."""
    database = Database(url, pool_size=1)
    database.open()
    try:
        with database.read() as conn:
            return [_line(key, now) for key in api_keys.all_keys(conn)]
    finally:
        database.close()


def _key(name: str, tenant_id: UUID | None, permissions: Permissions, key_manager: bool, runtime: Runtime) -> ApiKey:
    now = runtime.now()
    return ApiKey(
        id=runtime.new_id(),
        tenant_id=tenant_id,
        name=name,
        description=None,
        permissions=permissions,
        key_manager=key_manager,
        retrievable=False,
        expiration_instant=None,
        ip_access_control_list_id=None,
        attributes={},
        insert_instant=now,
        last_update_instant=now,
    )


def _line(key: ApiKey, now: int) -> str:
    endpoints = [f"{endpoint}={','.join(sorted(methods))}" for endpoint, methods in sorted(key.permissions.items())]
    expired = key.expiration_instant is not None and key.expiration_instant <= now
    remarks = [
        "every endpoint" if not endpoints else " ".join(endpoints),
        f"tenant {key.tenant_id}" if key.tenant_id else "every tenant",
        *(["key manager"] if key.key_manager else []),
        *(["expired"] if expired else []),
    ]
    return f"{key.id}  {key.name or '-'}  {'; '.join(remarks)}"
