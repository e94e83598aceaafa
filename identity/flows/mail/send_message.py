"""Queue a message to a phone: written here and now, in the caller's transaction, and sent by the courier after it.

The tenant's messenger carries it; a tenant without one has the service's own gateway, which in development is the mail
catcher, and else nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from identity.domain.built_in_templates import MESSAGE_TEMPLATES
from identity.domain.mail import Purpose, write_message
from identity.domain.model import Application, Tenant, User
from identity.flows import courier
from identity.flows.mail.template_variables import template_variables
from identity.flows.services import Services
from identity.store import message_templates
from identity.store.db import Connection

KIND = "message"


def queue_message(
    conn: Connection,
    services: Services,
    tenant: Tenant,
    purpose: Purpose,
    user: User,
    mobile_phone: str,
    variables: Mapping[str, object],
    *,
    application: Application | None = None,
) -> bool:
    """Put the message into the outbox; False when there is nobody to carry it, or no template for this."""
    messenger_id = _id(_sms(tenant), "messenger_id")
    chosen = _id(_sms(application), "template_id") or _id(_sms(tenant), "template_id")
    template = (message_templates.find(conn, chosen) if chosen else None) or MESSAGE_TEMPLATES.get(purpose)
    if template is None or (messenger_id is None and not services.settings.sms.url):
        return False
    known = template_variables(services, tenant, application, user, variables)
    body = {
        "code": variables.get("code"),
        "phoneNumber": mobile_phone,
        "textMessage": write_message(template, known, user.preferred_languages),
        "type": "SMS",
        "userId": user.id,
    }
    courier.post(
        conn,
        services,
        kind=KIND,
        ordering_key=f"message {services.runtime.new_id()}",
        text=orjson.dumps({"messenger_id": messenger_id, "body": body}).decode(),
        tenant_id=tenant.id,
    )
    return True


def _sms(owner: Tenant | Application | None) -> Mapping[str, Any]:
    settings = owner.settings if owner is not None else {}
    part: Mapping[str, Any] = (settings.get("multi_factor_configuration") or {}).get("sms") or {}
    return part


def _id(settings: Mapping[str, Any], member: str) -> UUID | None:
    found = settings.get(member)
    return UUID(str(found)) if found else None
