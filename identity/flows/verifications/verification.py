"""212 and 213: an e-mail address or a registration that is still to be verified (login contract 3.5 rows 28 and 29).

Under ClickableLink a login sends a mail unless one is on its way already. Under FormField every login gets an id of its
own, and a mail brings the code for it.
"""

from __future__ import annotations

from identity.domain.contact import canonical
from identity.domain.errors import TooManyRequests
from identity.domain.mail import mail_address
from identity.domain.model import Tenant
from identity.domain.outcome import LoginOutcome, Verdict
from identity.domain.verification import Verification, email_verification, registration_verification
from identity.flows.login import rate_limits
from identity.flows.login.login_attempt import BeginAgain, Entry, Person
from identity.flows.login.rate_limits import Limited
from identity.flows.services import Services
from identity.flows.verifications.begin_verification import (
    Subject,
    add_identifier,
    begin,
    email_of,
    outstanding,
    registration_of,
)
from identity.store import users
from identity.store.db import Connection, InUse
from identity.store.external_identifiers import Kind

LIMITS = {
    Kind.EMAIL_VERIFICATION: Limited.SEND_EMAIL_VERIFICATION,
    Kind.REGISTRATION_VERIFICATION: Limited.SEND_REGISTRATION_VERIFICATION,
}


def email_is_outstanding(entry: Entry, person: Person) -> bool:
    """Whether the tenant verifies e-mail and this user's is not; it takes an e-mail address (decision 2)."""
    return not person.user.verified and person.user.email is not None and _email_rules(entry).wanted


def registration_is_outstanding(entry: Entry, person: Person) -> bool:
    """Whether the application verifies registrations and this one is not."""
    registration = person.registration_for(entry.application_id)
    return registration is not None and not registration.verified and _registration_rules(entry).wanted


def email_is_gated(entry: Entry) -> bool:
    return _email_rules(entry).gated


def registration_is_gated(entry: Entry) -> bool:
    return _registration_rules(entry).gated


def demand_email(services: Services, entry: Entry, person: Person) -> LoginOutcome:
    """212. Raises BeginAgain when the user was removed meanwhile."""
    configuration = entry.configuration
    subject = email_of(configuration.tenant, person.user, configuration.application)
    return _demanded(services, Verdict.EMAIL_UNVERIFIED, subject, person)


def demand_registration(services: Services, entry: Entry, person: Person) -> LoginOutcome:
    """213. Raises BeginAgain when user or application were removed meanwhile."""
    application = entry.configuration.application
    assert application is not None  # there is a registration
    subject = registration_of(entry.configuration.tenant, person.user, application)
    return _demanded(services, Verdict.REGISTRATION_UNVERIFIED, subject, person)


def spend_mail(services: Services, kind: Kind, tenant: Tenant, address: str) -> None:
    """Count one mail to this address. Raises TooManyRequests when the tenant allows no more for now."""
    rate_limits.spend(services, rate_limits.tenant_limit(tenant, LIMITS[kind], canonical(address.strip())))


def _demanded(services: Services, verdict: Verdict, subject: Subject, person: Person) -> LoginOutcome:
    try:
        ticket = _id_for_login(services, subject)
    except InUse:
        raise BeginAgain from None
    return LoginOutcome(
        verdict, user=person.user, registrations=person.registrations, standing=person.standing, ticket=ticket
    )


def _id_for_login(services: Services, subject: Subject) -> str | None:
    """The id that the answer carries: only where a code has to be given with it."""
    now = services.runtime.now()
    with services.db.read() as conn:
        kept = outstanding(conn, subject, now)
    if kept is not None and not subject.rules.takes_code:
        return None
    try:
        spend_mail(services, subject.kind, subject.tenant, mail_address(subject.user) or "")
    except TooManyRequests:
        return _id_without_mail(services, subject, now)

    def work(conn: Connection) -> str:
        return begin(conn, services, subject, now, mailed=True).id

    made = services.db.transact(work)
    return made if subject.rules.takes_code else None


def _id_without_mail(services: Services, subject: Subject, now: int) -> str | None:
    """The address has had its mails for now: the code that was mailed last goes with one more id."""

    def work(conn: Connection) -> str | None:
        users.lock(conn, subject.tenant.id, subject.user.id)  # no guess is made meanwhile
        kept = outstanding(conn, subject, now)
        return None if kept is None else add_identifier(conn, services, subject, kept, now)

    return services.db.transact(work) if subject.rules.takes_code else None


def _email_rules(entry: Entry) -> Verification:
    return email_verification(entry.configuration.tenant.settings)


def _registration_rules(entry: Entry) -> Verification:
    application = entry.configuration.application
    return registration_verification(application.settings) if application is not None else Verification()
