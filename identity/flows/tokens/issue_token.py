"""Issuing a token for another application on the strength of one that holds, and vending tokens of any claims.

Source: login contract 10.4 (issue, vend).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from identity.domain.errors import Unauthorized, invalid_field
from identity.domain.outcome import Door, LoginFacts, Verdict, judge
from identity.domain.tokens import RefreshTokenState, RefreshTokenTimes, refresh_token_state
from identity.flows.configuration.configurations import ApplicationConfiguration
from identity.flows.login.finish_login import access_facts, mint
from identity.flows.login.login_attempt import Person
from identity.flows.services import Services
from identity.flows.tokens.jwt_configuration import jwt_configuration
from identity.signing import sign
from identity.store import keys, refresh_tokens, tenants
from identity.store.logins import KnownUser, find_by_id

AUTHENTICATION_TYPE = "JWT_SSO"
OWN_CLAIMS = frozenset({"exp", "iat"})
"""What a caller may not choose when a token is vended: ignored when sent."""

LONGEST_SECONDS = 10 * 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class IssueRequest:
    """The claims of the token that was shown, and what is asked for. `expires` and `auth_time` are epoch seconds."""

    application_id: UUID
    tenant_id: UUID
    user_id: UUID
    expires: int
    auth_time: int | None = None
    refresh_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Issued:
    token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    verdict: Verdict = Verdict.LOGGED_IN
    """Or NOT_REGISTERED: the token then carries no roles."""


def issue_token(services: Services, request: IssueRequest) -> Issued:
    """The new token ends when the shown one does. Raises Unauthorized, Invalid."""
    now = services.runtime.now()
    with services.db.read() as conn:
        known = find_by_id(conn, request.tenant_id, request.user_id)
    services.configurations.forget_unless_current()
    application = services.configurations.application(request.application_id)
    if known is None or application is None or application.application.tenant_id != request.tenant_id:
        raise invalid_field("applicationId", "invalid") if known else Unauthorized
    facts = LoginFacts(
        Door.REFRESH,
        now,
        known.user.active and application.application.active,
        known.user.expiry,
        registered=known.registration_for(request.application_id) is not None,
        prevented=bool(known.standing.preventing(now, request.application_id)),
    )
    verdict = judge(facts)
    if verdict not in (Verdict.LOGGED_IN, Verdict.NOT_REGISTERED):
        raise Unauthorized
    auth_instant = (request.auth_time or now // 1000) * 1000
    successor = _refresh_token(services, request, application, known, now)
    access = access_facts(application, Person(known.user, known.registrations), AUTHENTICATION_TYPE, auth_instant)
    access = replace(access, refresh_token_id=successor[1] if successor else None)
    lives = max(request.expires - now // 1000, 1)
    if lives > application.jwt.time_to_live_in_seconds:
        with services.db.transaction() as conn:
            keys.keep_published(conn, [application.signing_key.id], now + lives * 1000)
    tokens = mint(services, application, access, now, lives)
    return Issued(tokens.access_token, successor[0] if successor else None, verdict)


def _refresh_token(
    services: Services, request: IssueRequest, target: ApplicationConfiguration, known: KnownUser, now: int
) -> tuple[str, UUID] | None:
    """A refresh token for the target application, if one was shown, and both applications expire tokens alike.

    It keeps the original's start, so that going from application to application never prolongs a session.
    """
    if request.refresh_token is None or not target.generates_refresh_tokens:
        return None
    if known.registration_for(request.application_id) is None:
        return None
    with services.db.read() as conn:
        shown = refresh_tokens.find(conn, request.refresh_token)
    if shown is None or shown.user_id != request.user_id or shown.application_id is None:
        return None
    source = services.configurations.application(shown.application_id)
    if source is None or (source.jwt.refresh_token_expiration_policy is not target.jwt.refresh_token_expiration_policy):
        return None
    times = RefreshTokenTimes(shown.insert_instant, shown.start_instant)
    if refresh_token_state(times, source.jwt, now) is RefreshTokenState.EXPIRED:
        return None
    token, token_id = services.runtime.new_secret(), services.runtime.new_id()
    copy = replace(shown, id=token_id, application_id=request.application_id, rotated_instant=None)
    with services.db.transaction() as conn:
        refresh_tokens.add(conn, copy, token)
    return token, token_id


@dataclass(frozen=True, slots=True)
class VendRequest:
    """The claims of the caller's choice. `tenant_id` is the tenant the call is scoped to, if it is."""

    claims: Mapping[str, Any]
    tenant_id: UUID | None = None
    key_id: UUID | None = None
    seconds: int | None = None


def vend_token(services: Services, request: VendRequest) -> str:
    """A token of the caller's claims, with `exp`, `iat` and, unless they are given, `iss` and `jti` of ours.

    Without a key and a time to live those of the tenant count, or of the default tenant. A call that is scoped to a
    tenant can not make a token that speaks for another one. Raises Invalid, Unauthorized.
    """
    now = services.runtime.now()
    if request.tenant_id is not None and request.claims.get("tid", str(request.tenant_id)) != str(request.tenant_id):
        raise invalid_field("claims.tid", "invalid", "The call is scoped to another tenant.")
    with services.db.transaction() as conn:
        tenant = tenants.get(conn, request.tenant_id) if request.tenant_id else tenants.default(conn)
        if tenant is None:
            raise Unauthorized
        configuration = jwt_configuration(tenant.settings, tenant.access_token_key_id, tenant.id_token_key_id)
        key = keys.find_signer(conn, services.sealer, request.key_id or tenant.access_token_key_id)
        if key is None:
            raise invalid_field("keyId", "invalid")
        lives = configuration.time_to_live_in_seconds if request.seconds is None else request.seconds
        if not 0 < lives <= LONGEST_SECONDS:
            raise invalid_field("timeToLiveInSeconds", "invalid")
        keys.keep_published(conn, [key.id], now + lives * 1000)
    issued = now // 1000
    defaults = {"iss": tenant.issuer or services.settings.base_url, "jti": str(services.runtime.new_id())}
    given = {name: value for name, value in request.claims.items() if name not in OWN_CLAIMS}
    return sign({**defaults, **given, "exp": issued + lives, "iat": issued}, key)
