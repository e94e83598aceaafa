"""Send the mail of a verification once more, or hand its id to an administrator. Source: supporting contract 13.

Whoever calls without a key learns nothing: the answer is the same whether the address is known, verified or neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from identity.domain.contact import canonical
from identity.domain.errors import NotFound
from identity.domain.mail import mail_address
from identity.domain.model import Application, Tenant, User
from identity.flows.services import Services
from identity.flows.verifications.begin_verification import Begun, Subject, begin, email_of, registration_of
from identity.flows.verifications.verification import spend_mail
from identity.store import applications, registrations, tenants, users
from identity.store.db import Connection
from identity.store.external_identifiers import Kind


@dataclass(frozen=True, slots=True)
class ResendRequest:
    """Whose verification. `application_id` picks a template for an e-mail address, and names a registration.

    `keyed`: an administrator asks, and hears when there is nobody. `mailed` False: they deliver the id themselves.
    """

    kind: Kind
    tenant_id: UUID
    email: str
    application_id: UUID | None = None
    keyed: bool = False
    mailed: bool = True


def resend(services: Services, request: ResendRequest, now: int) -> Begun | None:
    """What was begun; None when there was nothing to do.

    An administrator hears NotFound and TooManyRequests; the mails for a stranger were counted before.
    """
    with services.db.read() as conn:
        tenant = tenants.get(conn, request.tenant_id)
        application = _application(conn, request)
        user = users.find_by_canonical(conn, request.tenant_id, email=canonical(request.email.strip()))
        needs = user is not None and _needs_verification(conn, services, request, user)
    if tenant is None:
        raise NotFound
    if request.mailed and request.keyed:
        spend_mail(services, request.kind, tenant, request.email)
    if user is None or (request.keyed and needs is None):
        if request.keyed:
            raise NotFound
        return None
    subject = _subject(request, tenant, user, application)
    if not request.keyed and not (needs and subject.rules.wanted):
        return None
    return services.db.transact(lambda conn: begin(conn, services, subject, now, mailed=request.mailed))


def mail_again(services: Services, subject: Subject) -> str | None:
    """Send the mail once more to a user who has proved who they are; the id that its code goes with, if it has a code.

    Raises TooManyRequests.
    """
    spend_mail(services, subject.kind, subject.tenant, mail_address(subject.user) or "")
    now = services.runtime.now()
    begun = services.db.transact(lambda conn: begin(conn, services, subject, now, mailed=True))
    return begun.id if subject.rules.takes_code else None


def _application(conn: Connection, request: ResendRequest) -> Application | None:
    """Raises NotFound: it was removed meanwhile."""
    if request.application_id is None:
        return None
    application = applications.get(conn, request.application_id, request.tenant_id)
    if application is None:
        raise NotFound
    return application


def _needs_verification(conn: Connection, services: Services, request: ResendRequest, user: User) -> bool | None:
    """Whether something is unverified; None when there is no registration that could be."""
    if request.kind is Kind.EMAIL_VERIFICATION:
        return user.active and not user.verified
    assert request.application_id is not None  # the front end demands one
    found = registrations.get(conn, services.sealer, user.tenant_id, user.id, request.application_id)
    return None if found is None else user.active and not found.verified


def _subject(request: ResendRequest, tenant: Tenant, user: User, application: Application | None) -> Subject:
    if request.kind is Kind.EMAIL_VERIFICATION:
        return email_of(tenant, user, application)
    assert application is not None  # the front end demands one
    return registration_of(tenant, user, application)
