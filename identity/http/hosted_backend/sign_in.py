"""/app/login and /app/register send a browser to the hosted login; /app/callback gives it its tokens, as cookies.

Source: supporting contract 22.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, request

from identity.domain.oauth import Grant, is_redirect_uri
from identity.domain.oauth_errors import OAuthRefused
from identity.flows.oauth.access_tokens import claims_of
from identity.flows.oauth.clients import Client
from identity.flows.oauth.exchange_code import CodeRequest, exchange_code
from identity.flows.oauth.tokens import OAuthTokens
from identity.flows.services import Services
from identity.http.client_address import client_address
from identity.http.hosted_backend.begun import Begun, TooLong, find, forget, keep
from identity.http.hosted_backend.cookies import TokenCookies
from identity.http.hosted_backend.parameters import client_of, read_once
from identity.http.hosted_backend.refusals import (
    CannotGoOn,
    not_enabled,
    not_of_this_browser,
    nowhere_to_return,
    refusal_page,
    refused,
    show_refusals,
    unreadable,
)
from identity.http.oauth.authorization import HOSTED_CALLBACK, hosted_callback
from identity.http.oauth.proof_key import challenge_of
from identity.http.pages.document import guarded
from identity.http.pages.errors import register_page_errors

blueprint = Blueprint("hosted_backend_pages", __name__)
register_page_errors(blueprint)
show_refusals(blueprint)

AUTHORIZE, REGISTER, LOGOUT = "/oauth2/authorize", "/oauth2/register", "/oauth2/logout"
SCOPE = "openid offline_access"
OURS = frozenset(
    {
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "nonce",
        "redirect_uri",
        "response_mode",
        "response_type",
        "scope",
        "state",
    }
)
"""What is ours to say in the authorization request; everything else is passed on as it came."""

PASSED_BACK = ("userState", "locale")
NEEDED = (Grant.AUTHORIZATION_CODE, Grant.REFRESH_TOKEN)


@blueprint.get("/app/login")
@blueprint.get("/app/login/<client_id>")
def login(client_id: str | None = None) -> Response:
    """To the hosted login page."""
    return _begin(client_id, AUTHORIZE)


@blueprint.get("/app/register")
@blueprint.get("/app/register/<client_id>")
def register(client_id: str | None = None) -> Response:
    """To the hosted registration; to the login page where nobody registers by oneself."""
    return _begin(client_id, REGISTER)


def _begin(path_id: str | None, screen: str) -> Response:
    services = _services()
    given = read_once(request.args)
    client = client_of(services, given, path_id)
    for grant in NEEDED:
        if not client.rules.allows(grant):
            raise not_enabled(grant.value)
    redirect_uri = given.get("redirect_uri") or next(iter(client.rules.redirect_uris), "")
    if not is_redirect_uri(client.rules, redirect_uri):
        raise nowhere_to_return()
    begun = Begun(
        client_id=str(client.id),
        redirect_uri=redirect_uri,
        state=given.get("state"),
        nonce=services.runtime.new_secret(),
        verifier=services.runtime.new_secret(),
        instant=services.runtime.now(),
    )
    state = services.runtime.new_secret()
    asked = _authorization(services, client, given, state, begun)
    response = _to(f"{screen if _registers(client) else AUTHORIZE}?{urlencode(asked)}")
    try:
        keep(services, request, response, state, begun)
    except TooLong:
        raise unreadable() from None
    return response


def _authorization(
    services: Services, client: Client, given: dict[str, str], state: str, begun: Begun
) -> dict[str, str]:
    free = {name: value for name, value in given.items() if name not in OURS}
    return {
        "tenantId": str(client.tenant_id),
        **free,
        "client_id": begun.client_id,
        "response_type": "code",
        "redirect_uri": hosted_callback(services),
        "scope": given.get("scope") or SCOPE,
        "state": state,
        "nonce": begun.nonce,
        "code_challenge": challenge_of(begun.verifier),
        "code_challenge_method": "S256",
    }


def _registers(client: Client) -> bool:
    settings = client.configuration.application.settings.get("registration_configuration") or {}
    return bool(settings.get("enabled"))


@blueprint.get(HOSTED_CALLBACK)
def callback() -> Response:
    """Back from the login: whatever comes of it, it came once."""
    services = _services()
    state = request.args.get("state", "")
    response = _either_way(lambda: _signed_in(services, state))
    forget(services, response, state)
    return response


def _signed_in(services: Services, state: str) -> Response:
    """Raises CannotGoOn."""
    given = read_once(request.args)
    begun = find(services, request, state)
    if begun is None:
        raise not_of_this_browser()
    client = client_of(services, {"client_id": begun.client_id}, given.get("client_id"))
    if not is_redirect_uri(client.rules, begun.redirect_uri):
        raise nowhere_to_return()
    if not given.get("code"):
        raise refused(given.get("error_reason") or given.get("error") or "missing_code")
    now = services.runtime.now()
    tokens = _exchanged(services, client, begun, given["code"])
    echoed = {name: given[name] for name in PASSED_BACK if name in given}
    own = {} if begun.state is None else {"state": begun.state}
    response = _to(_with_query(begun.redirect_uri, own | echoed))
    TokenCookies(services, request, response).give(client, tokens, tokens.refresh_token, now)
    return response


def _exchanged(services: Services, client: Client, begun: Begun, code: str) -> OAuthTokens:
    """Raises CannotGoOn."""
    wanted = CodeRequest(
        client,
        code,
        hosted_callback(services),
        challenge=challenge_of(begun.verifier),
        authenticated=True,  # we keep the client's secret ourselves
        ip_address=client_address(request),
        hosted=True,
    )
    try:
        tokens = exchange_code(services, wanted)
    except OAuthRefused as error:
        raise refused(error.problem.reason) from error
    if tokens.id_token is not None:
        claims = claims_of(services, tokens.id_token, id_token=True) or {}
        if claims.get("nonce") != begun.nonce:
            raise refused("invalid_nonce")
    return tokens


@blueprint.get("/app/logout")
@blueprint.get("/app/logout/<client_id>")
def logout(client_id: str | None = None) -> Response:
    """Forget the tokens here, then end the session at the hosted login; that checks where to go back to."""
    services = _services()
    response = _either_way(lambda: _signed_out(services, client_id))
    TokenCookies(services, request, response).take()
    return response


def _signed_out(services: Services, path_id: str | None) -> Response:
    """Raises CannotGoOn."""
    given = read_once(request.args)
    client = client_of(services, given, path_id)
    back = given.pop("post_logout_redirect_uri", None) or given.pop("redirect_uri", None)
    passed = {name: given[name] for name in ("tenantId", "state", "locale") if name in given}
    own = {"client_id": str(client.id)} | ({"post_logout_redirect_uri": back} if back else {})
    return _to(f"{LOGOUT}?{urlencode(own | passed)}")


def _either_way(work: Callable[[], Response]) -> Response:
    """Its answer, or the page that says why there is none: for what has to be done to cookies in any case."""
    try:
        return work()
    except CannotGoOn as error:
        return refusal_page(error)


def _services() -> Services:
    services: Services = current_app.extensions["identity"]
    return services


def _to(url: str) -> Response:
    services = _services()
    response = guarded(Response(headers={"Location": url}, status=302), secure=services.settings.secure_cookies)
    response.autocorrect_location_header = False
    return response


def _with_query(uri: str, members: dict[str, str]) -> str:
    """The URI stays as it was registered, byte for byte."""
    if not members:
        return uri
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(members)}"
