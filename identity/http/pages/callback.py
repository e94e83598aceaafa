"""/oauth2/callback: where providers send browsers back to (login contract 4.2 and 4.4, step 3)."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue

from identity.flows.login.reach_provider import CALLBACK_PATH
from identity.flows.login.return_to_login import Arrival, Welcome, come_back
from identity.http import body
from identity.http.client_address import certain_address
from identity.http.pages.catalogue import msgid
from identity.http.pages.document import guarded, page
from identity.http.pages.errors import register_page_errors

blueprint = Blueprint("pages", __name__, template_folder="templates")
register_page_errors(blueprint)

WORDS = {
    Arrival.DONE: (msgid("You are signed in"), msgid("You may close this window."), 200),
    Arrival.DENIED: (msgid("You are not signed in"), msgid("You said no. You may close this window."), 200),
    Arrival.UNKNOWN: (
        msgid("This sign-in is over"),
        msgid("It has expired, or it never began here. Please begin again."),
        400,
    ),
}
"""Headline, text and status of a page that is only read."""


@blueprint.get(CALLBACK_PATH)
def back_from_provider() -> ResponseReturnValue:
    return _answer(confirmed=False)


@blueprint.post(CALLBACK_PATH)
def confirm_return() -> ResponseReturnValue:
    """The person has said that it was they who began the login."""
    body.require_type(request, (body.FORM,))
    return _answer(confirmed=True)


def _answer(*, confirmed: bool) -> ResponseReturnValue:
    services = current_app.extensions["identity"]
    given = body.read_form(request) if confirmed else request.args.to_dict()
    address = certain_address(request, services.settings.proxies)
    welcome = come_back(services, given, address, confirmed=confirmed)
    secure: bool = services.settings.secure_cookies
    if welcome.arrival is Arrival.TO_CONFIRM:
        return _question(welcome, secure=secure)
    if welcome.redirect is not None:
        return guarded(Response(headers={"Location": welcome.redirect}, status=303), secure=secure)
    headline, text, status = WORDS[welcome.arrival]
    return page("notice.html", status, secure=secure, headline=headline, text=text)


def _question(welcome: Welcome, *, secure: bool) -> Response:
    return page(
        "confirm.html",
        secure=secure,
        form_to=tuple(filter(None, [welcome.redirect])),
        application_name=welcome.application_name,
        action=CALLBACK_PATH,
        brought=welcome.brought,
    )
