"""Begin to verify an e-mail address or a registration: a fresh id, with a code where the strategy asks for one.

The id is bound to the address that is written to; only hashes are stored. Source: supporting contract 13.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from identity.domain.mail import Purpose
from identity.domain.model import Application, Tenant, User
from identity.domain.verification import (
    Verification,
    email_verification,
    proved_address,
    registration_verification,
)
from identity.flows.mail.send_mail import queue_mail
from identity.flows.new_identifier import end_of, new_identifier
from identity.flows.services import Services
from identity.store import external_identifiers, users, verifications
from identity.store.db import Connection
from identity.store.external_identifiers import ExternalIdentifier, Kind

PURPOSES = {
    Kind.EMAIL_VERIFICATION: Purpose.EMAIL_VERIFICATION,
    Kind.REGISTRATION_VERIFICATION: Purpose.REGISTRATION_VERIFICATION,
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be verified of a user: the e-mail address, or the registration for an application."""

    kind: Kind
    name: str
    """The stem of the members of externalIdentifierConfiguration."""

    rules: Verification
    tenant: Tenant
    user: User
    application: Application | None = None
    """Whose registration it is, or who asked: it may have a template of its own."""

    @property
    def application_id(self) -> UUID | None:
        return self.application.id if self.application else None

    @property
    def bound_to(self) -> UUID | None:
        """The application that outstanding ids must be for: an e-mail address is the same for all."""
        return self.application_id if self.kind is Kind.REGISTRATION_VERIFICATION else None


def email_of(tenant: Tenant, user: User, application: Application | None = None) -> Subject:
    rules = email_verification(tenant.settings)
    return Subject(Kind.EMAIL_VERIFICATION, "email_verification", rules, tenant, user, application)


def registration_of(tenant: Tenant, user: User, application: Application) -> Subject:
    rules = registration_verification(application.settings)
    return Subject(Kind.REGISTRATION_VERIFICATION, "registration_verification", rules, tenant, user, application)


@dataclass(frozen=True, slots=True)
class Begun:
    """What a caller may be told; the code only if no mail carries it."""

    id: str = field(repr=False)
    code: str | None = field(default=None, repr=False)


def begin(conn: Connection, services: Services, subject: Subject, now: int, *, mailed: bool) -> Begun:
    """A fresh id, and under FormField a fresh code that every outstanding id of the subject takes from now on."""
    code = (
        new_identifier(services, subject.tenant, f"{subject.name}_one_time_code") if subject.rules.takes_code else None
    )
    kept = {} if code is None else {"code": external_identifiers.hash_of(code).hex()}
    if kept:
        users.lock(conn, subject.tenant.id, subject.user.id)  # as guesses do, who change the same ids
        verifications.recode(conn, subject.kind, subject.tenant.id, subject.user.id, subject.bound_to, kept)
    begun = Begun(add_identifier(conn, services, subject, kept, now), code)
    if mailed:
        variables = {"verification_id": begun.id} | ({"verification_one_time_code": code} if code else {})
        queue_mail(conn, services, subject.tenant, subject.application, PURPOSES[subject.kind], subject.user, variables)
    return begun


def add_identifier(conn: Connection, services: Services, subject: Subject, kept: Mapping[str, Any], now: int) -> str:
    """One more id for the subject, with the code that `kept` knows, if any."""
    name = f"{subject.name}_id"
    secret = new_identifier(services, subject.tenant, name)
    identifier = ExternalIdentifier(
        subject.kind,
        subject.tenant.id,
        now,
        end_of(subject.tenant, name, now),
        user_id=subject.user.id,
        application_id=subject.application_id,
        data={**kept, "address": proved_address(subject.user)},
    )
    external_identifiers.add(conn, secret, identifier)
    return secret


def outstanding(conn: Connection, subject: Subject, now: int) -> Mapping[str, Any] | None:
    """What is kept with the youngest live id of the subject, if it is for the user's present address."""
    kept = verifications.newest(conn, subject.kind, subject.tenant.id, subject.user.id, subject.bound_to, now)
    return kept if kept is not None and kept["address"] == proved_address(subject.user) else None
