"""Set a new password: the rules it must keep, the commit, and the one-time password that logs its owner in.

Hashing happens with no transaction open; under the user's lock everything that others may have changed meanwhile is
looked at again. Source: supporting contract 14.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from identity import hashing
from identity.domain.errors import NotFound, invalid_field, invalid_fields
from identity.domain.events import NO_INFO, Event, EventInfo
from identity.domain.guesses import Guess
from identity.domain.mail import Purpose
from identity.domain.model import Application, Tenant, User
from identity.domain.password_change import ChangeRules, is_too_young
from identity.domain.user_rules import UserRules
from identity.domain.verification import proved_address, verified_user
from identity.flows.events.announce import Announce, transact
from identity.flows.login import guesses
from identity.flows.mail.report_change import report_verified
from identity.flows.mail.send_mail import queue_mail
from identity.flows.new_identifier import end_of
from identity.flows.passwords.password_right import (
    PasswordRight,
    configuration_of,
    needs_trust,
    read_facts,
    trust_token_required,
    wrong_current_password,
)
from identity.flows.passwords.replace_password import (
    hash_for,
    is_reused,
    password_problems,
    remembered,
    replace_password,
)
from identity.flows.second_factors.trust_tokens import trust_digest
from identity.flows.services import Services
from identity.flows.verifications.verify import email_verified
from identity.store import external_identifiers, password_logins, registrations, rocketchat_tokens, users
from identity.store.db import Connection
from identity.store.external_identifiers import ExternalIdentifier, Kind
from identity.store.password_logins import PasswordFacts

IMPLICIT = "Implicit"


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """What comes with a new password."""

    password: str = field(repr=False)
    current_password: str | None = field(default=None, repr=False)
    trust_token: str | None = field(default=None, repr=False)
    trust_challenge: str | None = field(default=None, repr=False)
    info: EventInfo = NO_INFO


@dataclass(frozen=True, slots=True)
class Changed:
    """What logs the owner in without the new password, once; and the client's state (decision 13)."""

    one_time_password: str = field(repr=False)
    state: str | None = None


def change_password(services: Services, right: PasswordRight, change: PasswordChange, now: int) -> Changed:
    """Raises NotFound, Invalid."""
    configuration = configuration_of(services, right)
    tenant, application = configuration.tenant, configuration.application
    facts = read_facts(services, right)
    trusted = needs_trust(configuration, right, facts)
    if trusted and change.trust_token is None:
        raise trust_token_required()
    _require_current_password(services, tenant, right, facts, change, now)
    _require_rules(services, tenant, right, facts, change, now)
    hashed = hash_for(services, tenant, change.password)
    secret = services.runtime.new_secret()

    def work(conn: Connection, announce: Announce) -> None:
        user = _proved_again(conn, right, facts, change, now, trusted=trusted)
        changed = _with_new_password(tenant, right, user, now)
        replace_password(conn, services, tenant, user, hashed, now)
        users.update(conn, changed)
        if right.was_forgotten and not user.verified:  # who made the account may not be who has its address (T5)
            rocketchat_tokens.remove_all(conn, user.tenant_id, user.id)
        external_identifiers.add(conn, secret, _one_time_password(tenant, application, right, now, trusted))
        purpose = Purpose.PASSWORD_RESET_SUCCESS if right.was_forgotten else Purpose.PASSWORD_UPDATE
        queue_mail(conn, services, tenant, application, purpose, changed, {})
        if changed.verified and not user.verified:
            report_verified(conn, services, tenant, application, changed)
        announce(tenant.id, _events(conn, services, right, user, changed, change.info))

    transact(services, work, turn=right.user_id)
    if right.was_forgotten:
        guesses.end_after_reset(services, tenant, right.user_id)
    return Changed(secret, right.identifier.state if right.identifier else None)


def _require_current_password(
    services: Services, tenant: Tenant, right: PasswordRight, facts: PasswordFacts, change: PasswordChange, now: int
) -> None:
    """A wrong one counts like one at the password door (T16). Raises NotFound, Invalid."""
    if change.current_password is None:
        if right.must_prove:
            raise invalid_field("currentPassword", "missing")
        return
    assert facts.known is not None  # `read_facts` found one
    rules = UserRules.of(tenant.settings)
    stored = facts.hashed or hashing.nobodys(rules.encryption_scheme, rules.encryption_scheme_factor)
    right_one = hashing.matches(change.current_password, stored) and facts.hashed is not None
    if not right_one:
        guesses.count_wrong(services, tenant, right.user_id, Guess.PASSWORD)
    if not right_one or facts.known.standing.locked(now):
        raise wrong_current_password(right)


