"""/api/jwt: validate, issue and vend tokens. Source: login contract 10.4."""

from __future__ import annotations

from typing import Any

from flask import Response

from identity.domain.errors import invalid_field
from identity.flows.tokens import issue_token as flow
from identity.http.bearer import id_of, require_claims
from identity.http.fusionauth.login_response import REFRESH_COOKIE
from identity.http.fusionauth.respond import json_reply
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.jwt import TokenResponse, ValidateResponse, VendRequest
from identity.signing import LATEST_SECONDS

routes = Routes("JSON Web Tokens", "Validate, issue and vend access tokens.")
VEND = VendRequest()
VEND_ENDPOINT = "/api/jwt/vend"


@routes.get(
    "/api/jwt/validate",
    endpoint=None,
    scope=Scope.OWN,
    gives=ValidateResponse,
    statuses={401: "The token is missing, not ours, or expired."},
)
def validate_jwt(call: Call) -> dict[str, Any]:
    """The claims of an access token that still holds; a revoked refresh token does not end it."""
    return {"jwt": require_claims(call.services, call.request, call.now)}


@routes.get(
    "/api/jwt/issue",
    endpoint=None,
    scope=Scope.OWN,
    gives=TokenResponse,
    query={
        "applicationId": "The application the new token is for; required.",
        "refreshToken": "A refresh token of the owner, when one for the new application is wanted.",
    },
    statuses={202: "The owner is not registered for the application.", 401: "The token is missing or not valid."},
)
def issue_jwt(call: Call) -> Response:
    """An access token for another application of the same tenant, in exchange for one that holds."""
    claims = require_claims(call.services, call.request, call.now)
    application_id = call.uuid("applicationId")
    if application_id is None:
        raise invalid_field("applicationId", "missing")
    request = flow.IssueRequest(
        application_id=application_id,
        tenant_id=id_of(claims, "tid"),
        user_id=id_of(claims, "sub"),
        expires=int(claims["exp"]),
        auth_time=_seconds(claims.get("auth_time")),
        refresh_token=call.request.cookies.get(REFRESH_COOKIE) or call.text("refreshToken"),
    )
    issued = flow.issue_token(call.services, request)
    body = {"token": issued.token}
    if issued.refresh_token is not None:
        body["refreshToken"] = issued.refresh_token
    return json_reply(body, issued.verdict.value)


@routes.post(VEND_ENDPOINT, endpoint=VEND_ENDPOINT, takes=VendRequest, gives=TokenResponse)
def vend_jwt(call: Call) -> dict[str, Any]:
    """Sign claims of the caller's choice with a key of this service."""
    given = call.load(VEND)
    request = flow.VendRequest(
        given["claims"], call.tenant_id, key_id=given.get("key_id"), seconds=given["time_to_live_in_seconds"]
    )
    return {"token": flow.vend_token(call.services, request)}


def _seconds(value: Any) -> int | None:
    """A time that a claim holds; a vended token may hold anything."""
    return value if type(value) is int and 0 < value <= LATEST_SECONDS else None
