"""Whether a user may have, or use, tokens of a client now: the gates of a refresh, judged by the one table.

Decision 1 says which gates; `domain/outcome.py` has them. Here they only get OAuth's words.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from identity.domain.oauth_errors import OAuthError, OAuthRefused
from identity.domain.outcome import Door, LoginFacts, Verdict, judge
from identity.flows.login.login_attempt import Person
from identity.flows.oauth.clients import Client
from identity.flows.services import Services
from identity.store.db import Connection
from identity.store.logins import find_by_id

REASONS: Mapping[Verdict, tuple[str, str]] = {
    Verdict.NOT_FOUND: ("user_not_found", "There is no such user."),
    Verdict.EXPIRED: ("user_expired", "The account has expired."),
    Verdict.LOGIN_PREVENTED: ("login_prevented", "An action prevents the user from logging in."),
    Verdict.NOT_REGISTERED: ("registration_required", "The user is not registered for this application."),
}


def admitted(
    services: Services,
    conn: Connection,
    client: Client,
    user_id: UUID | None,
    error: OAuthError = OAuthError.INVALID_GRANT,
) -> Person:
    """The user, who may have tokens of this client at this moment. Raises OAuthRefused."""
    known = find_by_id(conn, client.tenant_id, user_id) if user_id is not None else None
    if known is None:
        raise refused(Verdict.NOT_FOUND, error)
    person = Person(known.user, known.registrations, known.standing)
    now = services.runtime.now()
    facts = LoginFacts(
        Door.REFRESH,
        now,
        active=known.user.active and client.configuration.application.active,
        expiry=known.user.expiry,
        registered=person.registration_for(client.id) is not None or not client.rules.requires_registration,
        prevented=bool(known.standing.preventing(now, client.id)),
    )
    verdict = judge(facts)
    if verdict is not Verdict.LOGGED_IN:
        raise refused(verdict, error)
    return person


def refused(verdict: Verdict, error: OAuthError) -> OAuthRefused:
    return OAuthRefused(error, *REASONS[verdict])
