"""/oauth2/logout: the browser signs out and goes back to the application, or to a page that says so.

Nobody is asked whether they mean it, as in FusionAuth: cookies that are Lax come only with a navigation of the whole
window, and what another site can cause by one is that somebody has to sign in again.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Response

from identity.domain.sign_in import SignIn
from identity.flows.hosted.sign_out import SignedOut, SignOutRequest, sign_out
from identity.http.pages.catalogue import msgid
from identity.http.pages.client_form import by_address
from identity.http.pages.errors import error_page
from identity.http.pages.hosted import PageCall, elsewhere, hosted_blueprint, page_route, show
from identity.http.pages.sso_cookie import forget_session, session_of

blueprint = hosted_blueprint("logout")
PATH = "/oauth2/logout"
PARAMETERS = ("client_id", "id_token_hint", "post_logout_redirect_uri", "state", "tenantId")
REFRESH_AFTER = 3
"""Seconds that the applications' own pages get to load before the browser goes on."""

HEADLINE = msgid("You have signed out")
CLOSE = msgid("You may close this window.")
GO_BACK = msgid("The way back to the application is not one that is known here. You may close this window.")


@page_route(blueprint, PATH)
def signed_out(call: PageCall) -> Response:
    wanted = SignOutRequest(
        client_id=call.request.args.get("client_id"),
        id_token_hint=call.request.args.get("id_token_hint"),
        post_logout_redirect_uri=call.request.args.get("post_logout_redirect_uri"),
        state=call.request.args.get("state"),
        tenant_id=call.request.args.get("tenantId"),
    )
    done = sign_out(call.services, wanted, session_of(call.request, call.services))
    response = _answer(call, done)
    forget_session(response, call.services)
    return response


@blueprint.post(PATH)
def by_form() -> Response:
    """A client's own form does what a link does."""
    return by_address(PATH, PARAMETERS)


def _answer(call: PageCall, done: SignedOut) -> Response:
    if done.problem is not None:
        return error_page(400, HEADLINE, GO_BACK)
    if done.destination is not None and not done.frames:
        return elsewhere(call, done.destination)
    configuration = done.configuration
    place = SignIn(
        tenant_id=configuration.tenant.id if configuration else None,
        application_id=configuration.application_id if configuration else None,
    )
    response = show(
        replace(call, sign_in=place),
        "signed_out.html",
        headline=HEADLINE,
        text=CLOSE,
        destination=done.destination,
        frames=done.frames,
    )
    if done.destination is not None:
        response.headers["Refresh"] = f"{REFRESH_AFTER}; url={done.destination}"
    return response
