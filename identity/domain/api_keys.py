"""API keys as objects to manage: what one holds, and who may manage which (security T28).

A key never makes, changes, sees or removes a key that could do more than itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from identity.domain.access import KEY_MANAGER_ENDPOINT, Caller

LONGEST_KEY = 4096
"""Characters of the text of a key."""

Permissions = Mapping[str, frozenset[str]]
"""Endpoint -> methods; empty means every endpoint."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as stored. Its text is elsewhere: only its hash, and for retrievable ones the sealed text."""

    id: UUID
    tenant_id: UUID | None
    name: str | None
    description: str | None
    permissions: Permissions
    key_manager: bool
    retrievable: bool
    expiration_instant: int | None
    ip_access_control_list_id: UUID | None
    attributes: Mapping[str, str]
    """The members of metaData.attributes beside the description."""
    insert_instant: int
    last_update_instant: int


@dataclass(frozen=True, slots=True)
class ApiKeyDraft:
    """What a request asks of a key. `key`, `tenant_id` and `retrievable` count when the key is made, never later."""

    key: str | None = field(default=None, repr=False)
    tenant_id: UUID | None = None
    name: str | None = None
    description: str | None = None
    permissions: Permissions = field(default_factory=dict)
    retrievable: bool = True
    expiration_instant: int | None = None
    ip_access_control_list_id: UUID | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


def may_manage(caller: Caller, permissions: Permissions) -> bool:
    """Whether the caller can do everything that these permissions allow."""
    if not permissions:
        return caller.is_super
    return all(caller.covers(endpoint, methods) for endpoint, methods in permissions.items())


def may_see(caller: Caller, tenant_id: UUID | None) -> bool:
    """Whether a key of this tenant exists for the caller: a locked one sees its own tenant's keys only."""
    return caller.tenant_id is None or caller.tenant_id == tenant_id


def normalised(permissions: Permissions) -> Permissions | None:
    """The map as it is stored: the key manager's endpoint is never in it (login contract 1.1).

    None when nothing else was in it: an emptied map would open every endpoint instead of none.
    """
    kept = {endpoint: methods for endpoint, methods in permissions.items() if endpoint != KEY_MANAGER_ENDPOINT}
    return None if permissions and not kept else kept
