"""Delivers a parcel of the kind "message": posted as JSON to the messenger that the tenant had chosen.

The body is the generic messenger's of FusionAuth: code, phoneNumber, textMessage, type, userId.
"""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

import orjson

from identity.domain.redact import mask_phone
from identity.flows.courier import DeliveryFailed, text_of
from identity.flows.mail.delivery_log import note
from identity.flows.mail.save_messenger import settings_with_secrets
from identity.flows.services import Services
from identity.outbound.callout import Callout
from identity.sealing import CannotOpen
from identity.store import messengers
from identity.store.outbox import Parcel
from identity.upstream import UpstreamUnreachable

JSON_TYPE = {"Content-Type": "application/json"}


def deliver(services: Services, parcel: Parcel) -> None:
    """Raises DeliveryFailed."""
    queued = orjson.loads(text_of(services, parcel))
    callout, debug = _callout(services, queued)
    what = f"message to {mask_phone(queued['body']['phoneNumber'])}"
    failure = _post(services, callout)
    note(services, parcel, what, failure, debug=debug)
    if failure is not None:
        raise DeliveryFailed(failure)


def _post(services: Services, callout: Callout) -> str | None:
    """Why the gateway did not take it; None when it did."""
    try:
        answer = services.caller.post(callout)
    except UpstreamUnreachable as error:
        return f"the messenger can not be reached: {error.reason}"
    except ValueError as error:
        return f"the messenger can not be called: {error}"
    return None if 200 <= answer.status < 300 else f"the messenger answered {answer.status}"


def _callout(services: Services, queued: dict[str, Any]) -> tuple[Callout, bool]:
    """The request to make, and whether each try is noted. Raises DeliveryFailed."""
    body = orjson.dumps({name: value for name, value in queued["body"].items() if value is not None})
    if queued["messenger_id"] is None:
        return Callout(services.settings.sms.url, body, JSON_TYPE), False
    with services.db.read() as conn:
        messenger = messengers.find(conn, UUID(queued["messenger_id"]))
    if messenger is None:
        raise DeliveryFailed("the messenger is gone", final=True)
    try:
        settings = settings_with_secrets(services, messenger)
    except CannotOpen as error:
        raise DeliveryFailed(str(error)) from error
    return Callout(
        url=messenger.url,
        body=body,
        headers=_headers(settings),
        connect_timeout=settings["connect_timeout"] / 1000,
        read_timeout=settings["read_timeout"] / 1000,
        certificate=settings.get("ssl_certificate"),
    ), settings["debug"]


def _headers(settings: dict[str, Any]) -> dict[str, str]:
    """The messenger's own headers win."""
    own = {name.lower() for name in settings["headers"]}
    usual = {**JSON_TYPE, **_authorization(settings)}
    return {**{name: value for name, value in usual.items() if name.lower() not in own}, **settings["headers"]}


def _authorization(settings: dict[str, Any]) -> dict[str, str]:
    """Basic authentication, when there is a name for it."""
    if not (username := settings.get("http_authentication_username")):
        return {}
    pair = f"{username}:{settings.get('http_authentication_password') or ''}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
