"""Queue a mail to a user: written here and now, in the caller's transaction, and sent by the courier after the commit.

What a mail says is fixed when it is queued; the server it goes through is read when it is sent, so that a tenant whose
mail settings were wrong can be mended and its mails sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from identity.domain.built_in_templates import EMAIL_TEMPLATES
from identity.domain.mail import EmailTemplate, Purpose, is_sendable, mail_address, write_mail
from identity.domain.model import Application, Tenant, User
from identity.flows import courier
from identity.flows.mail.template_variables import template_variables
from identity.flows.services import Services
from identity.store import email_templates
from identity.store.db import Connection

KIND = "mail"
MEMBERS = {
    Purpose.EMAIL_UPDATE: "email_update_email_template_id",
    Purpose.EMAIL_VERIFICATION: "verification_email_template_id",
    Purpose.EMAIL_VERIFIED: "email_verified_email_template_id",
    Purpose.FORGOT_PASSWORD: "forgot_password_email_template_id",
    Purpose.PASSWORD_RESET_SUCCESS: "password_reset_success_email_template_id",
    Purpose.PASSWORD_UPDATE: "password_update_email_template_id",
    Purpose.SETUP_PASSWORD: "set_password_email_template_id",
    Purpose.TWO_FACTOR_METHOD_ADD: "two_factor_method_add_email_template_id",
    Purpose.TWO_FACTOR_METHOD_REMOVE: "two_factor_method_remove_email_template_id",
}
"""The member of emailConfiguration that names the template, of the application or else of the tenant."""


def queue_mail(
    conn: Connection,
    services: Services,
    tenant: Tenant,
    application: Application | None,
    purpose: Purpose,
    user: User,
    variables: Mapping[str, object],
    *,
    to: str | None = None,
    template_id: UUID | None = None,
) -> bool:
    """Put the mail into the outbox; False when there is no address to send to, or no template for this.

    `to` is another address than the user's own, e.g. that of a second factor. `template_id` is for a purpose whose
    template is chosen elsewhere: the templates of a user action.
    """
    address = to or mail_address(user)
    template = _template(conn, template_id or chosen_template(tenant, application, purpose), purpose)
    if address is None or not is_sendable(address) or template is None:
        return False
    known = template_variables(services, tenant, application, user, variables)
    written = write_mail(template, known, user.preferred_languages)
    courier.post(
        conn,
        services,
        kind=KIND,
        ordering_key=f"mail {services.runtime.new_id()}",  # a mail that is not taken keeps no other one waiting
        text=orjson.dumps({"purpose": purpose.name, "to": address, "mail": written}).decode(),
        tenant_id=tenant.id,
    )
    return True


def chosen_template(tenant: Tenant, application: Application | None, purpose: Purpose) -> UUID | None:
    """The template that the configuration names for this purpose; None for the built-in one."""
    theirs: Mapping[str, Any] = application.settings if application is not None else {}
    if purpose is Purpose.REGISTRATION_VERIFICATION:
        return _id(theirs, "verification_email_template_id")
    if purpose is Purpose.TWO_FACTOR_CODE:
        method = ("multi_factor_configuration", "email")
        return _id(_part(theirs, *method), "template_id") or _id(_part(tenant.settings, *method), "template_id")
    member = MEMBERS.get(purpose, "")
    own = f"email_{member}" if purpose is Purpose.EMAIL_VERIFICATION else member
    part = "email_configuration"
    return _id(_part(theirs, part), own) or _id(_part(tenant.settings, part), member)


def _template(conn: Connection, chosen: UUID | None, purpose: Purpose) -> EmailTemplate | None:
    found = email_templates.find(conn, chosen) if chosen is not None else None
    return found or EMAIL_TEMPLATES.get(purpose)


def _part(settings: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    for name in names:
        settings = settings.get(name) or {}
    return settings


def _id(settings: Mapping[str, Any], member: str) -> UUID | None:
    """Settings hold ids as text once they have been stored."""
    found = settings.get(member)
    return UUID(str(found)) if found else None
