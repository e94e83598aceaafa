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
from identity.flows.configurations import ApplicationConfiguration
from identity.flows.finish_login import access_facts, mint
from identity.flows.jwt_configuration import jwt_configuration
from identity.flows.login_attempt import Person
from identity.flows.services import Services
from identity.signing import sign
from identity.store import keys, refresh_tokens, tenants
from identity.store.logins import KnownUser, find_by_id

AUTHENTICATION_TYPE = "JWT_SSO"
OWN_CLAIMS = frozenset({"exp", "iat"})
"""What a caller may not choose when a token is vended."""

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
    registered: bool = True


def issue_token(services: Services, request: IssueRequest) -> Issued:
    """The new token ends when the shown one does. Raises Unauthorized, Invalid."""
    now = services.runtime.now()
    with services.db.read() as conn:
        known = find_by_id(conn, request.tenant_id, request.user_id)
    services.configurations.forget_unless_current()
    application = services.configurations.application(request.application_id)
    if known is None or application is None or application.application.tenant_id != request.tenant_id:
        raise invalid_field("applicationId", "invalid") if known else Unauthorized
    registration = known.registration_for(request.application_id)
    facts = LoginFacts(
        Door.REFRESH,
        now,
        known.user.active and application.application.active,
        known.user.expiry,
        registered=registration is not None,
    )
    verdict = judge(facts)
    if verdict not in (Verdict.LOGGED_IN, Verdict.NOT_REGISTERED):
        raise Unauthorized
    auth_instant = (request.auth_time or now // 1000) * 1000
    successor = _refresh_token(services, request, application, known, now)
    access = access_facts(application, Person(known.user, known.registrations), AUTHENTICATION_TYPE, auth_instant)
    access = replace(access, refresh_token_id=successor[1] if successor else None)
    tokens = mint(services, application, access, now, max(request.expires - now // 1000, 1))
    return Issued(tokens.access_token, successor[0] if successor else None, registered=registration is not None)


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


def vend_token(
    services: Services, tenant_id: UUID, claims: Mapping[str, Any], key_id: UUID | None, seconds: int | None
) -> str:
    """A token of the caller's claims, signed with `key_id` or the tenant's key. Raises Invalid."""
    now = services.runtime.now()
    with services.db.transaction() as conn:
        tenant = tenants.get(conn, tenant_id)
        if tenant is None:
            raise Unauthorized
        configuration = jwt_configuration(tenant.settings, tenant.access_token_key_id, tenant.id_token_key_id)
        key = keys.find_signer(conn, services.sealer, key_id or tenant.access_token_key_id)
        if key is None:
            raise invalid_field("keyId", "invalid")
        lives = configuration.time_to_live_in_seconds if seconds is None else seconds
        if lives > LONGEST_SECONDS:
            raise invalid_field("timeToLiveInSeconds", "invalid")
        keys.keep_published(conn, [key.id], now + lives * 1000)
    issued = now // 1000
    own = {"iss": tenant.issuer or services.settings.base_url} | {
        name: value for name, value in claims.items() if name not in OWN_CLAIMS
    }
    return sign({**own, "exp": issued + lives, "iat": issued}, key)
