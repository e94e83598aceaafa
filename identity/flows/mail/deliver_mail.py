"""Delivers a parcel of the kind "mail": through the SMTP server of the tenant, as it is set up at that moment."""

from __future__ import annotations

from typing import Any

import orjson

from identity.domain.model import Tenant
from identity.domain.redact import mask_email
from identity.flows.configuration.save_tenant import settings_with_secrets
from identity.flows.courier import DeliveryFailed, text_of
from identity.flows.mail.delivery_log import note
from identity.flows.services import Services
from identity.outbound.letter import Letter
from identity.outbound.smtp import MailNotSent, MailServer
from identity.sealing import CannotOpen
from identity.store import tenants
from identity.store.outbox import Parcel

HOST, PORT, SENDER = "localhost", 25, "change-me@example.com"
"""FusionAuth's defaults. Source: supporting contract 6.4."""


def deliver(services: Services, parcel: Parcel) -> None:
    """Raises DeliveryFailed. The mail of a tenant that is gone is gone with it."""
    queued = orjson.loads(text_of(services, parcel))
    assert parcel.tenant_id is not None
    with services.db.read() as conn:
        tenant = tenants.get(conn, parcel.tenant_id)
    if tenant is None:
        return
    chosen = _configuration(services, tenant)
    what = f"mail {queued['purpose']} to {mask_email(queued['to'])}"
    try:
        services.smtp.send(server_of(services, chosen), _letter(services, parcel, chosen, queued))
    except MailNotSent as failure:
        note(services, parcel, what, failure.reason, final=failure.final, debug=chosen["debug"])
        raise DeliveryFailed(failure.reason, final=failure.final) from failure
    note(services, parcel, what, None, debug=chosen["debug"])


def server_of(services: Services, chosen: dict[str, Any]) -> MailServer:
    """The server of these mail settings; who has changed nothing about it has the service's own (`[mail]`)."""
    host, username = chosen.get("host") or HOST, chosen.get("username")
    if (host, chosen["port"], username) == (HOST, PORT, None):
        return MailServer(services.settings.mail.host, services.settings.mail.port, chosen["security"])
    return MailServer(host, chosen["port"], chosen["security"], username, chosen.get("password"))


def _configuration(services: Services, tenant: Tenant) -> dict[str, Any]:
    try:
        found: dict[str, Any] = settings_with_secrets(services, tenant)["email_configuration"]
    except CannotOpen as error:
        raise DeliveryFailed(str(error)) from error
    return found


def _letter(services: Services, parcel: Parcel, chosen: dict[str, Any], queued: dict[str, Any]) -> Letter:
    mail = queued["mail"]
    return Letter(
        to=queued["to"],
        sender=mail["from_email"] or chosen.get("default_from_email") or SENDER,
        sender_name=mail["from_name"] or chosen.get("default_from_name"),
        subject=mail["subject"],
        text=mail["text"],
        html=mail["html"],
        message_id=str(parcel.id),
        sent=services.runtime.wall_clock(),
        headers=[(header.get("name") or "", header.get("value") or "") for header in chosen["additional_headers"]],
    )
