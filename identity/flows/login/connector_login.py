"""Directories as proof of a password: which of them are asked at a login, and what their answers count for.

A directory is asked with no transaction open, and once per login however often that begins again. It never sees the
password of anybody who is locked out, nor of who has a password of this service's own by now. What it refuses is a
wrong guess like any other, counted for the entry's user however the login id was spelled; a directory that gives no
answer counts as nothing. An unknown login id costs a directory less work than a wrong password (T19): that much of who
is in a directory can be told by its time. Source: rocket contract 9, decisions 48, 53 and 55.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from uuid import UUID

from identity.domain.connectors import Connector, ConnectorPolicy
from identity.domain.model import BUILT_IN_CONNECTOR_ID
from identity.flows.configuration.configurations import ConnectorConfiguration, TenantConfiguration
from identity.flows.login.guesses import id_of_nobody
from identity.flows.login.login_log import LoginLog
from identity.flows.login.reconcile_connector import EntryChanges, FoundEntry
from identity.flows.services import Services
from identity.outbound.ldap import Refused
from identity.outbound.ldap_entry import Entry
from identity.outbound.ldap_failure import DirectoryUnavailable
from identity.store import connector_entries, guesses, users
from identity.store.db import Connection
from identity.store.logins import KnownUser

AUTHENTICATION_TYPE = "LDAP_CONNECTOR"
TOLD = {Refused.SEVERAL}
"""Refusals that an administrator has to do something about."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom a directory has vouched for."""

    directory: ConnectorConfiguration
    entry: FoundEntry
    migrates: bool
    subject: UUID
    """Under which id guesses at this entry's password are counted."""


@dataclass(frozen=True, slots=True)
class _Answer:
    said: Entry | Refused | DirectoryUnavailable
    subject: UUID | None
    """Whose password was guessed at; None when no entry was found."""


@dataclass(slots=True)
class Questions:
    """What one login has asked and heard; it outlives a new beginning."""

    login_id: str
    password: str = field(repr=False)
    minds_lockout: bool = True
    """False at a door whose own rules stand in for the tenant's lockout; they know users by their login ids only."""

    answers: dict[UUID, tuple[Connector, _Answer]] = field(default_factory=dict)
    changes: dict[UUID, EntryChanges] = field(default_factory=dict)
    """What the lambda of each connector changed: it runs once per login."""

    guessed: set[UUID] = field(default_factory=set)
    """Entries whose password was not this one."""

    refused: bool = False
    """Whether a directory has answered no."""

    unavailable: bool = False
    """Whether a directory gave no answer."""

    def begin(self) -> None:
        """The login begins, or begins again: what was asked stays answered."""
        self.guessed.clear()
        self.refused = self.unavailable = False


@dataclass(frozen=True, slots=True)
class Asker:
    """One round of a login. `known` has the login id that was typed in; guesses at that count for `subject`."""

    services: Services
    log: LoginLog
    configuration: TenantConfiguration
    questions: Questions
    subject: UUID
    known: KnownUser | None

    def ask(self, policy: ConnectorPolicy) -> Vouched | None:
        """Whom this policy's directory vouches for, if for anybody."""
        directory = self.configuration.connectors.directories.get(policy.connector_id)
        if directory is None or not self._may_ask(directory.connector):
            return None
        connector, questions, log = directory.connector, self.questions, self.log
        log.asked(connector)
        answer = self._answer(connector)
        match answer.said:
            case DirectoryUnavailable() as failure:
                questions.unavailable = True
                log.directory_failed(connector, failure)
            case Refused() as why:
                questions.refused = True
                if why is Refused.WRONG_PASSWORD and answer.subject is not None:
                    questions.guessed.add(answer.subject)
                log.directory_refused(connector, why.value, told=why in TOLD)
            case Entry() as entry:
                log.trace.add(f"The directory [{connector.name}] vouches for its entry {entry.unique_id}.")
                found = FoundEntry(entry.unique_id, entry.attributes)
                return Vouched(directory, found, policy.migrate, answer.subject or self.subject)
        return None

    @property
    def _tenant_id(self) -> UUID:
        return self.configuration.tenant.id

    def _may_ask(self, connector: Connector) -> bool:
        """Whether the password may leave for the directory at all."""
        known = self.known
        with self.services.db.read() as conn:
            locked = self.questions.minds_lockout and self._is_locked(conn, self.subject)
            migrated = (
                known is not None
                and known.user.connector_id == BUILT_IN_CONNECTOR_ID
                and connector_entries.entry_of(conn, self._tenant_id, connector.id, known.user.id) is not None
            )
        if locked:
            self.log.trace.add(f"Locked out: the directory [{connector.name}] is not asked.", "decision 53")
        if migrated:
            self.log.trace.add(f"The user came from the directory [{connector.name}] and is checked here now.")
        return not locked and not migrated

    def _answer(self, connector: Connector) -> _Answer:
        """The directory's answer, asked once per login; to another connector an old one counts for nothing (T1)."""
        questions = self.questions
        asked, answer = questions.answers.get(connector.id, (None, None))
        if answer is not None and asked == connector:
            return self._still(connector, answer)
        subject: UUID | None = None

        def admits(unique_id: str) -> bool:
            nonlocal subject
            subject, allowed = self._subject_of(connector, unique_id)
            return allowed

        said: Entry | Refused | DirectoryUnavailable
        try:
            said = self.services.directory.authenticate(
                connector, questions.login_id, questions.password, self.log.trace, admits
            )
        except DirectoryUnavailable as failure:
            said = failure
        answer = _Answer(said, subject)
        questions.answers[connector.id] = connector, answer
        return answer

    def _still(self, connector: Connector, answer: _Answer) -> _Answer:
        """What the answer is worth when the login begins again."""
        if isinstance(answer.said, Entry) and not self._subject_of(connector, answer.said.unique_id)[1]:
            return replace(answer, said=Refused.BARRED)
        return answer

    def _subject_of(self, connector: Connector, unique_id: str) -> tuple[UUID, bool]:
        """Under which id guesses at the entry's password count, and whether it may be tried now."""
        with self.services.db.read() as conn:
            user_id = connector_entries.user_of(conn, self._tenant_id, connector.id, unique_id)
            user = users.get(conn, self._tenant_id, user_id) if user_id else None
            subject = user_id or id_of_nobody(self.services, self._tenant_id, f"{connector.id}/{unique_id}")
            # Rules that know login ids only must not be got round by another spelling of one.
            spared = not self.questions.minds_lockout and subject == self.subject
            locked = not spared and self._is_locked(conn, subject)
        return subject, not locked and (user is None or user.connector_id == connector.id)

    def _is_locked(self, conn: Connection, subject: UUID) -> bool:
        return guesses.find(conn, self._tenant_id, subject).locked(self.services.runtime.now())
