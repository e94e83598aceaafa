"""Messengers: gateways that carry messages to phones. Only the generic one exists: JSON posted to a URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Messenger:
    """A generic messenger. `sealed` are its headers and its password."""

    id: UUID
    name: str
    url: str
    settings: Mapping[str, Any] = field(repr=False)
    """The other members, in snake_case, as the wire schema loads them; timeouts are milliseconds."""

    sealed: str = field(repr=False)
    data: Mapping[str, Any]
    insert_instant: int
    last_update_instant: int
