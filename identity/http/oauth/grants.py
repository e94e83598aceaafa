"""The grants of the token endpoint, as authlib dispatches them: each reads its parameters and delegates to its flow.

Source: supporting contract 21.2.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from authlib.oauth2.rfc6749 import BaseGrant, TokenEndpointMixin
from authlib.oauth2.rfc7636.challenge import CODE_VERIFIER_PATTERN

from identity.domain.oauth import DIGITS
from identity.domain.oauth_errors import invalid_grant, invalid_request
from identity.domain.oauth_outcome import refusal_of
from identity.domain.outcome import LoginOutcome
from identity.flows.login.login_attempt import Visit
from identity.flows.oauth.clients import Client
from identity.flows.oauth.exchange_code import CodeRequest, exchange_code
from identity.flows.oauth.password_grant import PasswordGrant, log_in_for_tokens
from identity.flows.oauth.refresh_grant import RefreshGrant, refresh_tokens_of
from identity.flows.oauth.tokens import OAuthTokens
from identity.http.address_limit import limiting_failed_logins
from identity.http.client_address import client_address
from identity.http.fusionauth.schemas.users import method_wire
from identity.http.oauth.proof_key import challenge_of
from identity.http.oauth.requests import OAuthRequest
from identity.http.trust_cookie import TRUST_COOKIE
from identity.http.visit import user_agent

Answer = tuple[int, dict[str, Any], list[tuple[str, str]]]


class TokenGrant(BaseGrant, TokenEndpointMixin, ABC):  # type: ignore[misc]  # the library has no types
    """A grant of the token endpoint: the client first, then its tokens."""

    request: OAuthRequest

    def validate_token_request(self) -> None:
        """Raises OAuthRefused."""
        self.authenticate_token_endpoint_client()

    def create_token_response(self) -> Answer:
        """Raises OAuthRefused."""
        client = self.request.client
        assert client is not None  # it was authenticated just now
        return 200, tokens_wire(self.tokens(client)), []

    @abstractmethod
    def tokens(self, client: Client) -> OAuthTokens:
        """What the client gets. Raises OAuthRefused, StoreUnavailable."""


class AuthorizationCodeGrant(TokenGrant):
    GRANT_TYPE = "authorization_code"

    def tokens(self, client: Client) -> OAuthTokens:
        request = self.request
        return exchange_code(
            request.services,
            CodeRequest(
                client,
                request.required("code"),
                request.required("redirect_uri"),
                challenge=_challenge_of(request.text("code_verifier")),
                authenticated=request.authenticated,
                ip_address=client_address(request.source),
            ),
        )


class RefreshTokenGrant(TokenGrant):
    GRANT_TYPE = "refresh_token"

    def tokens(self, client: Client) -> OAuthTokens:
        request = self.request
        wanted = RefreshGrant(
            client,
            request.required("refresh_token"),
            request.trace,
            scope=request.text("scope"),
            seconds=_seconds(request.text("expires_in")),
            ip_address=client_address(request.source),
        )
        return refresh_tokens_of(request.services, wanted)


class PasswordGrantType(TokenGrant):
    GRANT_TYPE = "password"

    def tokens(self, client: Client) -> OAuthTokens:
        request = self.request
        wanted = PasswordGrant(
            client,
            request.required("username"),
            request.required("password"),
            _visit(request),
            request.trace,
            scope=request.text("scope"),
        )
        outcome = limiting_failed_logins(
            request.services, request.source, lambda: log_in_for_tokens(request.services, wanted)
        )
        if isinstance(outcome, LoginOutcome):
            raise refusal_of(outcome, [method_wire(method) for method in outcome.standing.methods])
        return outcome


def _visit(request: OAuthRequest) -> Visit:
    """The login itself makes no tokens: those of the grant say what OAuth wants."""
    return Visit(
        ip_address=client_address(request.source),
        user_agent=user_agent(request.source),
        no_jwt=True,
        trust=request.source.cookies.get(TRUST_COOKIE),
    )


def _challenge_of(verifier: str | None) -> str | None:
    """What the code must have been asked for with. Raises OAuthRefused."""
    if verifier is None:
        return None
    if not CODE_VERIFIER_PATTERN.fullmatch(verifier):
        raise invalid_grant("invalid_pkce_code_verifier", "The code_verifier is malformed.")
    return challenge_of(verifier)


def _seconds(text: str | None) -> int | None:
    """Raises OAuthRefused."""
    if text is None:
        return None
    if not DIGITS.fullmatch(text):
        raise invalid_request("invalid_expires_in", "The expires_in parameter is no number of seconds.")
    return int(text)


def tokens_wire(tokens: OAuthTokens) -> dict[str, Any]:
    """The answer of the token endpoint. Source: supporting contract 21.2."""
    wire = {
        "access_token": tokens.access_token,
        "expires_in": tokens.expires_in,
        "id_token": tokens.id_token,
        "refresh_token": tokens.refresh_token,
        "refresh_token_id": str(tokens.refresh_token_id) if tokens.refresh_token_id else None,
        "scope": " ".join(tokens.scopes) or None,
        "token_type": "Bearer",
        "userId": str(tokens.user_id),
    }
    return {name: value for name, value in wire.items() if value is not None}
