"""Rows 21 and 24 of login contract 3.5: the first commit of a login. User, registration and link exist whole, or not.

Races are decided by PostgreSQL. Who is stored already is locked and read again, and what the login changes is applied
to what was read then, so that nobody's write is lost; a login that loses a race begins again and finds what the winner
made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from identity.domain.contact import canonical
from identity.domain.errors import invalid_fields
from identity.domain.linking import claimed, resets_credentials
from identity.domain.model import Claims, Link, User
from identity.domain.precedence import row
from identity.domain.user_rules import UserRules, login_id_problems
from identity.flows.events.announce import Announce, transact
from identity.flows.login.login_attempt import Attempt, BeginAgain, Context, Person
from identity.flows.login.login_events import deciding, established
from identity.flows.services import Services
from identity.store import applications, audit, configuration, links, logins, registrations, users
from identity.store.db import Connection, InUse

ACTOR = "identity-provider login"
Settle = Callable[[Person], Person]
"""A person as this login leaves them: with the lambda's changes and the registration. It asks nobody, and says the same
each time."""


class LinkRefused(Exception):
    """The user gets no further link to this provider; `code` says why (row 19, D23)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def establish(
    services: Services, attempt: Attempt, context: Context, claims: Claims, found: Person, settle: Settle
) -> Person:
    """Store what is new about the person that was found. Returns them as stored.

    Raises Invalid (row 21), WebhooksRefused (row 22), LinkRefused, BeginAgain when the ground moved.
    """
    person = settle(found)
    _refuse_unfit_names(services, attempt, context, found, person)
    if person.linked and person == found:
        return person
    now = services.runtime.now()

    def write(conn: Connection, announce: Announce) -> Person:
        before = _locked(conn, claims, found, now) if found.stored else None
        stored = (
            _insert(conn, context, claims, person)
            if before is None
            else _update(conn, attempt, context, before, settle, now)
        )
        link = None
        if not found.linked:
            refuse_link(conn, services, context, stored)
            link = _link(conn, services, context, claims, stored.user, now)
        announce(context.tenant_id, established(before, stored, link, attempt.request.visit.event_info))
        return replace(stored, stored=True, linked=True)

    try:
        with deciding(attempt.trace, row(22)):
            stored = transact(services, write, audience=context.application.audience)
    except InUse:  # the application or provider was removed meanwhile
        raise BeginAgain from None
    if not found.linked:
        attempt.trace.add(f"The link to user {stored.user.id} is made.")
    return stored


def refuse_link(conn: Connection, services: Services, context: Context, person: Person) -> None:
    """Row 19. What it counts decides only while the user is locked. Raises LinkRefused."""
    user = person.user
    vouched_only = resets_credentials(matched_by=person.matched_by, user_verified=user.verified)
    held = links.count(conn, user.tenant_id, user.id, context.provider_id, vouched_only=vouched_only)
    if context.provider.limit.exceeded_by(held):
        raise LinkRefused("LinkCountExceeded", "The user has as many links to this provider as the tenant allows.")
    if held and services.settings.links.strict_relink:
        raise LinkRefused("ExistingUserAlreadyLinked", "The user is linked to another account at this provider.")


def _refuse_unfit_names(services: Services, attempt: Attempt, context: Context, found: Person, person: Person) -> None:
    """Row 21: a login name that a lambda gave a new user follows the rules of users, and is free. Raises Invalid."""
    source = context.provider.reconcile
    if person.stored or source is None:
        return
    given = {name for name in ("email", "username") if getattr(person.user, name) != getattr(found.user, name)}
    rules = UserRules.of(context.application.tenant.settings)
    problems = login_id_problems(person.user.email, person.user.username, rules.blocked_domains)
    problems = [problem for problem in problems if problem[0].removeprefix("user.") in given]
    if given and not problems:
        with services.db.read() as conn:
            for name in sorted(given):
                wanted = _canonical(getattr(person.user, name))
                if wanted and logins.find_by_key(conn, context.tenant_id, name, wanted):
                    problems.append((f"user.{name}", "duplicate"))
    if problems:
        attempt.log.lambda_set_invalid(source, [path for path, _ in problems])
        raise invalid_fields(problems)


