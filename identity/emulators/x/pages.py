"""The pages for people: consent with an account to choose, the PIN, and the overview of the emulator."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from identity.emulators.exchange import Exchange, note
from identity.emulators.faults import Stage
from identity.emulators.page import LISTED, overview_page, page, with_query
from identity.emulators.x.emulator import Emulator, emulator
from identity.emulators.x.faults import Endpoint
from identity.emulators.x.options import OUT_OF_BAND
from identity.emulators.x.people import Person
from identity.emulators.x.tokens import RequestToken

blueprint = Blueprint("pages", __name__)


@blueprint.get("/oauth/authenticate")
@blueprint.get("/oauth/authorize")
def consent() -> Response:
    """Leg two: ask who signs in. Unlike X, both addresses always ask, so that another person can be chosen."""
    found = _open_request(request.args.get("oauth_token", ""))
    if found is None:
        return _dead_token()
    people = emulator().people.first(LISTED)
    wanted = request.args.get("screen_name", "").lower()
    people.sort(key=lambda person: person.screen_name.lower() != wanted)
    application = emulator().settings.consumer(found.consumer_key)
    return page(
        "consent.html",
        people=people,
        token=found.token,
        application=application.name if application else found.consumer_key,
        asks_email=application is not None and application.email_permission,
        target=None if found.callback == OUT_OF_BAND else urlsplit(found.callback).netloc,
    )


@blueprint.post("/oauth/authenticate")
@blueprint.post("/oauth/authorize")
def choose() -> AnyResponse:
    """The person's answer: back to the application with a verifier, or with `denied`."""
    state = emulator()
    found = _open_request(request.form.get("oauth_token", ""))
    if found is None:
        return _dead_token()
    if "deny" in request.form:
        return _denied(state, found)
    person = state.people.find(request.form.get("person", ""))
    if person is None:
        return page("message.html", 400, title="Nobody chosen", text="Go back and choose one of the accounts.")
    if state.fault(Endpoint.AUTHORIZE, person.key, Stage.CONSENT) is not None:
        return _denied(state, found)
    return _consented(state, found, person)


def _open_request(token: str) -> RequestToken | None:
    found = emulator().tokens.request(token, emulator().clock())
    return found if found is not None and found.person is None else None


def _dead_token() -> Response:
    text = "This sign-in request is unknown, was used before, or is older than ten minutes. Start again."
    return page("message.html", 401, title="This request is no longer valid", text=text)


def _denied(state: Emulator, found: RequestToken) -> AnyResponse:
    state.tokens.discard(found.token)
    _note(state, found, None, "denied", "the person refused")
    if found.callback == OUT_OF_BAND:
        return page("message.html", title="Refused", text="The application was not given access.")
    return redirect(with_query(found.callback, {"denied": found.token}), 302)


def _consented(state: Emulator, found: RequestToken, person: Person) -> AnyResponse:
    authorised = state.tokens.authorise(found.token, person.key, state.clock())
    if authorised is None or authorised.verifier is None:
        return _dead_token()
    _note(state, found, person, "answered", "")
    if found.callback == OUT_OF_BAND:
        return page("pin.html", pin=authorised.verifier, person=person)
    answer = {"oauth_token": authorised.token, "oauth_verifier": authorised.verifier}
    return redirect(with_query(found.callback, answer), 302)


def _note(state: Emulator, found: RequestToken, person: Person | None, result: str, reason: str) -> None:
    exchange = Exchange(state, Endpoint.AUTHORIZE, state.clock(), found.consumer_key, person.key if person else None)
    exchange.parameters = (("oauth_token", found.token),)
    note(exchange, 200 if found.callback == OUT_OF_BAND else 302, result, reason)


@blueprint.get("/")
def overview() -> Response:
    """Everything at a glance."""
    requests, accesses = emulator().tokens.newest(LISTED)
    return overview_page(request_tokens=requests, access_tokens=accesses)
