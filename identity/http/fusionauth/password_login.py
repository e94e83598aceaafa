"""POST /api/login: the password door, a hot route. Source: supporting contract 15.1."""

from __future__ import annotations

from flask import Response

from identity.domain.outcome import Door
from identity.flows.login.password_login import PasswordRequest, log_in
from identity.http import api_key
from identity.http.fusionauth.address_limit import LIMITED, limiting_failures
from identity.http.fusionauth.login import caller_and_scope
from identity.http.fusionauth.login_response import TAIL_STATUSES, login_response
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.login import USUAL_TYPES, LoginResponseSchema, PasswordLoginSchema
from identity.http.visit import visit_of

ENDPOINT = "/api/login"
REQUEST = PasswordLoginSchema()
routes = Routes("Password login", "Log in with a login id and a password, or with a one-time password.")
STATUSES = (
    TAIL_STATUSES
    | LIMITED
    | {
        401: "An API key is needed.",
        404: "Nobody has this login id, or the password is wrong.",
        423: "The password is right, but the user is deactivated or locked out.",
    }
)


@routes.post(
    ENDPOINT,
    endpoint=None,
    scope=Scope.OWN,
    takes=PasswordLoginSchema,
    gives=LoginResponseSchema,
    statuses=STATUSES,
    door=Door.PASSWORD,
)
def log_in_with_password(call: Call) -> Response:
    """Log in. Without an applicationId into the tenant alone: there is no refresh token then."""
    call.json()  # syntax comes before fields
    caller, tenant_id = caller_and_scope(call)
    body = call.load(REQUEST)
    if tenant_id is None and body.get("application_id") is None:
        with call.services.db.read() as conn:
            tenant_id = api_key.only_tenant(conn)
    request = PasswordRequest(
        visit=visit_of(call.request, body, tenant_id),
        keyed=caller is not None and caller.may(ENDPOINT, "POST"),
        application_id=body.get("application_id"),
        login_id=body.get("login_id") or "",
        login_id_types=body["login_id_types"] or USUAL_TYPES,
        password=body.get("password") or "",
        one_time_password=body.get("one_time_password"),
    )
    return limiting_failures(call, lambda: login_response(call, log_in(call.services, request, call.trace)))
