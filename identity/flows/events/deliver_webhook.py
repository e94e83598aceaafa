"""Delivers a parcel of the kind "webhook": one event to one webhook, with a note of every attempt."""

from __future__ import annotations

from uuid import UUID

import orjson

from identity.flows.courier import DeliveryFailed, text_of
from identity.flows.events.audience import listener
from identity.flows.events.call_webhook import call_webhook
from identity.flows.services import Services
from identity.store import webhook_logs, webhooks
from identity.store.outbox import Parcel


def deliver(services: Services, parcel: Parcel) -> None:
    """Raises DeliveryFailed. An event for a webhook that is gone is dropped."""
    letter = orjson.loads(text_of(services, parcel))
    event_id, webhook_id = UUID(letter["event"]), UUID(letter["webhook"])
    with services.db.read() as conn:
        webhook = webhooks.find(conn, webhook_id)
        if webhook is None:
            webhook_logs.settle(conn, event_id, dropped=1)
            return
        called = listener(conn, services.sealer, webhook)
    attempt = call_webhook(services, called, event_id, letter["body"].encode())
    settled = attempt.succeeded or parcel.is_last_try
    with services.db.transaction() as conn:
        webhook_logs.add_attempt(conn, attempt, settled=int(settled))
    if not attempt.succeeded:
        raise DeliveryFailed(attempt.exception or f"status {attempt.status_code}")
