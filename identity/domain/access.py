"""Who calls: an API key, and what it may do. A key's permissions are endpoint x method (login contract 1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

KEY_MANAGER_ENDPOINT = "/api/api-key"


@dataclass(frozen=True, slots=True)
class Caller:
    """The API key behind a request. `permissions` maps an endpoint to its methods; empty means every endpoint."""

    key_id: UUID
    tenant_id: UUID | None = None
    key_manager: bool = False
    permissions: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def is_super(self) -> bool:
        return not self.permissions

    def may(self, endpoint: str, method: str) -> bool:
        """Whether the key opens this endpoint. The key manager's endpoint needs the flag, whatever the map says."""
        if endpoint == KEY_MANAGER_ENDPOINT:
            return self.key_manager
        return self.is_super or method in self.permissions.get(endpoint, frozenset())

    def covers(self, endpoint: str, methods: frozenset[str]) -> bool:
        """Whether this key could do all that (T28: a key never grants more than it has)."""
        return self.is_super or methods <= self.permissions.get(endpoint, frozenset())
