"""Looking into access tokens: whose they are, which client's, and what they still say (supporting contract 21.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from identity.domain.keys import SigningKey
from identity.domain.oauth import OPENID
from identity.domain.oauth_claims import user_claims
from identity.domain.oauth_errors import OAuthError, OAuthRefused
from identity.flows.oauth.clients import Client, find_client
from identity.flows.oauth.gates import admitted
from identity.flows.oauth.populate_userinfo import populated
from identity.flows.services import Services
from identity.signing import InvalidToken, verify
from identity.store import keys, tenants
from identity.wire import parse_uuid


def claims_of(services: Services, token: str, *, id_token: bool = False) -> dict[str, Any] | None:
    """The claims of an access token of ours, or an ID token, that holds now; None for anything else."""
    now = services.runtime.now()
    with services.db.read() as conn:

        def find_key(kid: str) -> SigningKey | None:
            return keys.find_verifier(conn, services.sealer, kid, now)

        try:
            issuers = tenants.issuers(conn, services.settings.base_url)
            return verify(token, find_key, now=now, issuers=issuers, id_token=id_token)
        except InvalidToken:
            return None


def userinfo(services: Services, token: str) -> dict[str, Any]:
    """What the token lets its holder know of its owner now. Raises OAuthRefused (invalid_token, server_error)."""
    claims = claims_of(services, token)
    client = _client_of(services, claims) if claims else None
    if claims is None or client is None:
        raise _refused("access_token_invalid", "The access token is malformed, unknown or expired.")
    scopes = scopes_in(claims)
    if client.rules.strict and OPENID not in scopes:
        raise _refused("missing_openid_scope", "The access token was not granted the scope openid.")
    with services.db.read() as conn:
        person = admitted(services, conn, client, _id(claims, "sub"), OAuthError.INVALID_TOKEN)
    registration = person.registration_for(client.id)
    registered: dict[str, Any] = {}
    if registration is not None:
        roles = person.user.group_roles(client.id).union(registration.roles)
        registered = {"applicationId": str(client.id), "roles": sorted(roles)}
    told = {
        "sub": str(person.user.id),
        **user_claims(client.rules, person.user, scopes),
        **registered,
        "tid": str(client.tenant_id),
    }
    return populated(services, client, told, person, claims)


def introspect(services: Services, client: Client, token: str) -> dict[str, Any]:
    """What the token says, if it is an access token of this client, whose owner may still use it (RFC 7662, 2.2).

    Raises OAuthRefused for another client's.
    """
    claims = claims_of(services, token)
    if claims is None:
        return {"active": False}
    if claims.get("aud") != str(client.id) or claims.get("tid") != str(client.tenant_id):
        raise OAuthRefused(OAuthError.INVALID_CLIENT, "client_id_mismatch", "The token was issued to another client.")
    owner = _id(claims, "sub")
    if owner is not None and not _is_admitted(services, client, owner):
        return {"active": False}
    return {**claims, "active": True}


def _is_admitted(services: Services, client: Client, user_id: UUID) -> bool:
    with services.db.read() as conn:
        try:
            admitted(services, conn, client, user_id)
        except OAuthRefused:
            return False
    return True


def scopes_in(claims: Mapping[str, Any]) -> tuple[str, ...]:
    text = claims.get("scope")
    return tuple(text.split()) if isinstance(text, str) else ()


def _client_of(services: Services, claims: Mapping[str, Any]) -> Client | None:
    client_id, tenant_id = _id(claims, "aud"), _id(claims, "tid")
    return find_client(services, client_id, tenant_id) if client_id and tenant_id else None


def _id(claims: Mapping[str, Any], name: str) -> UUID | None:
    value = claims.get(name)
    return parse_uuid(value) if isinstance(value, str) else None


def _refused(reason: str, description: str) -> OAuthRefused:
    return OAuthRefused(OAuthError.INVALID_TOKEN, reason, description)
