"""Who the client is: by Basic or by the form, never both; a secret that is sent is checked even when none is needed.

Source: supporting contract 21.2, RFC 6749 section 2.3.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from identity.domain.oauth import require_client_authentication
from identity.domain.oauth_errors import OAuthRefused, invalid_client, invalid_request
from identity.flows.oauth.clients import Client, find_client, is_secret_of
from identity.http.oauth.requests import OAuthRequest
from identity.wire import parse_uuid

BASIC = "basic "


@dataclass(frozen=True, slots=True)
class _Credentials:
    client_id: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """How the secret may be meant: one way in a form; in a header also as clients write it who encode nothing."""


def authenticate(request: OAuthRequest, *, proof_key: bool) -> Client:
    """The client, who has shown all that its policy asks for. `proof_key`: a code comes with its verifier.

    Raises OAuthRefused.
    """
    credentials = _credentials(request)
    client_id = parse_uuid(credentials.client_id)
    client = find_client(request.services, client_id) if client_id else None
    if client is None:
        raise _not_verified()
    if credentials.secrets and not any(is_secret_of(request.services, client, text) for text in credentials.secrets):
        raise _not_verified()
    request.authenticated = bool(credentials.secrets)
    require_client_authentication(client.rules, authenticated=request.authenticated, proof_key=proof_key)
    request.client = client
    return client


def _not_verified() -> OAuthRefused:
    """Who does not exist and who has another secret get the same answer."""
    return invalid_client("invalid_client_authentication", "The client is unknown or its secret is wrong.")


def _credentials(request: OAuthRequest) -> _Credentials:
    """Raises OAuthRefused."""
    header: str | None = request.headers.get("Authorization")
    named, secret = request.text("client_id"), request.text("client_secret")
    if header is None:
        if named is None:
            raise invalid_request("missing_client_id", "The client_id parameter is missing.")
        return _Credentials(named, (secret,) if secret else ())
    if secret is not None:
        raise invalid_request("multiple_client_credentials", "The client authenticates in more than one way.")
    credentials = _of_header(header)
    if named is not None and named.lower() != credentials.client_id.lower():
        raise invalid_request("client_id_mismatch", "The client_id is not the one that the client authenticates as.")
    return credentials


def _of_header(header: str) -> _Credentials:
    """Raises OAuthRefused."""
    if header[: len(BASIC)].lower() != BASIC:
        raise invalid_client("invalid_client_authentication", "The client must authenticate by Basic or by the form.")
    try:
        text = base64.b64decode(header[len(BASIC) :].strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as error:
        raise _not_verified() from error
    client_id, separator, secret = text.partition(":")
    if not separator:
        raise _not_verified()
    # Both should be form-encoded before they are joined (RFC 6749, 2.3.1), and by many clients they are not.
    return _Credentials(unquote_plus(client_id), tuple({secret, unquote_plus(secret)} - {""}))
