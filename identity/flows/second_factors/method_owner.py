"""Whose second factors are looked at or changed, and under which configuration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from identity.domain.errors import NotFound, invalid_field
from identity.domain.events import Event
from identity.domain.mail import Purpose
from identity.domain.model import Application, Registration, Tenant, User
from identity.domain.standing import TwoFactorMethod
from identity.flows.configuration.configurations import TenantConfiguration
from identity.flows.mail.send_mail import queue_mail
from identity.flows.services import Services
from identity.store import registrations, tenants, users
from identity.store.db import Connection


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose methods change, and the rules of their tenant."""

    user: User
    tenant: Tenant
    registrations: tuple[Registration, ...] = ()


def owner_of(services: Services, tenant_id: UUID | None, user_id: UUID) -> Owner:
    """Raises NotFound."""
    with services.db.read() as conn:
        user = users.get(conn, tenant_id, user_id)
        tenant = tenants.get(conn, user.tenant_id) if user else None
        if user is None or tenant is None:
            raise NotFound
        registered = registrations.of_user(conn, services.sealer, user.tenant_id, user.id)
    return Owner(user, tenant, tuple(registered))


def configuration_for(services: Services, tenant_id: UUID, application_id: UUID | None) -> TenantConfiguration:
    """The configuration for logins to this application, or without one. Raises Invalid, NotFound."""
    services.configurations.forget_unless_current()
    if application_id is None:
        tenant = services.configurations.tenant(tenant_id)
        if tenant is None:
            raise NotFound
        return tenant
    found = services.configurations.application(application_id)
    if found is None or found.tenant.id != tenant_id or not found.application.active:
        raise invalid_field("applicationId", "invalid")
    return found


def changed_methods(
    kind: str, owner: Owner, methods: Iterable[TwoFactorMethod], left: Iterable[TwoFactorMethod]
) -> list[Event]:
    """What webhooks hear: an event for each method, about the user as they are then, with the methods that are left."""
    user = replace(owner.user, two_factor_methods=tuple(left))
    return [
        Event(f"user.two-factor.method.{kind}", {"method": method, "user": (user, owner.registrations)}, user.id)
        for method in methods
    ]


def mail_change(
    conn: Connection,
    services: Services,
    owner: Owner,
    application: Application | None,
    purpose: Purpose,
    method: TwoFactorMethod,
) -> None:
    """Tell the user, if mail reaches them; by the application's template, if the change was made for one."""
    said = {"id": method.id, "method": method.method, "email": method.email, "mobilePhone": method.mobile_phone}
    queue_mail(conn, services, owner.tenant, application, purpose, owner.user, {"method": said})
