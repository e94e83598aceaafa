"""One call of one webhook: the signed document goes out, and what came of it comes back as an attempt."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

from identity.domain.webhooks import Listener, Webhook
from identity.outbound.callout import Callout
from identity.signing import CannotSign, sign
from identity.store.webhook_logs import Attempt
from identity.upstream import UpstreamUnreachable

if TYPE_CHECKING:
    from identity.flows.services import Services

SIGNATURE = "X-FusionAuth-Signature-JWT"
MOST_SECONDS = 20.0
"""The longest a call takes, whatever the webhook's own times say: so that a courier's hands get free."""


def call_webhook(
    services: Services, listener: Listener, event_id: UUID, body: bytes, *, budget: float = MOST_SECONDS
) -> Attempt:
    """Never raises for what the other side does: that is in the attempt."""
    webhook, now = listener.webhook, services.runtime.now
    start, status, exception = now(), None, None
    try:
        status = services.caller.post(_callout(listener, body), budget=budget).status
    except UpstreamUnreachable as error:
        exception = error.reason
    except CannotSign:
        exception = "the signing key can not sign"
    except ValueError:
        exception = "the URL or a header can not be sent"
    return Attempt(
        services.runtime.new_id(), event_id, webhook.id, shown_url(webhook.url), start, now(), status, exception
    )


def timed_out(services: Services, webhook: Webhook, event_id: UUID, start: int) -> Attempt:
    """The attempt of a webhook that did not answer before everybody's time was up."""
    ids, now = services.runtime.new_id, services.runtime.now
    return Attempt(ids(), event_id, webhook.id, shown_url(webhook.url), start, now(), None, "timeout")


def shown_url(url: str) -> str:
    """The URL as logs show it: what follows the path may be a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}" + ("?..." if parts.query else "")


def _callout(listener: Listener, body: bytes) -> Callout:
    """Raises CannotSign."""
    webhook = listener.webhook
    headers = {**listener.headers, "Content-Type": "application/json"}
    if listener.signing_key is not None:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        headers[SIGNATURE] = sign({"request_body_sha256": digest}, listener.signing_key)
    return Callout(
        webhook.url,
        body,
        headers,
        connect_timeout=webhook.connect_timeout / 1000,
        read_timeout=webhook.read_timeout / 1000,
        certificate=listener.certificate,
    )
