"""/app/refresh and /app/me: what a script of the application calls, with the cookies that the browser has.

Source: supporting contract 22. Which origins may call is what the system's CORS configuration says.
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request

from identity.domain.oauth_errors import OAuthError, OAuthProblem, OAuthRefused
from identity.domain.outcome import Door
from identity.flows.oauth.access_tokens import userinfo
from identity.flows.oauth.clients import find_client
from identity.flows.oauth.refresh_grant import RefreshGrant, refresh_tokens_of
from identity.flows.services import Services
from identity.http.client_address import client_address
from identity.http.hosted_backend.cookies import ACCESS, REFRESH, TokenCookies
from identity.http.hosted_backend.parameters import client_id_of
from identity.http.oauth.answers import json_answer, refusal
from identity.http.tracing import traced

blueprint = Blueprint("hosted_backend", __name__)

NO_TOKEN = OAuthProblem(OAuthError.INVALID_TOKEN, "missing_token", "There is no access token in the cookie app.at.")
NO_REFRESH_TOKEN = OAuthProblem(
    OAuthError.INVALID_REQUEST, "missing_refresh_token", "There is no refresh token in the cookie app.rt."
)
NO_CLIENT = OAuthProblem(OAuthError.INVALID_REQUEST, "invalid_client_id", "The client_id names no application.")


@blueprint.get("/app/me")
def me() -> Response:
    """Who is signed in: what userinfo says for the access token."""
    services: Services = current_app.extensions["identity"]
    token = request.cookies.get(ACCESS)
    if not token:
        return refusal(NO_TOKEN, 401)
    try:
        return json_answer(userinfo(services, token))
    except OAuthRefused as refused:
        return refusal(refused.problem)


@blueprint.post("/app/refresh")
@blueprint.post("/app/refresh/<client_id>")
def refresh(client_id: str | None = None) -> Response:
    """New tokens in the cookies. After a 400 the person has to sign in again; the cookies stay as they are, since
    another page of the browser may just have got new ones."""
    services: Services = current_app.extensions["identity"]
    named = client_id_of(request.args, client_id)
    client = find_client(services, named) if named else None
    if client is None:
        return refusal(NO_CLIENT, 400)
    token = request.cookies.get(REFRESH)
    if not token:
        return refusal(NO_REFRESH_TOKEN, 400)
    now = services.runtime.now()
    try:
        with traced(services.runtime, Door.REFRESH) as trace:
            grant = RefreshGrant(client, token, trace, ip_address=client_address(request), hosted=True)
            tokens = refresh_tokens_of(services, grant)
    except OAuthRefused as refused:
        return refusal(refused.problem, 400)
    response = Response(status=200)
    TokenCookies(services, request, response).give(client, tokens, tokens.refresh_token or token, now)
    return response
