"""What a new user or registration is written to: set a password, verify the e-mail address, verify the registration.

All of it happens in the transaction that makes the user; the mails leave after the commit. Source: supporting contract
3.2, 3.3 and 4.
"""

from __future__ import annotations

from uuid import UUID

from identity.domain.model import Application, Registration, Tenant, User
from identity.domain.password_change import ChangeRules
from identity.flows.passwords.forgot_password import begin_setup
from identity.flows.services import Services
from identity.flows.verifications.begin_verification import Subject, begin, email_of, registration_of
from identity.store import applications, tenants
from identity.store.db import Connection


def welcome_user(
    conn: Connection,
    services: Services,
    user: User,
    *,
    application_id: UUID | None,
    sets_password: bool,
    now: int,
    mails_code: bool = True,
) -> str | None:
    """The id of the e-mail verification, where it takes a code too. `application_id` picks the templates.

    `mails_code` False: a login follows, which has an id of its own and mails the code that belongs to it.
    Who sets a password by a mailed id has verified the address by that, if the tenant allows it.
    """
    tenant = _tenant_of(conn, user)
    application = applications.get(conn, application_id, tenant.id) if application_id else None
    if sets_password:
        begin_setup(conn, services, tenant, application, user, now)
        if ChangeRules.of(tenant.settings).verifies_email:
            return None
    subject = email_of(tenant, user, application)
    if user.verified or user.email is None:
        return None
    return _begun(conn, services, subject, now, mails_code=mails_code)


def welcome_registration(
    conn: Connection,
    services: Services,
    application: Application,
    user: User,
    registration: Registration,
    now: int,
    *,
    mails_code: bool = True,
) -> str | None:
    """The id of the registration's verification, where it takes a code too. `mails_code` as for a user."""
    subject = registration_of(_tenant_of(conn, user), user, application)
    return None if registration.verified else _begun(conn, services, subject, now, mails_code=mails_code)


def _tenant_of(conn: Connection, user: User) -> Tenant:
    tenant = tenants.get(conn, user.tenant_id)
    assert tenant is not None  # it has a user
    return tenant


def _begun(conn: Connection, services: Services, subject: Subject, now: int, *, mails_code: bool) -> str | None:
    if not subject.rules.wanted or (subject.rules.takes_code and not mails_code):
        return None
    begun = begin(conn, services, subject, now, mailed=True)
    return begun.id if subject.rules.takes_code else None
