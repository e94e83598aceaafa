"""What OAuth refuses, in FusionAuth's words: `error` is the protocol's, `error_reason` says more precisely which.

Source: supporting contract 21.2 (OAuthError), RFC 6749 sections 4.1.2.1 and 5.2. Descriptions are our own and plain
ASCII, as the protocol wants them; they never quote what was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import UNIQUE, Enum, verify
from typing import Any


@verify(UNIQUE)
class OAuthError(Enum):
    """The value is the wire's `error`."""

    ACCESS_DENIED = "access_denied"
    CHANGE_PASSWORD_REQUIRED = "change_password_required"  # noqa: S105 (no secret)
    CONSENT_REQUIRED = "consent_required"
    INTERACTION_REQUIRED = "interaction_required"
    INVALID_CLIENT = "invalid_client"
    INVALID_GRANT = "invalid_grant"
    INVALID_REQUEST = "invalid_request"
    INVALID_SCOPE = "invalid_scope"
    INVALID_TOKEN = "invalid_token"  # noqa: S105
    LOGIN_REQUIRED = "login_required"
    SERVER_ERROR = "server_error"
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"
    TWO_FACTOR_REQUIRED = "two_factor_required"
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"


@dataclass(frozen=True, slots=True)
class OAuthProblem:
    """One refusal. `extras` are members of the answer beside the usual three, in snake_case."""

    error: OAuthError
    reason: str
    description: str
    extras: Mapping[str, Any] = field(default_factory=dict)

    def members(self) -> dict[str, Any]:
        """The answer's members as the wire names them."""
        return {
            "error": self.error.value,
            "error_reason": self.reason,
            "error_description": self.description,
            **self.extras,
        }


class OAuthRefused(Exception):
    """An OAuth request is refused. Which answer that is depends on the endpoint."""

    def __init__(
        self, error: OAuthError, reason: str, description: str, extras: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(f"{error.value}: {reason}")
        self.problem = OAuthProblem(error, reason, description, dict(extras or {}))


def invalid_request(reason: str, description: str) -> OAuthRefused:
    return OAuthRefused(OAuthError.INVALID_REQUEST, reason, description)


def invalid_grant(reason: str, description: str) -> OAuthRefused:
    return OAuthRefused(OAuthError.INVALID_GRANT, reason, description)


def invalid_client(reason: str, description: str) -> OAuthRefused:
    return OAuthRefused(OAuthError.INVALID_CLIENT, reason, description)
