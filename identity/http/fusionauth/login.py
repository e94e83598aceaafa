"""POST /api/identity-provider/login: Complete-Login, a hot route, open to everybody (login contract section 3)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import ValidationError

from identity.domain.access import Caller
from identity.domain.errors import Invalid, Unauthorized
from identity.domain.outcome import Door
from identity.flows.login.complete_login import complete_login
from identity.flows.login.login_attempt import LoginRequest
from identity.http import api_key
from identity.http.fusionauth.address_limit import LIMITED, limiting_failures
from identity.http.fusionauth.login_response import TAIL_STATUSES, login_response
from identity.http.fusionauth.respond import invalid_from
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.login import CompleteLoginSchema, LoginResponseSchema
from identity.http.visit import visit_of

routes = Routes("Login", "Complete a login that a custom login page began at a provider.")
REQUEST = CompleteLoginSchema()

STATUSES = (
    TAIL_STATUSES
    | LIMITED
    | {
        204: "The person has not come back from the provider yet: ask again.",
        232: "The person is known to the provider but linked to no user; the body has a pending link id.",
        401: "The provider did not vouch for the person, or may not be used; the general error says why.",
        404: "No link exists and none may be made, or the user is deactivated.",
        512: "A lambda failed.",
    }
)


@routes.post(
    "/api/identity-provider/login",
    endpoint=None,
    scope=Scope.OWN,
    takes=CompleteLoginSchema,
    gives=LoginResponseSchema,
    statuses=STATUSES,
    door=Door.COMPLETE_LOGIN,
)
def complete_identity_provider_login(call: Call) -> Response:
    """Complete a login with what the provider returned to the login page."""
    body, tenant_id = _read(call)
    request = _request(call, body, tenant_id)
    return limiting_failures(call, lambda: login_response(call, complete_login(call.services, request, call.trace)))


def _read(call: Call) -> tuple[dict[str, Any], UUID | None]:
    """The body and the tenant scope. Raises Invalid with every wrong field and a wrong header at once (row 2)."""
    call.json()  # syntax comes before fields
    wrong, body, tenant_id = Invalid(), {}, None
    try:
        tenant_id = tenant_scope(call)
    except Invalid as error:
        wrong = error
    try:
        body = call.load(REQUEST)
    except ValidationError as error:
        refused = invalid_from(error)
        wrong = Invalid(wrong.field_errors | refused.field_errors, refused.general_errors)
    if wrong.field_errors or wrong.general_errors:
        raise wrong
    return body, tenant_id


def tenant_scope(call: Call) -> UUID | None:
    """The tenant named by the header or a locked key; whether it exists shows with the application (row 3)."""
    return caller_and_scope(call)[1]


def caller_and_scope(call: Call) -> tuple[Caller | None, UUID | None]:
    """Who calls, if a key says so, and the tenant scope."""
    named = api_key.named_tenant(call.request)
    if "Authorization" not in call.request.headers:
        return None, named
    with call.services.db.read() as conn:
        caller = api_key.find_caller(conn, call.request, call.now)
    locked = caller.tenant_id if caller else None
    if locked is not None and named not in (None, locked):
        raise Unauthorized
    return caller, locked or named


def _request(call: Call, body: dict[str, Any], tenant_id: UUID | None) -> LoginRequest:
    return LoginRequest(
        application_id=body["application_id"],
        provider_id=body["identity_provider_id"],
        data=body["data"],
        visit=visit_of(call.request, body, tenant_id),
        connection_test_id=body.get("connection_test_id"),
        no_link=body["no_link"],
    )