def _insert(conn: Connection, context: Context, claims: Claims, person: Person) -> Person:
    user = _proved(context, claims, person.user)
    if not users.add_unless_taken(conn, user):
        raise BeginAgain
    _prove(conn, context)
    for registration in person.registrations:
        registrations.put(conn, registration)
    return replace(person, user=user)


def _update(conn: Connection, attempt: Attempt, context: Context, before: Person, settle: Settle, now: int) -> Person:
    _prove(conn, context)
    person = settle(before)
    if person.user != before.user:
        logins.update_user(conn, person.user)
    if not before.linked and resets_credentials(matched_by=before.matched_by, user_verified=person.user.verified):
        person = _stripped(conn, attempt, person, now)
    registration = person.registration_for(context.application_id)
    if registration is not None and registration != before.registration_for(context.application_id):
        registration = replace(registration, last_update_instant=now)
        registrations.put(conn, registration)
        person = person.with_registration(registration)
    return person


def _prove(conn: Connection, context: Context) -> None:
    """The configuration is still the one that was read, and the application keeps its roles. Raises BeginAgain."""
    applications.hold(conn, context.tenant_id, context.application_id)
    if configuration.version(conn) != context.version:
        raise BeginAgain


def _locked(conn: Connection, claims: Claims, found: Person, now: int) -> Person:
    """The person as they are now, held until the transaction ends. Raises BeginAgain when they may not log in."""
    if not logins.lock_user(conn, found.user.tenant_id, found.user.id, now):
        raise BeginAgain
    known = logins.find_by_id(conn, found.user.tenant_id, found.user.id)
    if known is None or known.standing != found.standing:
        raise BeginAgain
    if found.matched_by is not None:
        name = getattr(known.user, found.matched_by.value)
        if _canonical(name) != _canonical(claimed(claims, found.matched_by)):
            raise BeginAgain
    return replace(found, user=known.user, registrations=known.registrations)


def _stripped(conn: Connection, attempt: Attempt, person: Person, now: int) -> Person:
    """The person without what somebody else may have planted on them (T5)."""
    user = person.user
    attempt.trace.add(
        "The user's e-mail was never proved: password, second factors, refresh tokens and own links are removed."
    )
    logins.strip_credentials(conn, user.tenant_id, user.id, now)
    audit.add(
        conn,
        now,
        ACTOR,
        f"Linking removed password, second factors, refresh tokens and own links of the unverified user {user.id}.",
        reason="The e-mail address had not been proved before the link was made.",
    )
    stripped = logins.find_by_id(conn, user.tenant_id, user.id)
    assert stripped is not None  # the lock holds the row
    return replace(person, user=stripped.user, standing=stripped.standing)


def _link(conn: Connection, services: Services, context: Context, claims: Claims, user: User, now: int) -> Link:
    token, secret = links.seal_tokens(
        services.sealer, user.tenant_id, context.provider_id, claims.subject, claims.token, claims.token_secret
    )
    link = Link(
        user.tenant_id,
        context.provider_id,
        claims.subject,
        user.id,
        claims.display_name,
        token,
        secret,
        {},
        now,
        now,
    )
    if not links.add(conn, link):
        raise BeginAgain
    return link


def _canonical(name: str | None) -> str | None:
    return None if name is None else canonical(name)


def _proved(context: Context, claims: Claims, user: User) -> User:
    """An e-mail that only a lambda vouches for is as proved as one that was typed in (decision 3)."""
    own = claims.email is not None and user.email is not None and canonical(user.email) == canonical(claims.email)
    if user.email is None or own:
        return user
    if UserRules.of(context.application.tenant.settings).verify_email:
        return replace(user, verified=False, verified_instant=None, verified_reason="Pending")
    return replace(user, verified_reason="Disabled")
