"""The commit by which an entry of a directory is a user: the user, their registrations, the entry, a migrated password.

Races are decided by PostgreSQL, as at a provider's login: who is stored already is locked and read again, and what the
login changes is applied to what was read then; who loses a race begins again and finds what the winner made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from identity.domain.connectors import Connector
from identity.domain.linking import Key, resets_credentials
from identity.domain.model import BUILT_IN_CONNECTOR_ID, Tenant, User
from identity.flows.login.connector_login import Vouched
from identity.flows.login.login_attempt import BeginAgain, Entry, Person
from identity.flows.passwords.replace_password import GRANTED_BY_THE_OLD, replace_password
from identity.flows.services import Services
from identity.hashing import Hashed
from identity.store import (
    applications,
    audit,
    configuration,
    connector_entries,
    external_identifiers,
    guesses,
    logins,
    passwords,
    registrations,
    users,
)
from identity.store.db import Connection
from identity.store.logins import KnownUser

ACTOR = "directory login"


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """Who the entry is: a stored user or a draft, and what is to be stored of the two."""

    person: Person
    is_linked: bool
    merges: bool = False
    matched_by: Key | None = None


@dataclass(frozen=True, slots=True)
class EntryStore:
    """What one login writes. All of it raises BeginAgain when the ground has moved."""

    services: Services
    entry: Entry
    vouched: Vouched
    found: FoundPerson
    settle: Callable[[Person], Person]
    hashed: Hashed | None
    now: int

    @property
    def _connector(self) -> Connector:
        return self.vouched.directory.connector

    @property
    def _tenant(self) -> Tenant:
        return self.entry.configuration.tenant

    def insert(self, conn: Connection, person: Person) -> Person:
        if guesses.find(conn, self._tenant.id, self.vouched.subject).locked(self.now):
            raise BeginAgain  # of guesses at the same time, the one too many was another
        user = replace(person.user, connector_id=BUILT_IN_CONNECTOR_ID) if self.hashed else person.user
        if not users.add_unless_taken(conn, user):
            raise BeginAgain
        self._prove(conn, person)
        if self.hashed is not None:
            passwords.save(conn, user.tenant_id, user.id, self.hashed, self.now)
        for registration in person.registrations:
            registrations.put(conn, registration)
        self._link(conn, user)
        return self._as_stored(conn, user)

    def update(self, conn: Connection) -> tuple[Person, Person]:
        """The person as they were under the lock, and as they are now."""
        before = self._locked(conn)
        person = self.settle(before)
        self._prove(conn, person)
        if person.user != before.user:
            logins.update_user(conn, person.user)
        if self.found.merges:
            self._take_over(conn, before.user)
        if self.hashed is not None:
            replace_password(conn, self.services, self._tenant, person.user, self.hashed, self.now)
        owner = BUILT_IN_CONNECTOR_ID if self.hashed is not None else self._connector.id
        if owner != before.user.connector_id:
            users.give_to(conn, self._tenant.id, before.user.id, owner, self.now)
        for registration in person.registrations:
            if registration != before.registration_for(registration.application_id):
                registrations.put(conn, replace(registration, last_update_instant=self.now))
        if not self.found.is_linked:
            self._link(conn, before.user)
        return before, self._as_stored(conn, before.user)

    def _locked(self, conn: Connection) -> Person:
        """Raises BeginAgain when they are not as they were found."""
        expected = self.found.person
        if not logins.lock_user(conn, self._tenant.id, expected.user.id, self.now):
            raise BeginAgain
        known = logins.find_by_id(conn, self._tenant.id, expected.user.id)
        if known is None or known.standing != expected.standing:
            raise BeginAgain
        names = (expected.user.connector_id, expected.user.email, expected.user.username)
        if (known.user.connector_id, known.user.email, known.user.username) != names:
            raise BeginAgain
        return person_of(known)

    def _prove(self, conn: Connection, person: Person) -> None:
        """The configuration is still the one that was read, and applications keep their roles. Raises BeginAgain."""
        for registration in person.registrations:
            applications.hold(conn, self._tenant.id, registration.application_id)
        if configuration.version(conn) != self.entry.version:
            raise BeginAgain

    def _take_over(self, conn: Connection, user: User) -> None:
        """Nothing that somebody else may have left on the user lets anybody in from now on (T5, decision 12).

        A username proves nothing of whose it was; second factors stay with it, as they only keep people out.
        """
        if resets_credentials(matched_by=self.found.matched_by, user_verified=user.verified):
            logins.strip_credentials(conn, user.tenant_id, user.id, self.now)
        elif self.found.matched_by is Key.USERNAME:
            logins.strip_credentials(conn, user.tenant_id, user.id, self.now, second_factors=False)
        passwords.remove(conn, user.tenant_id, user.id)
        for kind in GRANTED_BY_THE_OLD:
            external_identifiers.remove_of_user(conn, kind, user.tenant_id, user.id)
        audit.add(
            conn,
            self.now,
            ACTOR,
            f"The user {user.id} was merged with an entry of the directory [{self._connector.name}].",
            reason="The connector merges existing users; their password here is gone.",
        )

    def _link(self, conn: Connection, user: User) -> None:
        unique_id = self.vouched.entry.unique_id
        if not connector_entries.add(conn, user.tenant_id, self._connector.id, unique_id, user.id):
            raise BeginAgain

    def _as_stored(self, conn: Connection, user: User) -> Person:
        known = logins.find_by_id(conn, user.tenant_id, user.id)
        assert known is not None  # this transaction has made or locked the row
        return person_of(known)


def person_of(known: KnownUser) -> Person:
    return Person(known.user, known.registrations, known.standing)
