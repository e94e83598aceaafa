"""Row 24 of login contract 3.5: the first commit of a login. User, registration and link exist whole, or not at all.

Races are decided by PostgreSQL: a login that loses one begins again and finds what the winner made.
"""

from __future__ import annotations

from dataclasses import replace

from identity.domain.contact import canonical
from identity.domain.errors import invalid_fields
from identity.domain.linking import resets_credentials
from identity.domain.model import Claims, Link, Registration, User
from identity.flows.login_attempt import Attempt, BeginAgain, Context, Person
from identity.flows.services import Services
from identity.store import audit, configuration, links, logins
from identity.store.db import Connection

ACTOR = "identity-provider login"


class TooManyLinks(Exception):
    """One more link would exceed the tenant's limit (row 19)."""


def refuse_taken_names(services: Services, claims: Claims, person: Person) -> None:
    """Row 21: a login name that a lambda gave a new user must be free. Raises Invalid."""
    if person.stored:
        return
    taken = []
    with services.db.read() as conn:
        for key, own in (("email", claims.email), ("username", claims.username)):
            wanted = getattr(person.user, key)
            if wanted is None or (own is not None and canonical(wanted) == canonical(own)):
                continue
            if logins.find_by_key(conn, person.user.tenant_id, key, canonical(wanted)) is not None:
                taken.append((f"user.{key}", "duplicate"))
    if taken:
        raise invalid_fields(taken)


def establish(
    services: Services, attempt: Attempt, context: Context, claims: Claims, before: Person, after: Person
) -> Person:
    """Store what is new: `before` as it was found, `after` as the lambda left it. Returns the person as stored.

    Raises BeginAgain when the ground moved, TooManyLinks.
    """
    if after.stored and after.linked and after == before:
        return after
    now = services.runtime.now()
    person = after if after.stored else replace(after, user=_proved(context, claims, after.user))
    services.db.transact(lambda conn: _write(conn, services, attempt, context, claims, before, person, now))
    return replace(person, stored=True, linked=True)


def _write(
    conn: Connection,
    services: Services,
    attempt: Attempt,
    context: Context,
    claims: Claims,
    before: Person,
    after: Person,
    now: int,
) -> None:
    if configuration.version(conn) != context.version:
        raise BeginAgain
    if after.stored:
        _update(conn, attempt, before, after, now)
    elif not logins.insert_user(conn, after.user, _canonical(after.user.email), _canonical(after.user.username)):
        raise BeginAgain
    registration = after.registration_for(context.application_id)
    if registration is not None and registration != before.registration_for(context.application_id):
        logins.put_registration(conn, replace(registration, last_update_instant=now))
    if not after.linked:
        _link(conn, services, attempt, context, claims, after.user, now)


def _update(conn: Connection, attempt: Attempt, before: Person, after: Person, now: int) -> None:
    user = after.user
    if not logins.lock_user(conn, user.tenant_id, user.id, now):
        raise BeginAgain
    if user != before.user:
        logins.update_user(conn, user)
    if not after.linked and resets_credentials(matched_by=after.matched_by, user_verified=user.verified):
        attempt.trace.add("The user's e-mail was never proved: password and refresh tokens are removed.")
        logins.strip_credentials(conn, user.tenant_id, user.id, now)
        audit.add(
            conn,
            now,
            ACTOR,
            f"Linking removed the password and the refresh tokens of the unverified user {user.id}.",
            reason="The e-mail address had not been proved before the link was made.",
        )


def _link(
    conn: Connection, services: Services, attempt: Attempt, context: Context, claims: Claims, user: User, now: int
) -> None:
    held = links.count(conn, user.tenant_id, user.id, context.provider_id)
    if context.provider.limit.exceeded_by(held):
        raise TooManyLinks
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
    attempt.trace.add(f"The link to user {user.id} is made.")


def _canonical(name: str | None) -> str | None:
    return None if name is None else canonical(name)


def _proved(context: Context, claims: Claims, user: User) -> User:
    """An e-mail that only a lambda vouches for is as proved as one that was typed in (decision 3)."""
    own = claims.email is not None and user.email is not None and canonical(user.email) == canonical(claims.email)
    if user.email is None or own:
        return user
    email_configuration = context.application.tenant.settings.get("email_configuration") or {}
    if email_configuration.get("verify_email"):
        return replace(user, verified=False, verified_instant=None, verified_reason="Pending")
    return replace(user, verified_reason="Disabled")


def with_registration(person: Person, registration: Registration) -> Person:
    """The person with one more registration, in the order of the wire."""
    everyone = (*person.registrations, registration)
    return replace(person, registrations=tuple(sorted(everyone, key=lambda item: str(item.application_id))))
