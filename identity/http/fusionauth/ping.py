"""PUT /api/login: a login that happened elsewhere counts here too. Source: supporting contract 15.2."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from identity.domain.errors import Unauthorized, invalid_field
from identity.domain.outcome import Verdict
from identity.flows.login import ping as flow
from identity.http import api_key
from identity.http.bearer import id_of, presented_token, require_claims
from identity.http.client_address import client_address
from identity.http.fusionauth.respond import accepted_reply, empty_reply
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.login import PingSchema
from identity.http.visit import user_agent

ENDPOINT = "/api/login"
REQUEST = PingSchema()
QUERY = {"ipAddress": "Where the user is; the caller's address unless given."}
STATUSES = {202: "Recorded; the user is not registered for the application.", 404: "Nobody who may log in there."}
routes = Routes("Ping", "Count a login that happened elsewhere.")


@routes.put(f"{ENDPOINT}/<user_id>/<application_id>", endpoint=ENDPOINT, statuses=STATUSES, query=QUERY)
def ping_by_ids(call: Call, user_id: UUID, application_id: UUID) -> Response:
    """Record a login of this user to this application."""
    return _ping(call, user_id, application_id, call.tenant_id)


@routes.put(
    ENDPOINT, endpoint=ENDPOINT, scope=Scope.OWN, takes=PingSchema, statuses=STATUSES, query=QUERY,
)  # fmt: skip
def ping(call: Call) -> Response:
    """With a key: the user and application of the body. With an access token: its own user and application."""
    with call.services.db.read() as conn:
        caller = api_key.find_caller(conn, call.request, call.now)
        if caller is not None:
            if not caller.may(ENDPOINT, call.request.method):
                raise Unauthorized
            tenant_id = api_key.scope(conn, call.request, caller)
    if caller is not None:
        given = call.load(REQUEST)
        return _ping(call, given["user_id"], given["application_id"], tenant_id, given.get("ip_address"))
    if presented_token(call.request) is None:
        raise Unauthorized
    claims = require_claims(call.services, call.request, call.now)
    if "applicationId" not in claims and "aud" not in claims:
        raise invalid_field("applicationId", "missing", "The access token is for no application.")
    application_id = id_of(claims, "applicationId" if "applicationId" in claims else "aud")
    return _ping(call, id_of(claims, "sub"), application_id, id_of(claims, "tid"))


def _ping(
    call: Call, user_id: UUID, application_id: UUID, tenant_id: UUID | None, address: str | None = None
) -> Response:
    request = flow.Ping(
        user_id,
        application_id,
        tenant_id,
        ip_address=client_address(call.request, address, call.text("ipAddress")),
        user_agent=user_agent(call.request),
    )
    verdict = flow.ping(call.services, request)
    return accepted_reply() if verdict is Verdict.NOT_REGISTERED else empty_reply()
