"""203: whether a login must wait for a new password, and the id that lets the user set one (row 27)."""

from __future__ import annotations

from identity.domain.outcome import ChangeReason, LoginOutcome, Verdict
from identity.domain.password_change import ChangeRules, change_reason
from identity.flows.login.login_attempt import BeginAgain, Entry, Person
from identity.flows.new_identifier import end_of, new_identifier
from identity.flows.passwords.replace_password import password_problems
from identity.flows.services import Services
from identity.store import external_identifiers, users
from identity.store.db import Connection, InUse
from identity.store.external_identifiers import ExternalIdentifier, Kind

NAME = "change_password_id"


def reason(services: Services, entry: Entry, person: Person) -> ChangeReason | None:
    """Why the password must be changed; never for a user without one (decision 7)."""
    if person.user.password_last_update_instant is None:
        return None  # most who come by a provider: their logins need not read the rules
    rules = ChangeRules.of(entry.configuration.tenant.settings)
    return change_reason(person.user, rules, services.runtime.now(), breaks_rules=is_weak(entry, person))


def is_weak(entry: Entry, person: Person) -> bool:
    """Whether the password that was given is one that the tenant would not take today. Only where a login asks."""
    tenant = entry.configuration.tenant
    if entry.password is None or not ChangeRules.of(tenant.settings).validates_on_login:
        return entry.weak_password
    return bool(password_problems(entry.password, tenant, person.user))


def demand(services: Services, entry: Entry, person: Person) -> LoginOutcome:
    """An id that is good for one change of the password. Raises BeginAgain when the user was removed meanwhile."""
    why = reason(services, entry, person)
    assert why is not None  # the gate that decided looks at it
    now = services.runtime.now()
    tenant = entry.configuration.tenant
    secret = new_identifier(services, tenant, NAME)
    identifier = ExternalIdentifier(
        Kind.CHANGE_PASSWORD,
        tenant.id,
        now,
        end_of(tenant, NAME, now),
        user_id=person.user.id,
        application_id=entry.application_id,
        data={"demanded": why.value, "second_factor": entry.second_factor_done},
        state=entry.visit.state,
    )

    def work(conn: Connection) -> None:
        external_identifiers.add(conn, secret, identifier)
        if person.user.password_change_reason != why.value:
            users.note_change_reason(conn, tenant.id, person.user.id, why.value)

    try:
        services.db.transact(work)
    except InUse:
        raise BeginAgain from None
    return LoginOutcome(Verdict.PASSWORD_CHANGE_REQUIRED, ticket=secret, change_reason=why)
