"""/oauth2/token, /oauth2/userinfo, /oauth2/introspect and discovery. Source: supporting contract 21.2 and 21.3."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, current_app, request
from flask_smorest import Blueprint

from identity.domain.errors import NotFound
from identity.domain.oauth_errors import OAuthError, OAuthProblem, invalid_request
from identity.domain.outcome import Door
from identity.domain.trace import Trace
from identity.flows.oauth import access_tokens
from identity.flows.services import Services
from identity.http.bearer import SCHEME
from identity.http.oauth import documentation
from identity.http.oauth.answers import json_answer
from identity.http.oauth.client_authentication import authenticate
from identity.http.oauth.discovery import discovery_document
from identity.http.oauth.errors import register_oauth_errors
from identity.http.oauth.grants import AuthorizationCodeGrant, PasswordGrantType, RefreshTokenGrant
from identity.http.oauth.requests import OAuthRequest, read_form
from identity.http.oauth.server import Server
from identity.http.tracing import traced
from identity.wire import parse_uuid

blueprint = Blueprint(
    "OAuth 2 and OpenID Connect", __name__, description="What a client does with a code, a refresh token or a password."
)
DISCOVERY = "/.well-known/openid-configuration"
CACHE = "public, max-age=300"
"""As long as the key set may be kept: a rotation should be noticed."""

DOORS: Mapping[str, Door] = {"password": Door.PASSWORD, "refresh_token": Door.REFRESH}
"""Grants that are a login, or go on with one, leave a trace."""

server = Server()
for grant in (AuthorizationCodeGrant, RefreshTokenGrant, PasswordGrantType):
    server.register_grant(grant)


def exchange_for_tokens() -> Response:
    """Tokens for a code, a refresh token, or a user's password."""
    services = _services()
    form = read_form(request)
    if not form.get("grant_type"):
        raise invalid_request("missing_grant_type", "The grant_type parameter is missing.")
    door = DOORS.get(form["grant_type"])
    if door is None:
        return _token_response(services, form, Trace(services.runtime.now))
    with traced(services.runtime, door) as trace:
        return _token_response(services, form, trace)


def _token_response(services: Services, form: Mapping[str, str], trace: Trace) -> Response:
    response: Response = server.create_token_response(OAuthRequest(services, request, form, trace))
    return response


def tell_about_user() -> Response:
    """The claims of the user whose access token is shown."""
    header = request.headers.get("Authorization", "")
    if header[: len(SCHEME)].lower() != SCHEME:
        # No error code for who shows nothing (RFC 6750, 3.1).
        problem = OAuthProblem(OAuthError.INVALID_TOKEN, "access_token_missing", "An access token is needed.")
        return json_answer(problem.members(), 401, 'Bearer realm="identity"')
    return json_answer(access_tokens.userinfo(_services(), header[len(SCHEME) :].strip()))


def introspect_token() -> Response:
    """Whether an access token of the client holds, and what it says (RFC 7662)."""
    services = _services()
    asked = OAuthRequest(services, request, read_form(request), Trace(services.runtime.now))
    client = authenticate(asked, proof_key=False)
    return json_answer(access_tokens.introspect(services, client, asked.required("token")))


def discover() -> Response:
    """The document of the default tenant, or of the tenant in the query."""
    return _discovery(request.args.get("tenantId"))


def discover_of_tenant(tenant_id: str) -> Response:
    """The document of this tenant."""
    return _discovery(tenant_id)


def _discovery(tenant: str | None) -> Response:
    """Raises NotFound."""
    tenant_id = parse_uuid(tenant) if tenant else None
    if tenant and tenant_id is None:
        raise NotFound
    document = discovery_document(_services(), tenant_id)
    if document is None:
        raise NotFound
    response = json_answer(document)
    del response.headers["Pragma"]
    response.headers["Cache-Control"] = CACHE
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _services() -> Services:
    services: Services = current_app.extensions["identity"]
    return services


for path, methods, view, described in (
    ("/oauth2/token", ["POST"], exchange_for_tokens, documentation.TOKEN),
    ("/oauth2/userinfo", ["GET", "POST"], tell_about_user, documentation.USERINFO),
    ("/oauth2/introspect", ["POST"], introspect_token, documentation.INTROSPECTION),
    (DISCOVERY, ["GET"], discover, documentation.DISCOVERY),
    (f"/<tenant_id>{DISCOVERY}", ["GET"], discover_of_tenant, documentation.DISCOVERY_OF_TENANT),
):
    blueprint.route(path, methods=methods)(blueprint.doc(**described)(view))
register_oauth_errors(blueprint)
