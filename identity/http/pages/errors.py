"""What a hosted page shows when something goes wrong: what happened, and what to do; never a cause.

Status and headers are those that the API answers to the same exception. Nothing here asks the database: the look comes
from copies that the process has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, current_app, g, request
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from identity.domain.sign_in import SignIn
from identity.domain.theme_style import OWN_STYLE
from identity.flows.hosted.carried import NotThisBrowser
from identity.http.fusionauth.respond import answer_to
from identity.http.limits import VERBS
from identity.http.pages.catalogue import msgid
from identity.http.pages.document import page

KEPT_HEADERS = ("Allow", "Retry-After")
BEGIN = "/oauth2/authorize"


class Words(NamedTuple):
    """What a page says: what happened, and what to do about it."""

    headline: str
    text: str


WORDS: Mapping[int, Words] = {
    400: Words(
        msgid("This request could not be read"),
        msgid("The address or the form is incomplete or was changed on its way here. Please begin again."),
    ),
    403: Words(
        msgid("This page is no longer valid"),
        msgid(
            "It is too old, or it was opened in another browser, or cookies are switched off. Please go back to the "
            "application and begin again."
        ),
    ),
    404: Words(
        msgid("There is no such page"),
        msgid("The address is wrong, or what it led to has expired or was used already. Please begin again."),
    ),
    405: Words(
        msgid("This page cannot be opened this way"),
        msgid("It belongs to a form of another page. Please begin again."),
    ),
    409: Words(
        msgid("Something changed meanwhile"),
        msgid("Somebody else changed the same thing at the same moment. Please try again."),
    ),
    413: Words(msgid("This is too much"), msgid("The form holds more than we accept. Please shorten what you typed.")),
    429: Words(
        msgid("Too many attempts"),
        msgid("This was done too often in a short time. Please wait a while, then try again."),
    ),
    503: Words(
        msgid("We will be right back"),
        msgid("The service is not available at the moment. Nothing was lost; please try again in a few moments."),
    ),
    504: Words(
        msgid("This could not be completed"),
        msgid("Another system that has to agree did not do so. Please try again later."),
    ),
}
NOT_BEGUN = msgid("This sign-in cannot begin")
OF_CLIENTS: Mapping[str, str] = {
    "client_id": msgid("The application that sent you here is not known. Please tell those who run it."),
    "redirect_uri": msgid("The application did not say where to return to, or has not registered the address."),
}
"""What is wrong with a request that a client made, by the parameter: the client can not be told."""

FAULT = Words(
    msgid("Something went wrong"),
    msgid("This is our fault, not yours. Please try again; if it happens again, tell support the reference below."),
)
"""For 500, and every status that has no words of its own."""


def register_page_errors(blueprint: Blueprint) -> None:
    """Pages instead of JSON for all exceptions of this blueprint's views."""
    for kind in (HTTPException, Exception):
        blueprint.register_error_handler(kind, _shown)


def error_page(
    status: int, headline: str | None = None, text: str | None = None, *, headers: Mapping[str, str] | None = None
) -> Response:
    """The page for a status, in the words of the table above or in others that were marked with `msgid`."""
    services = current_app.extensions["identity"]
    sign_in: SignIn = g.get("sign_in") or SignIn()
    known = services.configurations.at_hand(sign_in.application_id, sign_in.tenant_id)
    usual = WORDS.get(status, FAULT)
    response = page(
        "error.html",
        status,
        secure=services.settings.secure_cookies,
        locale=sign_in.locale,
        style=known.style if known else OWN_STYLE,
        application_name=known.application.name if known and known.application else "",
        headline=headline or usual.headline,
        text=text or usual.text,
        reference_id=g.trace.id if "trace" in g else g.request_id,
        begin_again=f"{BEGIN}?{urlencode(sign_in.parameters)}" if sign_in.parameters else None,
    )
    response.headers.update(headers or {})
    return response


def no_way_to_the_client(reason: str) -> Response:
    """The page for a request of a client that is not answered by a redirect. `reason` ends with the parameter."""
    return error_page(400, NOT_BEGUN, next((text for name, text in OF_CLIENTS.items() if reason.endswith(name)), None))


def _shown(error: Exception) -> Response:
    if isinstance(error, NotThisBrowser):
        return error_page(403)
    answer = answer_to(error)
    return error_page(
        answer.status_code, headers={name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
    )


def register_routing_errors(app: Flask) -> None:
    """What no view was found for never reaches a blueprint: a wrong method for a page, and an address of nothing."""
    for status in (404, 405):
        app.register_error_handler(status, _unrouted)


def _unrouted(error: HTTPException) -> Response:
    if _is_page(request.endpoint):
        return _shown(error)
    if isinstance(error, MethodNotAllowed):
        return (
            _shown(error)
            if request.method in VERBS and _is_page(_endpoint_of_another_method(error))
            else answer_to(error)
        )
    return _shown(error) if request.method == "GET" and _from_a_person() else answer_to(error)


def _is_page(endpoint: str | None) -> bool:
    handlers = current_app.error_handler_spec[(endpoint or "").rpartition(".")[0] or None][None]
    return handlers.get(Exception) is _shown


def _endpoint_of_another_method(error: MethodNotAllowed) -> str | None:
    adapter, methods = request_ctx.url_adapter, error.valid_methods
    if adapter is None or not methods:
        return None
    endpoint: str = adapter.match(method=next(iter(methods)))[0]
    return endpoint


def _from_a_person() -> bool:
    """Browsers ask for HTML by name when somebody follows a link or types an address."""
    return "text/html" in request.headers.get("Accept", "") and not request.path.startswith(("/api/", "/app/"))
