"""Create, change and delete a webhook: what it refers to exists, its secrets are sealed, the audit log knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound, invalid_field, invalid_fields
from identity.domain.webhooks import Webhook
from identity.flows.configuration import sealed_members
from identity.flows.configuration.references import Problems
from identity.flows.services import Services
from identity.store import audit, configuration, keys, providers, references, webhooks
from identity.store.db import Connection, UniqueConflict


@dataclass(frozen=True, slots=True)
class WebhookValues:
    """A webhook as an administrator wants it; `secrets` in clear, by name."""

    url: str
    description: str | None
    is_global: bool
    tenant_ids: tuple[UUID, ...]
    connect_timeout: int
    read_timeout: int
    events_enabled: Mapping[str, bool]
    signature_enabled: bool
    signing_key_id: UUID | None
    ssl_certificate_key_id: UUID | None
    secrets: Mapping[str, str] = field(repr=False)
    data: Mapping[str, Any]


def create(services: Services, now: int, actor: str, values: WebhookValues, webhook_id: UUID | None) -> Webhook:
    """A new webhook. Raises Invalid."""
    new_id = webhook_id or services.runtime.new_id()

    def work(conn: Connection) -> Webhook:
        _check(conn, values)
        created = _webhook(services, new_id, values, now, now)
        webhooks.insert(conn, created)
        audit.add(conn, now, actor, f"Created the webhook with id {new_id}")
        return created

    try:
        return configuration.change(services.db, work)
    except UniqueConflict as error:
        raise invalid_field("webhookId", "duplicate") from error


def update(
    services: Services, now: int, actor: str, webhook_id: UUID, change: Callable[[Webhook], WebhookValues]
) -> Webhook:
    """Replace a webhook by what `change` makes of the stored one. Raises NotFound, Invalid."""

    def work(conn: Connection) -> Webhook:
        stored = webhooks.lock(conn, webhook_id)
        if stored is None:
            raise NotFound
        values = change(stored)
        _check(conn, values)
        updated = _webhook(services, webhook_id, values, stored.insert_instant, now)
        webhooks.update(conn, updated)
        audit.add(conn, now, actor, f"Updated the webhook with id {webhook_id}")
        return updated

    return configuration.change(services.db, work)


def delete(services: Services, now: int, actor: str, webhook_id: UUID) -> None:
    """Raises NotFound."""

    def work(conn: Connection) -> None:
        if not webhooks.delete(conn, webhook_id):
            raise NotFound
        audit.add(conn, now, actor, f"Deleted the webhook with id {webhook_id}")

    configuration.change(services.db, work)


def _check(conn: Connection, values: WebhookValues) -> None:
    """Raises Invalid with every mistake."""
    problems: Problems = []
    key_id = values.signing_key_id
    if values.signature_enabled and key_id is None:
        problems.append(("webhook.signatureConfiguration.signingKeyId", "missing"))
    if key_id is not None and key_id not in references.keys_that_sign(conn, [key_id]):
        problems.append(("webhook.signatureConfiguration.signingKeyId", "invalid"))
    if values.ssl_certificate_key_id is not None:
        key = keys.find(conn, values.ssl_certificate_key_id)
        if key is None or key.certificate_pem is None:
            problems.append(("webhook.sslCertificateKeyId", "invalid"))
    if set(values.tenant_ids) - providers.known_tenants(conn, values.tenant_ids):
        problems.append(("webhook.tenantIds", "invalid"))
    if problems:
        raise invalid_fields(problems)


def _webhook(services: Services, webhook_id: UUID, values: WebhookValues, inserted: int, now: int) -> Webhook:
    return Webhook(
        id=webhook_id,
        url=values.url,
        description=values.description,
        is_global=values.is_global,
        connect_timeout=values.connect_timeout,
        read_timeout=values.read_timeout,
        events_enabled=values.events_enabled,
        signature_enabled=values.signature_enabled,
        signing_key_id=values.signing_key_id,
        ssl_certificate_key_id=values.ssl_certificate_key_id,
        secrets=sealed_members.sealed(services.sealer, "webhooks", webhook_id, values.secrets),
        data=values.data,
        insert_instant=inserted,
        last_update_instant=now,
        tenant_ids=tuple(sorted(values.tenant_ids)),
    )
