"""POST /api/identity-provider/start: begin a login at a provider, to be completed with a code.

An extension of ours, open to everybody. Source: login contract 4.1 and 4.4.
"""

from __future__ import annotations

from typing import Any

from flask import Response

from identity.flows.login.start_login import StartRefused, StartRequest, start_login
from identity.http.client_address import certain_address
from identity.http.fusionauth.address_limit import spend_start
from identity.http.fusionauth.login import tenant_scope
from identity.http.fusionauth.respond import refused_reply
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.login import StartLoginResponseSchema, StartLoginSchema
from identity.http.raw_member import state_of

routes = Routes(
    "Start login", "Begin a login at a provider. An extension: FusionAuth does so for other providers only."
)
_request = StartLoginSchema()


@routes.post(
    "/api/identity-provider/start",
    endpoint=None,
    scope=Scope.OWN,
    takes=StartLoginSchema,
    gives=StartLoginResponseSchema,
    statuses={
        401: "The provider may not be used, or did not let a login begin; the general error says why.",
        429: "Too many logins were begun from here; Retry-After says when to try again.",
    },
)
def start_identity_provider_login(call: Call) -> Response | dict[str, Any]:
    """Begin a login: send the browser to authorizationURL, then complete the login with the code.

    While the browser is away, completing answers 204. data.redirect_uri, which must be one of the application's
    authorizedRedirectURLs, is where the browser ends up.
    """
    tenant_id = tenant_scope(call)
    given = call.load(_request)
    wanted = StartRequest(
        application_id=given["application_id"],
        provider_id=given["identity_provider_id"],
        tenant_id=tenant_id,
        redirect_uri=given["data"].get("redirect_uri") or None,
        state=state_of(call.request),
        address=certain_address(call.request, call.services.settings.proxies),
    )
    spend_start(call)
    try:
        begun = start_login(call.services, wanted)
    except StartRefused as refused:
        return refused_reply(refused.problem)
    return {"code": begun.code, "authorizationURL": begun.authorization_url}
