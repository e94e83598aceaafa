"""Mails that report a change and ask for nothing: sent only where a tenant or an application chose a template."""

from __future__ import annotations

from identity.domain.mail import Purpose
from identity.domain.model import Application, Tenant, User
from identity.flows.mail.send_mail import chosen_template, queue_mail
from identity.flows.services import Services
from identity.store.db import Connection


def report_verified(
    conn: Connection, services: Services, tenant: Tenant, application: Application | None, user: User
) -> None:
    """The e-mail address is verified."""
    if chosen_template(tenant, application, Purpose.EMAIL_VERIFIED) is not None:
        queue_mail(conn, services, tenant, application, Purpose.EMAIL_VERIFIED, user, {})


def report_other_address(conn: Connection, services: Services, tenant: Tenant, before: User, user: User) -> None:
    """The e-mail address is another one: the old one hears of it, which the owner may still read."""
    if before.email is None or before.email == user.email:
        return
    if chosen_template(tenant, None, Purpose.EMAIL_UPDATE) is not None:
        variables = {"previous_email": before.email}
        queue_mail(conn, services, tenant, None, Purpose.EMAIL_UPDATE, user, variables, to=before.email)
