"""Which webhooks hear of what happens in a tenant, each ready to be called."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from identity.domain.events import TransactionType
from identity.domain.webhooks import NOBODY, Audience, Listener, Webhook
from identity.flows.configuration import sealed_members
from identity.sealing import Sealer
from identity.store import keys, webhooks
from identity.store.db import Connection

HEADERS, USERNAME, PASSWORD, CERTIFICATE = (
    "headers",
    "http_authentication_username",
    "http_authentication_password",
    "ssl_certificate",
)
"""The names of a webhook's secrets."""


def read_audience(conn: Connection, sealer: Sealer, tenant_id: UUID, settings: Mapping[str, Any]) -> Audience:
    """The audience of a tenant with these settings."""
    switched_on = {
        name: TransactionType(entry["transaction_type"])
        for name, entry in settings["event_configuration"]["events"].items()
        if entry["enabled"]
    }
    found = webhooks.of_tenant(conn, tenant_id)
    if not found:
        return NOBODY
    return Audience(tuple(listener(conn, sealer, each) for each in found), switched_on)


def listener(conn: Connection, sealer: Sealer, webhook: Webhook) -> Listener:
    """The webhook ready to be called. Raises CannotOpen."""
    clear = opened(sealer, webhook)
    headers: dict[str, str] = orjson.loads(clear.get(HEADERS, "{}"))
    if USERNAME in clear or PASSWORD in clear:
        pair = f"{clear.get(USERNAME, '')}:{clear.get(PASSWORD, '')}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    return Listener(webhook, headers, _signing_key(conn, sealer, webhook), _certificate(conn, webhook, clear))


def opened(sealer: Sealer, webhook: Webhook) -> dict[str, str]:
    """The webhook's secrets in clear. Raises CannotOpen."""
    return sealed_members.opened(sealer, "webhooks", webhook.id, webhook.secrets)


def _signing_key(conn: Connection, sealer: Sealer, webhook: Webhook) -> Any:
    if not webhook.signature_enabled or webhook.signing_key_id is None:
        return None
    return keys.find_signer(conn, sealer, webhook.signing_key_id)


def _certificate(conn: Connection, webhook: Webhook, clear: Mapping[str, str]) -> str | None:
    if webhook.ssl_certificate_key_id is None:
        return clear.get(CERTIFICATE)
    key = keys.find(conn, webhook.ssl_certificate_key_id)
    return key.certificate_pem if key else None
