"""A refresh: a refresh token becomes a new access token, and under one-time use a new refresh token.

Every refusal is a 400 (login contract 10.4). A refresh passes the gates active, expiry, action and registration
(decision 1); the second factor was done at the login. Source: login contract 10.3 and 10.4; decisions 24 and 40.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from uuid import UUID

from identity.domain.errors import Invalid, invalid_field
from identity.domain.events import EventInfo
from identity.domain.oauth import Grant, narrowed_scopes
from identity.domain.outcome import Door, LoginFacts, Tokens, Verdict, ruling
from identity.domain.tokens import (
    AccessTokenFacts,
    RefreshTokenExpirationPolicy,
    RefreshTokenState,
    RefreshTokenTimes,
    RefreshTokenUsagePolicy,
    refresh_token_end,
    refresh_token_state,
    shortened_time_to_live,
    start_instant_after_use,
    within_grace_period,
)
from identity.domain.trace import Trace
from identity.flows.configuration.configurations import ApplicationConfiguration
from identity.flows.events import announce
from identity.flows.login.finish_login import access_facts, mint
from identity.flows.login.login_attempt import Person
from identity.flows.oauth.clients import client_of
from identity.flows.oauth.tokens import is_of_hosted_backend, is_of_oauth, oauth_facts, refreshed_grounds, scopes_of
from identity.flows.services import Services
from identity.flows.tokens.revoke import revoke_reused
from identity.flows.tokens.token_events import REFRESH, refreshed
from identity.store import refresh_tokens, refreshes
from identity.store.db import Connection, StoreUnavailable
from identity.store.logins import KnownUser, find_by_id
from identity.store.refresh_tokens import RefreshToken

AUTHENTICATION_TYPE = "REFRESH_TOKEN"
COARSE_MILLISECONDS = 60_000
"""Where and when a token was last used is noted at most once a minute (decision 40)."""

SUCCESSOR = "successor of a one-time refresh token"
MOST_ATTEMPTS = 4
REFUSED = "10.4 code 400"
"""How the trace names the rule of the login contract by which a token is refused."""


@dataclass(frozen=True, slots=True)
class RefreshRequest:
    """What any front end makes of a refresh. `seconds` may shorten the life of the access token."""

    refresh_token: str = field(repr=False)
    trace: Trace
    seconds: int | None = None
    ip_address: str | None = None
    tenant_id: UUID | None = None
    """The tenant the call is scoped to, if it is: another tenant's token looks like none at all."""

    client_id: UUID | None = None
    """The OAuth client that refreshes, if one does: another client's token looks like none at all."""

    scope: str | None = None
    """What an OAuth client asks for: at most what was granted, which is what it gets when it does not ask."""

    hosted: bool = False
    """Whether the hosted backend does it for the client: a token that it was not given looks like none at all."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh hands out, and on what grounds."""

    tokens: Tokens
    record: RefreshToken
    person: Person


def refresh(services: Services, request: RefreshRequest) -> Tokens:
    """Raises Invalid, WebhooksRefused, StoreUnavailable."""
    return refresh_session(services, request).tokens


def refresh_session(services: Services, request: RefreshRequest) -> Refreshed:
    """Raises Invalid, OAuthRefused (only for an OAuth client), WebhooksRefused, StoreUnavailable."""
    for _ in range(MOST_ATTEMPTS):
        with services.db.read() as conn:
            facts = refreshes.read_facts(conn, request.refresh_token)
        if facts is None:
            return _replay(services, request)
        application = _application(services, facts.record, request)
        if application.version != facts.configuration_version:
            services.configurations.forget()
            continue
        tokens = _refresh(services, request, application, facts.record, facts.known)
        if tokens is not None:
            return Refreshed(tokens, facts.record, Person(facts.known.user, facts.known.registrations))
    raise StoreUnavailable("the refresh lost every race for its configuration")


