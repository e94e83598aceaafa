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
from identity.domain.model import BUILT_IN_CONNECTOR_ID, Tenant
from identity.flows.configuration.configurations import ConnectorConfiguration, TenantConfiguration
from identity.flows.login.guesses import id_of_nobody
from identity.flows.login.login_log import LoginLog
from identity.flows.login.reconcile_connector import EntryChanges, FoundEntry
from identity.flows.services import Services
from identity.outbound.ldap import Refused
from identity.outbound.ldap_entry import Entry
from identity.outbound.ldap_failure import DirectoryUnavailable
from identity.store import connector_entries, guesses, users
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


def ask(
    services: Services,
    log: LoginLog,
    configuration: TenantConfiguration,
    policy: ConnectorPolicy,
    questions: Questions,
    *,
    subject: UUID,
    known: KnownUser | None,
) -> Vouched | None:
    """Whom this directory vouches for, if for anybody. `known` has the login id, whose guesses count for `subject`."""
    directory = configuration.connectors.directories.get(policy.connector_id)
    if directory is None or not _may_ask(services, log, configuration.tenant, directory, subject, known):
        return None
    connector = directory.connector
    log.asked(connector)
    answer = _answer(services, log, configuration.tenant, connector, questions)
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
            return Vouched(directory, found, policy.migrate, answer.subject or subject)
    return None


def _may_ask(
    services: Services,
    log: LoginLog,
    tenant: Tenant,
    directory: ConnectorConfiguration,
    subject: UUID,
    known: KnownUser | None,
) -> bool:
    """Whether the password may leave for the directory at all."""
    connector = directory.connector
    with services.db.read() as conn:
        locked = guesses.find(conn, tenant.id, subject).locked(services.runtime.now())
        migrated = (
            known is not None
            and known.user.connector_id == BUILT_IN_CONNECTOR_ID
            and connector_entries.entry_of(conn, tenant.id, connector.id, known.user.id) is not None
        )
    if locked:
        log.trace.add(f"Locked out for guessing: the directory [{connector.name}] is not asked.", "decision 53")
    if migrated:
        log.trace.add(f"The user came from the directory [{connector.name}] and is checked here now.")
    return not locked and not migrated


def _answer(services: Services, log: LoginLog, tenant: Tenant, connector: Connector, questions: Questions) -> _Answer:
    """The directory's answer, asked once per login; to another connector an old answer counts for nothing (T1)."""
    asked, answer = questions.answers.get(connector.id, (None, None))
    if answer is not None and asked == connector:
        return _still(services, tenant, connector, answer)
    subject: UUID | None = None

    def admits(unique_id: str) -> bool:
        nonlocal subject
        subject, allowed = _subject_of(services, tenant, connector, unique_id)
        return allowed

    said: Entry | Refused | DirectoryUnavailable
    try:
        said = services.directory.authenticate(connector, questions.login_id, questions.password, log.trace, admits)
    except DirectoryUnavailable as failure:
        said = failure
    answer = _Answer(said, subject)
    questions.answers[connector.id] = connector, answer
    return answer


def _still(services: Services, tenant: Tenant, connector: Connector, answer: _Answer) -> _Answer:
    """What the answer is worth when the login begins again."""
    if isinstance(answer.said, Entry) and not _subject_of(services, tenant, connector, answer.said.unique_id)[1]:
        return replace(answer, said=Refused.BARRED)
    return answer


def _subject_of(services: Services, tenant: Tenant, connector: Connector, unique_id: str) -> tuple[UUID, bool]:
    """Under which id guesses at the entry's password count, and whether it may be tried now."""
    with services.db.read() as conn:
        user_id = connector_entries.user_of(conn, tenant.id, connector.id, unique_id)
        subject = user_id or id_of_nobody(services, tenant.id, f"{connector.id}/{unique_id}")
        user = users.get(conn, tenant.id, user_id) if user_id else None
        locked = guesses.find(conn, tenant.id, subject).locked(services.runtime.now())
    return subject, not locked and (user is None or user.connector_id == connector.id)
