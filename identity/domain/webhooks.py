"""Webhooks as configured, and which of them hear of what in a tenant. Source: supporting contract 17.1 to 17.3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from identity.domain.events import NEVER_TRANSACTIONAL, SYSTEM, Event, TransactionType
from identity.domain.keys import SigningKey


@dataclass(frozen=True, slots=True)
class Webhook:
    """One configured webhook. `secrets` are sealed, by name: headers, the password, the certificate."""

    id: UUID
    url: str = field(repr=False)
    description: str | None
    is_global: bool
    connect_timeout: int
    read_timeout: int
    """Milliseconds."""

    events_enabled: Mapping[str, bool]
    signature_enabled: bool
    signing_key_id: UUID | None
    ssl_certificate_key_id: UUID | None
    secrets: Mapping[str, str] = field(repr=False)
    data: Mapping[str, Any]
    insert_instant: int
    last_update_instant: int
    tenant_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Listener:
    """A webhook ready to be called: with its secrets in clear, its key and the certificate it is known by."""

    webhook: Webhook
    headers: Mapping[str, str] = field(repr=False)
    signing_key: SigningKey | None = field(repr=False)
    certificate: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Audience:
    """Who hears of what in one tenant."""

    listeners: tuple[Listener, ...] = ()
    transactions: Mapping[str, TransactionType] = field(default_factory=dict)
    """The event types that the tenant has switched on, and how much agreement each needs."""

    def of(self, event_type: str) -> tuple[Listener, ...]:
        """The webhooks that hear of events of this type: both they and the tenant must have it on."""
        if event_type not in self.transactions and event_type not in SYSTEM:
            return ()
        return tuple(each for each in self.listeners if each.webhook.events_enabled.get(event_type))

    def agreement(self, event: Event) -> TransactionType:
        """How much agreement the event needs; NONE: nobody has a say in it."""
        if event.type in NEVER_TRANSACTIONAL:
            return TransactionType.NONE
        return event.transaction or self.transactions.get(event.type, TransactionType.NONE)

    def is_asked_about(self, event: Event) -> bool:
        """Whether the webhooks that hear of it have a say in it."""
        return self.agreement(event) is not TransactionType.NONE


NOBODY = Audience()
