"""Authorization: Bearer, or the access_token cookie -> the claims of an access token of ours (login contract 1.1)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Request

from identity.domain.errors import Unauthorized
from identity.domain.keys import SigningKey
from identity.flows.services import Services
from identity.signing import InvalidToken, verify
from identity.store import keys, tenants
from identity.wire import parse_uuid

ACCESS_COOKIE = "access_token"
SCHEME = "bearer "


def presented_token(request: Request) -> str | None:
    """The token of the header, else of the cookie."""
    header = request.headers.get("Authorization", "")
    if header[: len(SCHEME)].lower() == SCHEME:
        return header[len(SCHEME) :].strip() or None
    return request.cookies.get(ACCESS_COOKIE) or None


def require_claims(services: Services, request: Request, now: int) -> dict[str, Any]:
    """The claims of the presented access token: signed by a key of ours, not expired, of an issuer of ours.

    Raises Unauthorized, whatever is wrong with it.
    """
    token = presented_token(request)
    if token is None:
        raise Unauthorized
    with services.db.read() as conn:

        def find_key(kid: str) -> SigningKey | None:
            return keys.find_verifier(conn, services.sealer, kid, now)

        issuers = tenants.issuers(conn, services.settings.base_url)
        try:
            return verify(token, find_key, now=now, issuers=issuers)
        except InvalidToken as error:
            raise Unauthorized from error


def id_of(claims: dict[str, Any], name: str) -> UUID:
    """An id that a claim holds. Raises Unauthorized when the claim is missing or no id."""
    value = claims.get(name)
    parsed = parse_uuid(value) if isinstance(value, str) else None
    if parsed is None:
        raise Unauthorized
    return parsed
