"""The protocol of the authorization endpoint: checking its request, and answering it by way of the browser.

`check`, `respond` and `refuse` are what the pages call; they show forms, and send each `Answer` on its way. A request
whose client or redirect URI is bad is never answered by redirect (RFC 6749, 4.1.2.1; security T23).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from identity.domain.bounds import storable
from identity.domain.oauth import (
    AuthorizationRequest,
    is_redirect_uri,
    read_authorization_request,
    response_mode_of,
)
from identity.domain.oauth_errors import OAuthError, OAuthProblem, OAuthRefused
from identity.flows.oauth.authorize import Granted, grant
from identity.flows.oauth.clients import Client, find_client
from identity.flows.services import Services
from identity.http.oauth.requests import once
from identity.wire import parse_uuid

__all__ = ["Answer", "AuthorizationError", "BadAuthorization", "Granted", "check", "refuse", "respond"]

PARAMETERS = (
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "idp_hint",
    "locale",
    "login_hint",
    "max_age",
    "metaData.device.description",
    "metaData.device.name",
    "metaData.device.type",
    "nonce",
    "prompt",
    "redirect_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "tenantId",
)
"""What is read of an authorization request; everything else is ignored (RFC 6749, 3.1)."""

HOSTED_CALLBACK = "/app/callback"
"""Where the hosted backend awaits the codes that it asks for in an application's name."""

Given = Mapping[str, str] | MultiDict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser brings to the client, and in which response mode."""

    redirect_uri: str
    mode: str
    members: Mapping[str, Any]


class BadAuthorization(Exception):
    """The client or the redirect URI is bad: the browser gets an error page, and no redirect."""

    def __init__(self, reason: str, description: str) -> None:
        super().__init__(reason)
        self.problem = OAuthProblem(OAuthError.INVALID_REQUEST, reason, description)


class AuthorizationError(Exception):
    """The request is refused, and its client is told by redirect."""

    def __init__(self, problem: OAuthProblem, parameters: Mapping[str, str]) -> None:
        super().__init__(f"{problem.error.value}: {problem.reason}")
        self.problem = problem
        members = problem.members() | _echoed(parameters.get("state"), parameters.get("locale"))
        self.answer = Answer(parameters["redirect_uri"], response_mode_of(parameters), members)


def check(services: Services, parameters: Given) -> AuthorizationRequest:
    """The request of these parameters, as they came (of a MultiDict also twice).

    Raises BadAuthorization, AuthorizationError.
    """
    return _check(services, parameters)[1]


def respond(services: Services, parameters: Given, granted: Granted) -> Answer:
    """What a completed login gives the client that asked for it.

    Raises BadAuthorization, AuthorizationError: the configuration may have changed since the request came.
    """
    client, request = _check(services, parameters)
    try:
        members = grant(services, client, request, granted)
    except OAuthRefused as refused:
        return refuse(request, refused.problem.error, refused.problem.reason, refused.problem.description)
    return _answer(request, members)


def refuse(request: AuthorizationRequest, error: OAuthError, reason: str, description: str) -> Answer:
    """The answer to a request that is in order and yet gets nothing."""
    return _answer(request, OAuthProblem(error, reason, description).members())


def _check(services: Services, given: Given) -> tuple[Client, AuthorizationRequest]:
    every = given if isinstance(given, MultiDict) else MultiDict(given)
    client, redirect_uri = _destination(services, every)
    parameters = {name: every[name] for name in PARAMETERS if name in every} | {"redirect_uri": redirect_uri}
    try:
        once(MultiDict((name, value) for name in PARAMETERS for value in every.getlist(name)))
        request = read_authorization_request(client.rules, client.id, client.tenant_id, parameters)
    except OAuthRefused as refused:
        raise AuthorizationError(refused.problem, parameters) from refused
    return client, request


def _destination(services: Services, given: MultiDict[str, str]) -> tuple[Client, str]:
    """The client, and where answers to it may go. Raises BadAuthorization."""
    client_id = _single(given, "client_id")
    if not client_id:
        raise BadAuthorization("missing_client_id", "The client_id parameter is missing.")
    tenant_id = _single(given, "tenantId")
    parsed, tenant = parse_uuid(client_id), parse_uuid(tenant_id) if tenant_id else None
    client = find_client(services, parsed, tenant) if parsed and (tenant or not tenant_id) else None
    if client is None:
        raise BadAuthorization("invalid_client_id", "The client_id parameter names no application.")
    redirect_uri = _single(given, "redirect_uri")
    if not redirect_uri:
        raise BadAuthorization("missing_redirect_uri", "The redirect_uri parameter is missing.")
    if not is_redirect_uri(client.rules, redirect_uri) and redirect_uri != hosted_callback(services):
        raise BadAuthorization("invalid_redirect_uri", "The redirect_uri is not one that the application registered.")
    return client, redirect_uri


def hosted_callback(services: Services) -> str:
    """Open to every application without being registered: it is ours, and takes only what it has begun itself."""
    return services.settings.base_url + HOSTED_CALLBACK


def _single(given: MultiDict[str, str], name: str) -> str:
    """Raises BadAuthorization."""
    values = given.getlist(name)
    if len(values) > 1 or not all(map(storable, values)):
        raise BadAuthorization(f"invalid_{name}", f"The {name} parameter must come once.")
    return values[0] if values else ""


def _echoed(state: str | None, locale: str | None) -> dict[str, str]:
    return {name: value for name, value in (("state", state), ("locale", locale)) if value is not None}


def _answer(request: AuthorizationRequest, members: Mapping[str, Any]) -> Answer:
    echoed = _echoed(request.state, request.locale)
    return Answer(request.redirect_uri, request.response_mode, {**members, **echoed})