def _application(services: Services, record: RefreshToken, request: RefreshRequest) -> ApplicationConfiguration:
    trace = request.trace
    trace.tenant_id, trace.application_id, trace.user_id = record.tenant_id, record.application_id, record.user_id
    if request.tenant_id not in (None, record.tenant_id):
        raise _invalid(request, "The refresh token is another tenant's.")
    if request.client_id not in (None, record.application_id):
        raise _invalid(request, "The refresh token is another client's.")
    if request.hosted and not is_of_hosted_backend(record):
        raise _invalid(request, "The refresh token was not given to the hosted backend.")
    found = services.configurations.application(record.application_id) if record.application_id else None
    if found is None:
        raise _invalid(request, "The refresh token is for no application.")
    return found


def _refresh(
    services: Services,
    request: RefreshRequest,
    application: ApplicationConfiguration,
    record: RefreshToken,
    known: KnownUser,
) -> Tokens | None:
    """The tokens of a token that is current; None when another request spent it this very moment."""
    now = services.runtime.now()
    seconds = _admit(application, record, known, request, now)
    once = application.jwt.refresh_token_usage_policy is RefreshTokenUsagePolicy.ONE_TIME_USE
    token = successor_of(services, request.refresh_token) if once else request.refresh_token
    tokens = _tokens(services, application, record, known, token, seconds, request)

    def spend(conn: Connection) -> bool:
        return refresh_tokens.rotate(conn, record, request.refresh_token, token, now)

    if not _agreed(services, application, record, request, tokens, spend if once else None):
        return None
    _note_use(services, application, record, request, now)
    return tokens


def _agreed(
    services: Services,
    application: ApplicationConfiguration,
    record: RefreshToken,
    request: RefreshRequest,
    tokens: Tokens,
    spend: Callable[[Connection], bool] | None,
) -> bool:
    """Ask the webhooks that have a say, then spend the token; whether that could be done. Raises WebhooksRefused."""
    if not application.audience.of(REFRESH):
        if spend is None:
            return True
        with services.db.read() as conn:
            return spend(conn)
    event = refreshed(record, tokens, EventInfo(ip_address=request.ip_address))
    announcement = announce.ask(services, record.tenant_id, [event], audience=application.audience)
    with services.db.transaction() as conn:
        if spend is not None and not spend(conn):
            return False
        announce.record(conn, services, announcement)
    return True


def _admit(
    application: ApplicationConfiguration, record: RefreshToken, known: KnownUser, request: RefreshRequest, now: int
) -> int:
    """The seconds the new access token may live. Raises Invalid."""
    if not _is_allowed(application, request):
        request.trace.add("The application does not allow tokens to be refreshed.", REFUSED)
        raise invalid_field("refreshToken", "disabled", "The application does not allow tokens to be refreshed.")
    if refresh_token_state(_times(record), application.jwt, now) is RefreshTokenState.EXPIRED:
        raise _invalid(request, "The refresh token has expired.")
    facts = LoginFacts(
        door=Door.REFRESH,
        now=now,
        active=known.user.active and application.application.active,
        expiry=known.user.expiry,
        registered=known.registration_for(application.application.id) is not None,
        prevented=bool(known.standing.preventing(now, application.application_id)),
    )
    verdict, rule = ruling(facts)
    if verdict is not Verdict.LOGGED_IN:
        raise _invalid(request, f"The gates say {verdict.name} ({verdict.value}).", rule)
    seconds = shortened_time_to_live(request.seconds, application.jwt)
    if seconds is None:
        raise invalid_field("timeToLiveInSeconds", "invalid", "It may only shorten the configured time to live.")
    narrowed_scopes(scopes_of(record), request.scope)
    return seconds


def _is_allowed(application: ApplicationConfiguration, request: RefreshRequest) -> bool:
    """The API and the OAuth endpoint have a switch each."""
    if request.client_id is None:
        return application.allows_token_refresh
    return client_of(application).rules.allows(Grant.REFRESH_TOKEN)


