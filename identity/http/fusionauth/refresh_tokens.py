"""/api/jwt/refresh and /api/logout: use, read and revoke refresh tokens. Source: login contract 10.4."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from identity.domain.errors import NotFound, invalid_field
from identity.domain.outcome import Door
from identity.flows.tokens.refresh import RefreshRequest, refresh
from identity.flows.tokens.revoke import Revocation, log_out, revoke
from identity.http import body
from identity.http.client_address import client_address
from identity.http.fusionauth.login import tenant_scope
from identity.http.fusionauth.login_response import REFRESH_COOKIE, clear_token_cookies, set_token_cookies
from identity.http.fusionauth.respond import empty_reply, json_reply
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.jwt import (
    LogoutRequest,
    RefreshRequestSchema,
    RefreshResponse,
    RefreshTokenResponse,
    RevokeRequest,
    refresh_token_wire,
    refresh_wire,
)
from identity.http.key_or_token import key_or_token
from identity.store import refresh_tokens

ENDPOINT = "/api/jwt/refresh"
routes = Routes("Refresh tokens", "Use, read and revoke refresh tokens.")
REFRESH, REVOKE, LOGOUT = RefreshRequestSchema(), RevokeRequest(), LogoutRequest()


@routes.post(
    ENDPOINT,
    endpoint=None,
    scope=Scope.OWN,
    takes=RefreshRequestSchema,
    gives=RefreshResponse,
    door=Door.REFRESH,
)
def exchange_refresh_token(call: Call) -> Response:
    """A new access token for a refresh token, given in the cookie or in the body; the cookie wins."""
    tenant_id = tenant_scope(call)
    given = call.load(REFRESH)
    token = call.request.cookies.get(REFRESH_COOKIE) or given.get("refresh_token")
    if token is None:
        raise invalid_field("refreshToken", "missing")
    request = RefreshRequest(
        token,
        call.trace,
        seconds=given.get("time_to_live_in_seconds"),
        ip_address=client_address(call.request),
        tenant_id=tenant_id,
    )
    tokens = refresh(call.services, request)
    response = json_reply(refresh_wire(tokens))
    set_token_cookies(call, response, tokens)
    return response


@routes.get(f"{ENDPOINT}/<token_id>", endpoint=ENDPOINT, gives=RefreshTokenResponse)
def retrieve_refresh_token(call: Call, token_id: UUID) -> dict[str, Any]:
    """One refresh token record."""
    with call.services.db.read() as conn:
        record = refresh_tokens.get(conn, token_id, call.tenant_id)
    if record is None:
        raise NotFound
    return {"refreshToken": refresh_token_wire(record)}


@routes.get(ENDPOINT, endpoint=ENDPOINT, gives=RefreshTokenResponse, query={"userId": "The user; required."})
def retrieve_refresh_tokens(call: Call) -> dict[str, Any]:
    """The refresh token records of a user; never 404."""
    user_id = call.uuid("userId")
    if user_id is None:
        raise invalid_field("userId", "missing")
    with call.services.db.read() as conn:
        records = refresh_tokens.of_user(conn, user_id, call.tenant_id)
    return {"refreshTokens": [refresh_token_wire(record) for record in records]}


@routes.delete(f"{ENDPOINT}/<token_id>", endpoint=ENDPOINT, scope=Scope.OWN)
def revoke_refresh_token_by_id(call: Call, token_id: UUID) -> None:
    """Revoke one refresh token; with an access token instead of a key only the owner's own."""
    revoke(call.services, Revocation(token_id=token_id), **_who(call))


@routes.delete(
    ENDPOINT,
    endpoint=ENDPOINT,
    scope=Scope.OWN,
    takes=RevokeRequest,
    types=(body.JSON, body.FORM),
    query={
        "token": "Revoke this refresh token.",
        "userId": "Revoke the user's refresh tokens.",
        "applicationId": "Revoke those for this application.",
    },
    statuses={404: "There is no such refresh token."},
)
def revoke_refresh_tokens(call: Call) -> None:
    """Revoke by token, by user, by application, or by user and application. Parameters may come in a body."""
    who = _who(call)
    given = _given(call)
    if given.get("token"):
        wanted = Revocation(token=given["token"])
    else:
        wanted = Revocation(user_id=given.get("user_id"), application_id=given.get("application_id"))
    if wanted == Revocation():
        raise invalid_field("token", "missing")
    revoke(call.services, wanted, **who)


def _given(call: Call) -> dict[str, Any]:
    """The parameters: a JSON body, else a form or the query."""
    if body.has_body(call.request) and body.content_type(call.request) == body.JSON:
        return call.load(REVOKE)
    return {
        "token": call.text("token"),
        "user_id": call.uuid("userId"),
        "application_id": call.uuid("applicationId"),
    }


def _who(call: Call) -> dict[str, UUID | None]:
    """Who revokes: a key, with its tenant, or the owner of an access token. Raises Unauthorized."""
    acting = key_or_token(call.services, call.request, ENDPOINT, call.now)
    return {"tenant_id": acting.tenant_id, "owner_id": acting.owner_id}


@routes.post(
    "/api/logout",
    endpoint=None,
    scope=Scope.OWN,
    takes=LogoutRequest,
    query={"global": "Revoke all refresh tokens of the owner.", "refreshToken": "The token; wins over the cookie."},
)
def logout(call: Call) -> Response:
    """Clear both cookies and revoke the refresh token, if there is one. 200 also when nothing was sent."""
    given = call.load(LOGOUT) if body.has_body(call.request) else {}
    token = call.text("refreshToken") or given.get("refresh_token") or call.request.cookies.get(REFRESH_COOKIE)
    everywhere = call.flag("global") or bool(given.get("global_"))
    if token:
        log_out(call.services, token, everywhere=everywhere)
    response = empty_reply()
    clear_token_cookies(call, response)
    return response
