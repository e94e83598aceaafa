"""/oauth2/callback: where providers send browsers back to (login contract 4.2 and 4.4, step 3).

A login that a page of the hosted login began goes on here, in the browser that began it and in no other. One that a
client began is only told that the browser is back.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Response, current_app, request

from identity.domain.errors import Invalid
from identity.domain.outcome import Door, LoginOutcome, Verdict
from identity.domain.sign_in import Stage
from identity.flows.hosted import round_trip
from identity.flows.hosted.carried import NotThisBrowser
from identity.flows.hosted.round_trip import CameBack, Over
from identity.flows.login.complete_login import complete_login
from identity.flows.login.login_attempt import LoginRequest
from identity.flows.login.reach_provider import CALLBACK_PATH
from identity.flows.login.return_to_login import Arrival, Found, Welcome, come_back, find_return
from identity.flows.services import Services
from identity.http import body
from identity.http.address_limit import limiting_failed_logins
from identity.http.client_address import certain_address
from identity.http.pages.catalogue import msgid
from identity.http.pages.document import guarded, page
from identity.http.pages.errors import error_page
from identity.http.pages.go_on import go_on, next_stage, shown_of
from identity.http.pages.hosted import (
    PageCall,
    hosted_blueprint,
    note_verdict,
    page_route,
    to_page,
    visit_of_page,
    with_sign_in,
)
from identity.http.tracing import traced

blueprint = hosted_blueprint("callback")

WORDS = {
    Arrival.DONE: (msgid("You are signed in"), msgid("You may close this window.")),
    Arrival.DENIED: (msgid("You are not signed in"), msgid("You said no. You may close this window.")),
}
"""Headline and text of a page that is only read."""

OVER = msgid("This sign-in is over"), msgid("It has expired, or it never began here. Please begin again.")
OF_ANOTHER = (
    msgid("This sign-in began in another browser"),
    msgid("It continues only where it began. If somebody sent you a link that led here, close this window."),
)


@page_route(blueprint, CALLBACK_PATH)
def back_from_provider(call: PageCall) -> Response:
    found = find_return(call.services, call.request.args)
    if found is None or found.login.browser is None:
        return _tell_client(call.services, found, confirmed=False)
    with traced(call.services.runtime, Door.COMPLETE_LOGIN) as trace:
        trace.tenant_id, trace.application_id = found.login.tenant_id, found.login.application_id
        trace.identity_provider_id = found.login.provider_id
        return _go_on(replace(call, trace=trace), found)


@blueprint.post(CALLBACK_PATH)
def confirm_return() -> Response:
    """The person has said that it was they who began the login."""
    services: Services = current_app.extensions["identity"]
    body.require_type(request, (body.FORM,))
    return _tell_client(services, find_return(services, body.read_form(request)), confirmed=True)


def _go_on(call: PageCall, found: Found) -> Response:
    try:
        back = round_trip.take(call.services, found, call.browser, visit_of_page(call))
    except NotThisBrowser:
        call.trace.add("Another browser began this login.", "4.2 step 4")
        return error_page(403, *OF_ANOTHER)
    except Over as over:
        with_sign_in(call, over.sign_in)
        call.trace.add("The return was used up by another call.", "4.2 step 4")
        return error_page(400, *OVER)
    call = with_sign_in(call, back.sign_in)
    if back.request is None:
        call.trace.add("The person said no at the provider.", "4.2 step 3")
        note_verdict(LoginOutcome(Verdict.REFUSED))
        return _to_sign_in(call, {"denied": back.provider_name})
    return _complete(call, back, replace(back.request, visit=visit_of_page(call)))


def _complete(call: PageCall, back: CameBack, wanted: LoginRequest) -> Response:
    try:
        outcome = limiting_failed_logins(
            call.services, call.request, lambda: complete_login(call.services, wanted, call.trace)
        )
    except Invalid as invalid:  # a lambda set what no user may have, or the application is gone
        outcome = LoginOutcome(Verdict.INVALID, errors=invalid)
    if next_stage(call, outcome) is not Stage.SIGN_IN:
        return go_on(call, outcome)
    note_verdict(outcome)
    return _to_sign_in(call, shown_of(outcome, call.trace) | {"provider": back.provider_name})


def _to_sign_in(call: PageCall, shown: dict[str, object]) -> Response:
    return to_page(call, Stage.SIGN_IN.value, replace(call.sign_in, ticket=None, proof=None, shown=shown))


def _tell_client(services: Services, found: Found | None, *, confirmed: bool) -> Response:
    welcome = come_back(services, found, certain_address(request, services.settings.proxies), confirmed=confirmed)
    secure: bool = services.settings.secure_cookies
    if welcome.arrival is Arrival.UNKNOWN:
        return error_page(400, *OVER)
    if welcome.arrival is Arrival.TO_CONFIRM:
        return _question(welcome, secure=secure)
    if welcome.redirect is not None:
        return guarded(Response(headers={"Location": welcome.redirect}, status=303), secure=secure)
    headline, text = WORDS[welcome.arrival]
    return page("notice.html", secure=secure, headline=headline, text=text)


def _question(welcome: Welcome, *, secure: bool) -> Response:
    return page(
        "confirm.html",
        secure=secure,
        form_to=tuple(filter(None, [welcome.redirect])),
        application_name=welcome.application_name,
        action=CALLBACK_PATH,
        brought=welcome.brought,
    )