def _replay(services: Services, request: RefreshRequest) -> Refreshed:
    """A token that is not current: its successor again within the grace period, else refused, and maybe revoked."""
    now = services.runtime.now()
    with services.db.read() as conn:
        spent = refresh_tokens.find_spent(conn, request.refresh_token)
    if spent is None:
        raise _invalid(request, "The refresh token is unknown.")
    services.configurations.forget_unless_current()
    application = _application(services, spent.record, request)
    successor = successor_of(services, request.refresh_token)
    in_grace = within_grace_period(spent.spent_instant, application.jwt, now)
    if in_grace and refresh_tokens.hash_of(successor) == spent.successor_hash:
        with services.db.read() as conn:
            known = find_by_id(conn, spent.record.tenant_id, spent.record.user_id)
        if known is None:
            raise _invalid(request, "The user is gone.")
        seconds = _admit(application, spent.record, known, request, now)
        tokens = _tokens(services, application, spent.record, known, successor, seconds, request)
        _agreed(services, application, spent.record, request, tokens, None)
        return Refreshed(tokens, spent.record, Person(known.user, known.registrations))
    if application.jwt.refresh_token_revocation_policy.on_one_time_token_reuse:
        revoke_reused(services, spent.record)
        request.trace.add("Its reuse revoked the token that followed it.")
    raise _invalid(request, "The refresh token was used up before.")


def _note_use(
    services: Services, application: ApplicationConfiguration, record: RefreshToken, request: RefreshRequest, now: int
) -> None:
    slides = application.jwt.refresh_token_expiration_policy is not RefreshTokenExpirationPolicy.FIXED
    if slides or now - record.last_accessed_instant >= COARSE_MILLISECONDS:
        start = start_instant_after_use(_times(record), application.jwt, now)
        with services.db.read() as conn:
            refresh_tokens.touch(conn, record, start, now, request.ip_address)


def _tokens(
    services: Services,
    application: ApplicationConfiguration,
    record: RefreshToken,
    known: KnownUser,
    token: str,
    seconds: int,
    request: RefreshRequest,
) -> Tokens:
    now = services.runtime.now()
    facts = replace(
        _facts(application, record, Person(known.user, known.registrations), request), refresh_token_id=record.id
    )
    start = start_instant_after_use(_times(record), application.jwt, now)
    end = refresh_token_end(RefreshTokenTimes(record.insert_instant, start), application.jwt)
    return replace(
        mint(services, application, facts, now, seconds),
        refresh_token=token,
        refresh_token_id=record.id,
        refresh_token_seconds=max((end - now) // 1000, 0),
    )


def _facts(
    application: ApplicationConfiguration, record: RefreshToken, person: Person, request: RefreshRequest
) -> AccessTokenFacts:
    """A token that OAuth issued stays within its scopes, wherever it is refreshed."""
    if request.client_id is None and not is_of_oauth(record):
        return access_facts(application, person, AUTHENTICATION_TYPE, record.auth_instant)
    scopes = narrowed_scopes(scopes_of(record), request.scope)
    return oauth_facts(client_of(application), person, refreshed_grounds(record, scopes, AUTHENTICATION_TYPE))


def successor_of(services: Services, token: str) -> str:
    """The one token that follows this one: derived, so it can be given again without being stored (decision 24)."""
    raw = services.sealer.derive(SUCCESSOR, token.encode("utf-8", "surrogatepass"))
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _times(record: RefreshToken) -> RefreshTokenTimes:
    return RefreshTokenTimes(record.insert_instant, record.start_instant)


def _invalid(request: RefreshRequest, why: str, rule: str = REFUSED) -> Invalid:
    """The caller is not told why; the trace is."""
    request.trace.add(why, rule)
    return invalid_field("refreshToken", "invalid", "The refresh token is unknown, expired, revoked or used up.")
