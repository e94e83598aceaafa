"""An entry of a directory becomes a user: the turn of the connector's reconcile lambda (decision 48).

The lambda sees the user in wire form and the entry's attributes; it runs outside the process, with no transaction open.
It names a new user and says which applications they are registered for; of a known user it changes what any reconcile
lambda may. Whatever it leaves alone stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from identity.domain.connectors import entry_user_id
from identity.domain.contact import canonical
from identity.domain.errors import invalid_fields
from identity.domain.lambdas import Lambda
from identity.domain.model import Registration, User
from identity.domain.reconcile import (
    USER_SETTABLE,
    USER_SETTABLE_WHEN_NEW,
    Refusal,
    settled_user,
)
from identity.domain.user_rules import UserRules, login_id_problems, starts_verified, stored_email
from identity.flows.configuration.configurations import ConnectorConfiguration, TenantConfiguration
from identity.flows.login.drafted_user import drafted_user
from identity.flows.login.entry_registrations import ABSENT, EntryRegistrations
from identity.flows.login.lambda_view import shown_user
from identity.flows.login.login_attempt import Person
from identity.flows.login.login_log import LoginLog
from identity.flows.login.run_reconcile import CHECKS, FUNCTION, changed_members, spelled_out
from identity.flows.services import Services
from identity.outbound.reconcile import LambdaFailed
from identity.store import users
from identity.wire import parse_uuid

Attributes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FoundEntry:
    """What the directory said of the person: its unchanging id of the entry, and the requested attributes."""

    unique_id: str
    attributes: Attributes = field(repr=False)


@dataclass(frozen=True, slots=True)
class EntryChanges:
    """What the lambda changed, in its own values: it runs once per login, and this is carried over."""

    user: Mapping[str, Any]
    of_stored: bool
    """Whether the user was known: then these have no names for a new one."""

    user_id: Any = None
    registrations: Any = None


def draft(
    services: Services, configuration: TenantConfiguration, directory: ConnectorConfiguration, entry: FoundEntry
) -> Person:
    """A new user, who belongs to the directory and has no password here."""
    now, connector_id = services.runtime.now(), directory.connector.id
    new_id = entry_user_id(connector_id, entry.unique_id)
    with services.db.read() as conn:
        if users.existing(conn, None, [new_id]):  # the same entry is a user in another tenant: ids are unique in all
            new_id = entry_user_id(new_id, str(configuration.tenant.id))
    return Person(drafted_user(configuration.tenant.id, new_id, connector_id, now), stored=False, linked=False)


def ask_lambda(services: Services, log: LoginLog, source: Lambda, entry: FoundEntry, person: Person) -> EntryChanges:
    """Raises LambdaFailed (512)."""
    log.trace.add(f"The lambda [{source.name}] ({source.id}) runs.")
    before = shown_user(person.user, person.registrations)
    try:
        result = services.lambdas.call(source.body, FUNCTION, [before, dict(entry.attributes)], mutable=1)
    except LambdaFailed as failure:
        log.lambda_said(source, [(line.level, line.text) for line in failure.logs])
        log.lambda_failed(source, failure.kind, failure.message)
        raise
    log.lambda_said(source, [(line.level, line.text) for line in result.logs])
    left = result.arguments[0] if isinstance(result.arguments[0], dict) else {}
    return EntryChanges(
        changed_members(before, left, USER_SETTABLE + USER_SETTABLE_WHEN_NEW),
        person.stored,
        left.get("id") if left.get("id") != before["id"] else None,
        left.get("registrations") if left.get("registrations") != before["registrations"] else None,
    )


def as_lambda_left(
    services: Services,
    log: LoginLog,
    configuration: TenantConfiguration,
    source: Lambda,
    entry: FoundEntry,
    person: Person,
    changes: EntryChanges,
) -> Person:
    """The person with what the lambda changed. Raises Invalid, BeginAgain."""
    before = asdict(person.user)
    settled = settled_user(before, before | dict(changes.user), new=not person.stored, checks=CHECKS)
    refused = list(settled.refused)
    user = _named(services, configuration, entry, person, settled.values, changes.user_id, refused)
    values: dict[str, Any] = {name: settled.values.get(name, ABSENT.get(name)) for name in USER_SETTABLE}
    user = replace(user, **values)
    if user != person.user:
        user = replace(user, last_update_instant=services.runtime.now())
    changed = replace(person, user=user, registrations=tuple(_of(user, each) for each in person.registrations))
    changed = EntryRegistrations(services, log, configuration, source, refused).of(changed, changes.registrations)
    if refused:
        problems = spelled_out(refused)
        log.lambda_set_invalid(source, [path for path, _ in problems])
        raise invalid_fields(problems)
    return changed


def _of(user: User, registration: Registration) -> Registration:
    return replace(registration, user_id=user.id)


def _named(
    services: Services,
    configuration: TenantConfiguration,
    entry: FoundEntry,
    person: Person,
    values: Mapping[str, Any],
    wanted_id: Any,
    refused: list[Refusal],
) -> User:
    """The user under the id and the login names that the lambda chose, which only a new user gets."""
    user = person.user
    if person.stored:
        return user
    user_id = parse_uuid(wanted_id) if isinstance(wanted_id, str) else None
    if wanted_id is not None and user_id is None:
        refused.append(("user.id", "invalid"))
    email, username = stored_email(values.get("email")), values.get("username")
    user = replace(user, id=user_id or user.id, email=email, username=username)
    rules = UserRules.of(configuration.tenant.settings)
    if not refused:
        refused += login_id_problems(email, username, rules.blocked_domains) or _taken(services, user)
    if email is not None and not _vouches(entry, email):
        verified, reason = starts_verified(rules, skip_verification=False)
        user = replace(
            user, verified=verified, verified_instant=user.insert_instant if verified else None, verified_reason=reason
        )
    return user


def _vouches(entry: FoundEntry, email: str) -> bool:
    """Whether the directory itself holds the address; one that a lambda made up is as proved as a typed one."""
    found = (value if isinstance(value, list) else [value] for value in entry.attributes.values())
    return any(
        canonical(text.strip()) == canonical(email) for texts in found for text in texts if isinstance(text, str)
    )


def _taken(services: Services, user: User) -> list[Refusal]:
    """Which of the names of a new user are somebody else's: an entry creates a user, it never takes one over."""
    with services.db.read() as conn:
        taken = users.taken(conn, [user])
    found: list[Refusal] = []
    if user.id in taken.ids:
        found.append(("user.id", "duplicate"))
    if user.email is not None and (user.tenant_id, canonical(user.email)) in taken.emails:
        found.append(("user.email", "duplicate"))
    if user.username is not None and (user.tenant_id, canonical(user.username)) in taken.usernames:
        found.append(("user.username", "duplicate"))
    return found