def _require_rules(
    services: Services, tenant: Tenant, right: PasswordRight, facts: PasswordFacts, change: PasswordChange, now: int
) -> None:
    """Raises Invalid with every rule that the new password breaks."""
    assert facts.known is not None  # `read_facts` found one
    user = facts.known.user
    found = password_problems(change.password, tenant, user)
    if not right.was_demanded and is_too_young(user, ChangeRules.of(tenant.settings), now):
        found.append("tooYoung")
    if not found:
        with services.db.read() as conn:
            before = remembered(conn, tenant, user)
        if is_reused(change.password, before):
            found.append("previouslyUsed")
    if found:
        raise invalid_fields([("password", reason) for reason in found])


def _proved_again(
    conn: Connection, right: PasswordRight, seen: PasswordFacts, change: PasswordChange, now: int, *, trusted: bool
) -> User:
    """The user as locked; what gives the right still does, and is used up. Raises NotFound, Invalid."""
    if not users.lock(conn, right.tenant_id, right.user_id):
        raise NotFound
    facts = password_logins.by_id(conn, right.tenant_id, right.user_id)
    if facts.known is None or not facts.known.user.active or facts.known.user.is_of_directory:
        raise NotFound
    if change.current_password is not None and (facts.hashed != seen.hashed or facts.known.standing.locked(now)):
        raise wrong_current_password(right)
    if right.identifier is not None:
        if external_identifiers.take(conn, right.identifier.kind, right.secret, now) is None:
            raise NotFound
        if right.mailed_to not in (None, proved_address(facts.known.user)):
            raise NotFound
    if trusted:
        _use_trust_token(conn, right, change, now)
    return facts.known.user


def _use_trust_token(conn: Connection, right: PasswordRight, change: PasswordChange, now: int) -> None:
    """It works once, for its own user, with the challenge it was asked for with. Raises Invalid."""
    found = external_identifiers.take(conn, Kind.TRUST_TOKEN, change.trust_token or "", now)
    its_own = found is not None and (found.tenant_id, found.user_id) == (right.tenant_id, right.user_id)
    digest = trust_digest(change.trust_challenge) if change.trust_challenge else None
    if found is None or not its_own or found.data.get("trust_challenge") != digest:
        raise invalid_field("trustToken", "invalid")


def _with_new_password(tenant: Tenant, right: PasswordRight, user: User, now: int) -> User:
    """Nothing is demanded any more; who came by a mailed id has proved the address by it."""
    changed = replace(
        user,
        password_change_required=False,
        password_change_reason=None,
        password_last_update_instant=now,
        last_update_instant=now,
    )
    proves = right.mailed_to is not None and user.email is not None and ChangeRules.of(tenant.settings).verifies_email
    return verified_user(changed, IMPLICIT, now) if proves and not user.verified else changed


def _events(
    conn: Connection, services: Services, right: PasswordRight, before: User, user: User, info: EventInfo
) -> list[Event]:
    registered = registrations.of_user(conn, services.sealer, user.tenant_id, user.id)
    types = ["user.password.update", *(["user.password.reset.success"] if right.was_forgotten else [])]
    found = [Event(each, {"user": (user, registered)}, user.id, info) for each in types]
    return found if before.verified or not user.verified else [*found, *email_verified(user, registered, info)]


def _one_time_password(
    tenant: Tenant, application: Application | None, right: PasswordRight, now: int, trusted: bool
) -> ExternalIdentifier:
    """It remembers whether a second factor was given on the way to it."""
    return ExternalIdentifier(
        Kind.ONE_TIME_PASSWORD,
        tenant.id,
        now,
        end_of(tenant, "one_time_password", now),
        user_id=right.user_id,
        application_id=application.id if application else None,
        data={"second_factor": trusted or right.had_second_factor},
        state=right.identifier.state if right.identifier else None,
    )
