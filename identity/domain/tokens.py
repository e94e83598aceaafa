"""The rules of tokens: which configuration counts, what an access token says, when a refresh token is dead.

Instants and durations are compared in milliseconds; the claims of a token hold seconds. Source: login contract 10.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any
from uuid import UUID

SECOND = 1000
MINUTE = 60 * SECOND


class RefreshTokenExpirationPolicy(Enum):
    FIXED = "Fixed"
    SLIDING_WINDOW = "SlidingWindow"
    SLIDING_WINDOW_WITH_MAXIMUM_LIFETIME = "SlidingWindowWithMaximumLifetime"


class RefreshTokenUsagePolicy(Enum):
    REUSABLE = "Reusable"
    ONE_TIME_USE = "OneTimeUse"


@dataclass(frozen=True, slots=True)
class SlidingWindowConfiguration:
    maximum_time_to_live_in_minutes: int = 43_200


@dataclass(frozen=True, slots=True)
class OneTimeUseConfiguration:
    grace_period_in_seconds: int = 0


@dataclass(frozen=True, slots=True)
class RevocationPolicy:
    """Which events revoke refresh tokens; only a tenant has one."""

    on_login_prevented: bool = True
    on_password_changed: bool = True
    on_multi_factor_enable: bool = False
    on_one_time_token_reuse: bool = False


@dataclass(frozen=True, slots=True)
class JwtConfiguration:
    """jwtConfiguration of a tenant or an application, with the defaults of login contract 10.2."""

    enabled: bool = False
    access_token_key_id: UUID | None = None
    id_token_key_id: UUID | None = None
    time_to_live_in_seconds: int = 3600
    refresh_token_time_to_live_in_minutes: int = 43_200
    refresh_token_expiration_policy: RefreshTokenExpirationPolicy = RefreshTokenExpirationPolicy.FIXED
    refresh_token_sliding_window_configuration: SlidingWindowConfiguration = SlidingWindowConfiguration()
    refresh_token_usage_policy: RefreshTokenUsagePolicy = RefreshTokenUsagePolicy.REUSABLE
    refresh_token_one_time_use_configuration: OneTimeUseConfiguration = OneTimeUseConfiguration()
    refresh_token_revocation_policy: RevocationPolicy = RevocationPolicy()


def effective(application: JwtConfiguration | None, tenant: JwtConfiguration) -> JwtConfiguration:
    """The application's configuration when it is enabled, else the tenant's in whole.

    An enabled one that names no key signs with the tenant's; what revokes refresh tokens is always the tenant's say.
    """
    if application is None or not application.enabled:
        return tenant
    return replace(
        application,
        access_token_key_id=application.access_token_key_id or tenant.access_token_key_id,
        id_token_key_id=application.id_token_key_id or tenant.id_token_key_id,
        refresh_token_revocation_policy=tenant.refresh_token_revocation_policy,
    )


@dataclass(frozen=True, slots=True)
class AccessTokenFacts:
    """What an access token of an API login speaks of; instants in epoch milliseconds."""

    issuer: str
    tenant_id: UUID
    user_id: UUID
    authentication_type: str
    auth_instant: int
    """When the person proved who they are; a refresh keeps it."""

    application_id: UUID | None = None
    roles: Collection[str] | None = None
    """The roles of the registration for the application; None without a registration."""

    email: str | None = None
    email_verified: bool = False
    username: str | None = None
    refresh_token_id: UUID | None = None
    """Only when a refresh token goes with it."""

    scopes: Collection[str] = ()
    """What an OAuth client was granted; an API login has none."""

    grants: Collection[str] = ()
    """The OAuth grants that led to it, for the header `gty`; an API login has none."""


def access_token_claims(
    facts: AccessTokenFacts, *, jti: UUID, now: int, time_to_live_in_seconds: int
) -> dict[str, Any]:
    """The claims in the order of FusionAuth's samples, absent ones left out.

    An API login has neither `gty` nor `scope`. Source: login contract 10.1.
    """
    issued = now // SECOND
    registered = facts.application_id is not None and facts.roles is not None
    claims: dict[str, Any] = {
        "aud": _text(facts.application_id),
        "exp": issued + time_to_live_in_seconds,
        "iat": issued,
        "iss": facts.issuer,
        "sub": str(facts.user_id),
        "jti": str(jti),
        "authenticationType": facts.authentication_type,
        "email": facts.email or None,
        "email_verified": facts.email_verified if facts.email else None,
        "preferred_username": facts.username or None,
        "applicationId": _text(facts.application_id) if registered else None,
        "scope": " ".join(facts.scopes) or None,
        "roles": sorted(set(facts.roles or ())) if registered else None,
        "sid": _text(facts.refresh_token_id),
        "auth_time": facts.auth_instant // SECOND,
        "tid": str(facts.tenant_id),
    }
    return {name: value for name, value in claims.items() if value is not None}


def shortened_time_to_live(wanted: int | None, configuration: JwtConfiguration) -> int | None:
    """Seconds an access token shall live when a refresh asks for `wanted`; None when it may not have them.

    A request may only shorten the configured time, and not to nothing.
    """
    if wanted is None:
        return configuration.time_to_live_in_seconds
    return wanted if 0 < wanted <= configuration.time_to_live_in_seconds else None


class RefreshTokenState(Enum):
    LIVE = "live"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class RefreshTokenTimes:
    """The two instants of a refresh token record that decide its life, epoch milliseconds."""

    insert_instant: int
    start_instant: int


def refresh_token_state(record: RefreshTokenTimes, configuration: JwtConfiguration, now: int) -> RefreshTokenState:
    """The configuration of this moment counts: shortening a policy shortens old tokens."""
    return RefreshTokenState.EXPIRED if refresh_token_end(record, configuration) < now else RefreshTokenState.LIVE


def refresh_token_end(record: RefreshTokenTimes, configuration: JwtConfiguration) -> int:
    """The last instant at which the token still works if it is not used before."""
    end = record.start_instant + configuration.refresh_token_time_to_live_in_minutes * MINUTE
    policy = configuration.refresh_token_expiration_policy
    if policy is not RefreshTokenExpirationPolicy.SLIDING_WINDOW_WITH_MAXIMUM_LIFETIME:
        return end
    most = configuration.refresh_token_sliding_window_configuration.maximum_time_to_live_in_minutes
    return min(end, record.insert_instant + most * MINUTE)


def start_instant_after_use(record: RefreshTokenTimes, configuration: JwtConfiguration, now: int) -> int:
    """Sliding policies begin again at every use; Fixed never does."""
    if configuration.refresh_token_expiration_policy is RefreshTokenExpirationPolicy.FIXED:
        return record.start_instant
    return now


def within_grace_period(rotated_instant: int, configuration: JwtConfiguration, now: int) -> bool:
    """Whether the predecessor of a one-time refresh token may be presented again: it was replaced just now."""
    grace = configuration.refresh_token_one_time_use_configuration.grace_period_in_seconds * SECOND
    return grace > 0 and now < rotated_instant + grace


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
