"""Where a sign-in stops: blocked by an action, expired, not registered, or failed. What to do is said on each page."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, g

from identity.domain.oauth_errors import OAuthError
from identity.domain.sign_in import Stage
from identity.http.oauth import authorization
from identity.http.pages.catalogue import msgid
from identity.http.pages.errors import FAULT
from identity.http.pages.hosted import PageCall, hosted_blueprint, page_route, show
from identity.http.pages.to_client import answered

blueprint = hosted_blueprint("stopped")

HEADLINE = msgid("You cannot sign in")
EXPIRED = msgid("This account has expired. An administrator can extend it.")
LAMBDA_FAILED = msgid("A rule of this service failed. It is not your fault; please try again later.")


@page_route(blueprint, Stage.BLOCKED.value, needs_sign_in=True)
def blocked(call: PageCall) -> Response:
    """A user action prevents the login: which, and until when."""
    return show(call, "blocked.html", actions=call.sign_in.shown.get("actions", ()), begin_again=begin_again(call))


@page_route(blueprint, Stage.EXPIRED.value, needs_sign_in=True)
def expired(call: PageCall) -> Response:
    return show(call, "stopped.html", headline=HEADLINE, text=EXPIRED, begin_again=begin_again(call))


@page_route(blueprint, Stage.NOT_REGISTERED.value, methods=("GET", "POST"), needs_sign_in=True)
def not_registered(call: PageCall) -> Response:
    """The application lets only its own people in. Its button sends the browser back with that error."""
    if call.request.method == "GET" or not call.sign_in.parameters:
        return show(call, "not_registered.html", begin_again=begin_again(call))
    return answered(call.services, lambda: _registration_required(call))


def _registration_required(call: PageCall) -> authorization.Answer:
    wanted = authorization.check(call.services, call.sign_in.parameters)
    why = "The user is not registered for this application."
    return authorization.refuse(wanted, OAuthError.ACCESS_DENIED, "registration_required", why)


@page_route(blueprint, Stage.ERROR.value, needs_sign_in=True)
def failed(call: PageCall) -> Response:
    return show(
        call,
        "error.html",
        headline=FAULT.headline,
        text=LAMBDA_FAILED,
        begin_again=begin_again(call),
        reference_id=call.sign_in.shown.get("trace") or g.request_id,
    )


def begin_again(call: PageCall) -> str | None:
    """The address of the client's own request; None when no client began. A session would lead here again."""
    parameters = call.sign_in.parameters
    return f"{Stage.SIGN_IN.value}?{urlencode({**parameters, 'prompt': 'login'})}" if parameters else None
