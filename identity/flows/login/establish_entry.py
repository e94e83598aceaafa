"""Whom a directory has vouched for becomes a user: found, made, merged or migrated, in one transaction.

The entry's unchanging id says who it is; where it is nobody yet, the user who has the login id that was typed in may be
it, if they belong to this directory or its connector merges existing users. The user, their registrations, the entry
and, at a migration, the password are stored whole or not at all. Source: rocket contract 9.3, decisions 12, 17 and 48.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from identity import hashing
from identity.domain.contact import canonical
from identity.domain.errors import Invalid
from identity.domain.linking import Key
from identity.domain.model import BUILT_IN_CONNECTOR_ID
from identity.domain.outcome import LoginOutcome, Verdict
from identity.domain.user_rules import UserRules
from identity.flows.events.announce import Announce, transact
from identity.flows.login.connector_login import Questions, Vouched
from identity.flows.login.finish_login import refusal
from identity.flows.login.login_attempt import BeginAgain, Entry, Person
from identity.flows.login.login_events import deciding, established
from identity.flows.login.reconcile_connector import as_lambda_left, ask_lambda, draft
from identity.flows.login.store_entry import EntryStore, FoundPerson, person_of
from identity.flows.passwords.replace_password import hash_for
from identity.flows.services import Services
from identity.hashing import Hashed
from identity.store import connector_entries, logins
from identity.store.db import Connection, InUse
from identity.store.logins import KnownUser

RULE = "rocket 9.3"

ANOTHERS = "The entry's user belongs to another connector."
ANOTHER_ENTRY = "The user with this login id is another entry of the directory."
NOT_MERGED = "The login id is that of a user of this service itself, and the connector does not merge existing users."


class EntryRefused(Exception):
    """The entry can not be the user that it would have to be; the message says why, to administrators."""


def establish_entry(
    services: Services, entry: Entry, vouched: Vouched, questions: Questions, known: KnownUser | None
) -> Person | LoginOutcome:
    """The user as stored, or the outcome for one who may not log in. `known` has the login id that was typed in.

    Raises Invalid (400), LambdaFailed (512), WebhooksRefused (504), BeginAgain.
    """
    try:
        found = _find(services, entry, vouched, questions, known)
    except EntryRefused as why:
        entry.log.directory_refused(vouched.directory.connector, str(why), told=True)
        return LoginOutcome(Verdict.NOT_FOUND)
    person = found.person
    if person.stored:
        entry.trace.user_id = person.user.id
        if (refused := refusal(services, entry, person)) is not None:
            return refused
    source, connector_id = vouched.directory.reconcile, vouched.directory.connector.id
    changes = questions.changes.get(connector_id)
    if changes is None or (changes.of_stored and not person.stored):  # who was known has been removed meanwhile
        questions.changes[connector_id] = ask_lambda(services, entry.log, source, vouched.entry, person)
    settle = _settle(services, entry, vouched, questions)
    try:
        person = settle(person)
    except Invalid:
        if found.is_linked or _user_of(services, entry, vouched) is None:
            raise
        raise BeginAgain from None  # the names are taken by another login of the same entry
    stored = _store(services, entry, vouched, found, person, settle, _hashed(services, entry, vouched, questions))
    entry.trace.user_id = stored.user.id
    return stored


def _find(
    services: Services, entry: Entry, vouched: Vouched, questions: Questions, known: KnownUser | None
) -> FoundPerson:
    """Raises EntryRefused."""
    connector, tenant_id = vouched.directory.connector, entry.tenant_id
    with services.db.read() as conn:
        user_id = connector_entries.user_of(conn, tenant_id, connector.id, vouched.entry.unique_id)
        linked = logins.find_by_id(conn, tenant_id, user_id) if user_id else None
        other = connector_entries.entry_of(conn, tenant_id, connector.id, known.user.id) if known else None
    if linked is not None:
        if linked.user.connector_id == BUILT_IN_CONNECTOR_ID:
            raise BeginAgain  # migrated since the directory was asked
        if linked.user.connector_id != connector.id:
            raise EntryRefused(ANOTHERS)
        return FoundPerson(person_of(linked), is_linked=True)
    if known is None:
        return FoundPerson(draft(services, entry.configuration, vouched.directory, vouched.entry), is_linked=False)
    if other is not None:
        raise EntryRefused(ANOTHER_ENTRY)
    if known.user.connector_id == connector.id:
        return FoundPerson(person_of(known), is_linked=False)
    if known.user.connector_id != BUILT_IN_CONNECTOR_ID:
        raise EntryRefused(ANOTHERS)
    if not connector.merges_existing_users:
        raise EntryRefused(NOT_MERGED)
    typed = canonical(questions.login_id)
    by_email = known.user.email is not None and canonical(known.user.email) == typed
    matched_by = Key.EMAIL if by_email else Key.USERNAME
    return FoundPerson(person_of(known), is_linked=False, merges=True, matched_by=matched_by)


def _settle(services: Services, entry: Entry, vouched: Vouched, questions: Questions) -> Callable[[Person], Person]:
    """What makes of a person who this login leaves: it asks nobody, and says the same each time."""
    now, new_ids = services.runtime.now(), dict[UUID, UUID]()
    still = replace(services, runtime=replace(services.runtime, now=lambda: now))
    source, connector_id = vouched.directory.reconcile, vouched.directory.connector.id

    def settle(person: Person) -> Person:
        changes = questions.changes[connector_id]
        left = as_lambda_left(still, entry.log, entry.configuration, source, vouched.entry, person, changes)
        for each in left.registrations:
            if person.registration_for(each.application_id) is None:
                new_id = new_ids.setdefault(each.application_id, each.id)
                left = left.with_registration(replace(each, id=new_id))
        return left

    return settle


def _hashed(services: Services, entry: Entry, vouched: Vouched, questions: Questions) -> Hashed | None:
    """The password as it will be stored at a migration; None where there is none, or it can not be stored."""
    if not vouched.migrates:
        return None
    tenant = entry.configuration.tenant
    rules = UserRules.of(tenant.settings)
    if hashing.problems(questions.password, rules.encryption_scheme, rules.encryption_scheme_factor):
        why = "The password can not be hashed as the tenant hashes passwords: the user is not migrated."
        entry.log.directory_refused(vouched.directory.connector, why, told=True)
        return None
    return hash_for(services, tenant, questions.password)


def _store(
    services: Services,
    entry: Entry,
    vouched: Vouched,
    found: FoundPerson,
    person: Person,
    settle: Callable[[Person], Person],
    hashed: Hashed | None,
) -> Person:
    """The first commit of the login. Raises BeginAgain when the ground moved, WebhooksRefused."""
    if found.is_linked and person == found.person and hashed is None:
        return person
    now = services.runtime.now()
    writing = EntryStore(services, entry, vouched, found, settle, hashed, now)

    def write(conn: Connection, announce: Announce) -> Person:
        before, after = writing.update(conn) if found.person.stored else (None, writing.insert(conn, person))
        announce(entry.tenant_id, established(before, after, None, entry.visit.event_info))
        return after

    try:
        with deciding(entry.trace, RULE):
            stored = transact(services, write, audience=entry.configuration.audience)
    except InUse:  # the application was removed meanwhile
        raise BeginAgain from None
    entry.trace.add(f"The entry is user {stored.user.id}{' from now on' if not found.is_linked else ''}.")
    return stored


def _user_of(services: Services, entry: Entry, vouched: Vouched) -> UUID | None:
    with services.db.read() as conn:
        connector_id = vouched.directory.connector.id
        return connector_entries.user_of(conn, entry.tenant_id, connector_id, vouched.entry.unique_id)
