"""The jwtConfiguration stored with a tenant or an application, as the domain's value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from identity.domain.tokens import (
    JwtConfiguration,
    OneTimeUseConfiguration,
    RefreshTokenExpirationPolicy,
    RefreshTokenUsagePolicy,
    RevocationPolicy,
    SlidingWindowConfiguration,
)


def jwt_configuration(
    settings: Mapping[str, Any], access_token_key_id: UUID | None, id_token_key_id: UUID | None
) -> JwtConfiguration:
    """`settings` is the whole settings document; a member that was stored by an older release may be absent."""
    stored: Mapping[str, Any] = settings.get("jwt_configuration") or {}
    fallback = JwtConfiguration()
    return JwtConfiguration(
        enabled=bool(stored.get("enabled", False)),
        access_token_key_id=access_token_key_id,
        id_token_key_id=id_token_key_id,
        time_to_live_in_seconds=stored.get("time_to_live_in_seconds", fallback.time_to_live_in_seconds),
        refresh_token_time_to_live_in_minutes=stored.get(
            "refresh_token_time_to_live_in_minutes", fallback.refresh_token_time_to_live_in_minutes
        ),
        refresh_token_expiration_policy=RefreshTokenExpirationPolicy(
            stored.get("refresh_token_expiration_policy", fallback.refresh_token_expiration_policy.value)
        ),
        refresh_token_sliding_window_configuration=SlidingWindowConfiguration(
            **stored.get("refresh_token_sliding_window_configuration", {})
        ),
        refresh_token_usage_policy=RefreshTokenUsagePolicy(
            stored.get("refresh_token_usage_policy", fallback.refresh_token_usage_policy.value)
        ),
        refresh_token_one_time_use_configuration=OneTimeUseConfiguration(
            **stored.get("refresh_token_one_time_use_configuration", {})
        ),
        refresh_token_revocation_policy=RevocationPolicy(**stored.get("refresh_token_revocation_policy", {})),
    )
