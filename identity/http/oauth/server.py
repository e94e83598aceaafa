"""authlib's authorization server, with grants that delegate to `flows/oauth`.

What is authlib's: which grant serves a request, the order of its steps, errors on their way out. What is ours: clients
and their authentication, codes, tokens and their signatures (decision record 0019).
"""

from __future__ import annotations

from typing import Any

from authlib.oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import UnsupportedGrantTypeError, UnsupportedResponseTypeError
from flask import Response

from identity.domain.oauth_errors import OAuthError, OAuthProblem
from identity.flows.oauth.clients import Client
from identity.http.oauth.answers import json_answer, refusal
from identity.http.oauth.client_authentication import authenticate
from identity.http.oauth.requests import OAuthRequest


class Server(AuthorizationServer):  # type: ignore[misc]  # the library has no types
    """Keeps nothing of a request: one for the whole process."""

    def create_oauth2_request(self, request: OAuthRequest) -> OAuthRequest:
        return request

    def authenticate_client(self, request: OAuthRequest, methods: Any, endpoint: str = "token") -> Client:
        """Raises OAuthRefused. The policy of the client says which method suffices, not a list of the grant."""
        proof_key = request.payload.grant_type == "authorization_code" and request.text("code_verifier") is not None
        return authenticate(request, proof_key=proof_key)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def handle_response(self, status: int, body: Any, headers: Any) -> Response:
        return json_answer(body, status)

    def handle_error_response(self, request: OAuthRequest, error: Any) -> Response:
        """What is ours is raised past the library, as OAuthRefused; this is the library's own."""
        return refusal(_PROBLEMS[type(error)])


_PROBLEMS = {
    UnsupportedGrantTypeError: OAuthProblem(
        OAuthError.UNSUPPORTED_GRANT_TYPE, "invalid_grant_type", "This grant_type is not supported."
    ),
    UnsupportedResponseTypeError: OAuthProblem(
        OAuthError.UNSUPPORTED_RESPONSE_TYPE, "invalid_response_type", "This response_type is not supported."
    ),
}
"""What the library itself refuses."""
