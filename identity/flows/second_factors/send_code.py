"""Send a code: to answer a challenge, or to set a method up or remove it. Source: supporting contract section 12.

A new code puts an end to the earlier ones for the same purpose. It is kept as a hash, in the transaction that queues
its mail or message, so that either both are there or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from identity.domain.errors import NotFound, invalid_field
from identity.domain.mail import Purpose
from identity.domain.model import Application, Tenant, User
from identity.domain.second_factor import EMAIL, SENT_KINDS
from identity.domain.standing import TwoFactorMethod
from identity.flows.configuration.configurations import TenantConfiguration
from identity.flows.login import rate_limits
from identity.flows.login.rate_limits import Limited
from identity.flows.mail.send_mail import queue_mail
from identity.flows.mail.send_message import queue_message
from identity.flows.new_identifier import end_of, new_identifier
from identity.flows.second_factors.challenge import Challenge, SentCode, digest_of
from identity.flows.second_factors.method_owner import Owner, configuration_for
from identity.flows.second_factors.second_factor import policy_of
from identity.flows.second_factors.sent_codes import GENERATOR, checked_email, checked_phone, code_hash, target_of
from identity.flows.services import Services
from identity.store import external_identifiers, two_factor, users
from identity.store.db import Connection
from identity.store.external_identifiers import Kind


@dataclass(frozen=True, slots=True)
class SendRequest:
    """Where a code that changes a user's methods goes: to one of them, or to the address of a new one."""

    application_id: UUID | None = None
    method_id: str | None = None
    method: str | None = None
    email: str | None = None
    mobile_phone: str | None = None


def send_for_challenge(services: Services, tenant_id: UUID | None, two_factor_id: str, method_id: str | None) -> None:
    """Raises Invalid, NotFound, TooManyRequests."""
    now = services.runtime.now()
    with services.db.read() as conn:
        found = external_identifiers.find(conn, Kind.TWO_FACTOR, two_factor_id, now)
        user = users.get(conn, found.tenant_id, found.user_id) if found and found.user_id else None
    if found is None or user is None or tenant_id not in (None, found.tenant_id):
        raise NotFound
    configuration = configuration_for(services, found.tenant_id, found.application_id)
    method = _chosen(configuration, user, method_id)
    tenant = configuration.tenant
    spend_code(services, tenant, user)
    code = new_identifier(services, tenant, GENERATOR)
    sent = SentCode(digest_of(two_factor_id, code), end_of(tenant, GENERATOR, now), method.id)

    def work(conn: Connection) -> None:
        locked = external_identifiers.lock(conn, Kind.TWO_FACTOR, two_factor_id, now)
        if locked is None:
            raise NotFound
        challenge = replace(Challenge.of(locked), sent=sent)
        external_identifiers.change(conn, Kind.TWO_FACTOR, two_factor_id, challenge.data())
        post_code(conn, services, tenant, configuration.application, user, method, code)

    services.db.transact(work)


def send_to_change(services: Services, owner: Owner, request: SendRequest) -> None:
    """Raises Invalid, NotFound, TooManyRequests."""
    configuration = configuration_for(services, owner.user.tenant_id, request.application_id)
    method = _target(configuration, owner.user, request)
    tenant, user, now = configuration.tenant, owner.user, services.runtime.now()
    spend_code(services, tenant, user)
    code = new_identifier(services, tenant, GENERATOR)
    target = method.id or target_of(method)

    def work(conn: Connection) -> None:
        if not users.lock(conn, user.tenant_id, user.id):
            raise NotFound
        digest = code_hash(services, user.id, target, code)
        two_factor.save_code(conn, user.tenant_id, user.id, target, digest, end_of(tenant, GENERATOR, now))
        post_code(conn, services, tenant, configuration.application, user, method, code)

    services.db.transact(work)


def _chosen(configuration: TenantConfiguration, user: User, method_id: str | None) -> TwoFactorMethod:
    """The method that a code is sent to. Raises Invalid."""
    if method_id is None:
        raise invalid_field("methodId", "blank")
    methods = policy_of(configuration).usable(user.two_factor_methods)
    found = next((method for method in methods if method.id == method_id), None)
    if found is None or found.method not in SENT_KINDS:
        raise invalid_field("methodId", "invalid")
    return found


def _target(configuration: TenantConfiguration, user: User, request: SendRequest) -> TwoFactorMethod:
    """One of the user's methods, to remove it, or a new one, without an id. Raises Invalid."""
    if request.method_id is not None:
        return _chosen(configuration, user, request.method_id)
    if request.method is None:
        raise invalid_field("methodId", "blank")
    if request.method not in SENT_KINDS or request.method not in policy_of(configuration).kinds:
        raise invalid_field("method", "invalid")
    if request.method == EMAIL:
        return TwoFactorMethod("", EMAIL, email=checked_email(request.email))
    return TwoFactorMethod("", request.method, mobile_phone=checked_phone(request.mobile_phone))


def spend_code(services: Services, tenant: Tenant, user: User) -> None:
    """One more code for this user. Raises TooManyRequests."""
    rate_limits.spend(services, rate_limits.tenant_limit(tenant, Limited.SEND_TWO_FACTOR, user.id))


def post_code(
    conn: Connection,
    services: Services,
    tenant: Tenant,
    application: Application | None,
    user: User,
    method: TwoFactorMethod,
    code: str,
) -> None:
    """Queue the code for the method's address.

    Raises Invalid when nothing can be sent there: the caller's transaction ends, and the code is none.
    """
    variables = {"code": code}
    if method.method == EMAIL:
        queued = queue_mail(
            conn, services, tenant, application, Purpose.TWO_FACTOR_CODE, user, variables, to=method.email
        )
    else:
        phone = method.mobile_phone or ""
        queued = queue_message(
            conn, services, tenant, Purpose.TWO_FACTOR_CODE, user, phone, variables, application=application
        )
    if not queued:
        why = "Nothing can be sent by this method: no messenger carries it, or the address takes no mail."
        raise invalid_field("methodId" if method.id else "method", "invalid", why)
