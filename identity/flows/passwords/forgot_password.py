"""Forgotten passwords, and first passwords: an id that lets the user set one is mailed, or handed to an administrator.

Who calls without a key learns nothing: the answer is the same whether anybody has the login id. Source: supporting
contract 14.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import orjson

from identity.domain.contact import canonical
from identity.domain.errors import NotFound, Unreachable, invalid_field
from identity.domain.events import NO_INFO, Event, EventInfo
from identity.domain.mail import Purpose, mail_address
from identity.domain.model import Application, Tenant, User
from identity.domain.verification import proved_address
from identity.flows.events.announce import Announce, transact
from identity.flows.login import rate_limits
from identity.flows.login.rate_limits import Limited
from identity.flows.mail.send_mail import queue_mail
from identity.flows.new_identifier import end_of, new_identifier
from identity.flows.services import Services
from identity.store import applications, external_identifiers, registrations, tenants, users
from identity.store.db import Connection, UniqueConflict
from identity.store.external_identifiers import ExternalIdentifier, Kind


@dataclass(frozen=True, slots=True)
class ForgotRequest:
    """Whose password was forgotten. `keyed`: an administrator asks; `mailed` False: they deliver the id themselves."""

    tenant_id: UUID
    login_id: str
    login_id_types: Sequence[str]
    application_id: UUID | None = None
    state: str | None = None
    keyed: bool = False
    mailed: bool = True
    change_password_id: str | None = field(default=None, repr=False)
    """The id that an administrator wants it to be."""

    info: EventInfo = NO_INFO


def forgot_password(services: Services, request: ForgotRequest, now: int) -> str | None:
    """The id; None when there is nobody to write to, or nothing to change here.

    An administrator hears NotFound, Unreachable, Invalid and TooManyRequests; the mails for a stranger were counted
    before.
    """
    with services.db.read() as conn:
        tenant, application, user = _read(conn, request)
    if request.mailed and request.keyed:
        spend_mail(services, tenant, request.login_id)
    if user is None or not user.active:
        if request.keyed:
            raise NotFound
        return None
    if user.is_of_directory:
        if request.keyed:
            raise invalid_field("loginId", "keptElsewhere")
        return None
    if request.mailed and mail_address(user) is None:
        if request.keyed:
            raise Unreachable
        return None
    return _begin(services, request, tenant, application, user, now)


def spend_mail(services: Services, tenant: Tenant, login_id: str) -> None:
    """Count one mail for this login id. Raises TooManyRequests when the tenant allows no more for now."""
    limit = rate_limits.tenant_limit(tenant, Limited.FORGOT_PASSWORD, canonical(login_id.strip()))
    rate_limits.spend(services, limit)


def begin_setup(
    conn: Connection, services: Services, tenant: Tenant, application: Application | None, user: User, now: int
) -> str:
    """Let a new user without a password set one: the id that is mailed (sendSetPasswordEmail)."""
    secret = new_identifier(services, tenant, "setup_password_id")
    identifier = _identifier(Kind.SETUP_PASSWORD, "setup_password_id", tenant, application, user, now, mailed=True)
    external_identifiers.add(conn, secret, identifier)
    queue_mail(conn, services, tenant, application, Purpose.SETUP_PASSWORD, user, {"change_password_id": secret})
    return secret


def _read(conn: Connection, request: ForgotRequest) -> tuple[Tenant, Application | None, User | None]:
    """Raises NotFound, Invalid: removed meanwhile."""
    tenant = tenants.get(conn, request.tenant_id)
    if tenant is None:
        raise NotFound
    application = None
    if request.application_id is not None:
        application = applications.get(conn, request.application_id, request.tenant_id)
        if application is None:
            raise invalid_field("applicationId", "invalid")
    folded = canonical(request.login_id.strip())
    user = users.find_by_login_id(conn, request.tenant_id, folded, request.login_id_types)
    return tenant, application, user


def _begin(
    services: Services,
    request: ForgotRequest,
    tenant: Tenant,
    application: Application | None,
    user: User,
    now: int,
) -> str:
    """Raises Invalid: the wanted id is taken."""
    secret = request.change_password_id or new_identifier(services, tenant, "change_password_id")
    identifier = _identifier(
        Kind.CHANGE_PASSWORD,
        "change_password_id",
        tenant,
        application,
        user,
        now,
        mailed=request.mailed,
        state=request.state,
    )

    def work(conn: Connection, announce: Announce) -> None:
        external_identifiers.add(conn, secret, identifier)
        happened = ["user.password.reset.start"]
        if request.mailed:
            variables: dict[str, object] = {"change_password_id": secret, "state": orjson.loads(request.state or "{}")}
            queue_mail(conn, services, tenant, application, Purpose.FORGOT_PASSWORD, user, variables)
            happened.append("user.password.reset.send")
        shown = (user, registrations.of_user(conn, services.sealer, user.tenant_id, user.id))
        announce(tenant.id, [Event(each, {"user": shown}, user.id, request.info) for each in happened])

    try:
        transact(services, work)
    except UniqueConflict as conflict:
        raise invalid_field("changePasswordId", "duplicate") from conflict
    return secret


def _identifier(
    kind: Kind,
    name: str,
    tenant: Tenant,
    application: Application | None,
    user: User,
    now: int,
    *,
    mailed: bool,
    state: str | None = None,
) -> ExternalIdentifier:
    address = {"address": proved_address(user)} if mailed else {}
    return ExternalIdentifier(
        kind,
        tenant.id,
        now,
        end_of(tenant, name, now),
        user_id=user.id,
        application_id=application.id if application else None,
        data={"forgotten": kind is Kind.CHANGE_PASSWORD, **address},
        state=state,
    )
