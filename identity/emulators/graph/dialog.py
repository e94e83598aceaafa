"""The pages for people: the Login dialog with an account to choose, and the overview of the emulator."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from identity.emulators.exchange import Exchange, note
from identity.emulators.faults import Stage
from identity.emulators.graph.emulator import Emulator, emulator
from identity.emulators.graph.faults import Endpoint
from identity.emulators.graph.options import App
from identity.emulators.graph.people import Person
from identity.emulators.graph.tokens import Grant
from identity.emulators.page import LISTED, overview_page, page, with_query

blueprint = Blueprint("dialog", __name__)

EMAIL = "email"
PUBLIC = "public_profile"
REFUSED = {
    "error": "access_denied",
    "error_code": "200",
    "error_description": "Permissions error",
    "error_reason": "user_denied",
}
_ADDRESS = re.compile(r"https?://[^\s\x00-\x1f\x7f\\]+", re.IGNORECASE)
_FRAGMENT = "_=_"
"""Facebook ends the address with this one when there is none."""


class Unusable(Exception):
    """A dialog that is not shown: nobody is sent anywhere. The message is for the person."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What an app asks a person for."""

    app: App
    redirect_uri: str
    state: str | None
    scopes: tuple[str, ...]

    @property
    def asks_email(self) -> bool:
        return EMAIL in self.scopes


@blueprint.errorhandler(Unusable)
def _unusable(error: Unusable) -> Response:
    return page("message.html", 400, title="This sign-in can not go on", text=str(error))


@blueprint.get("/dialog/oauth")
def consent() -> Response:
    """Ask who signs in. Unlike Facebook, always, so that another person can be chosen."""
    wish = _wish(request.args)
    people = emulator().people.first(LISTED)
    return page("consent.html", people=people, wish=wish, target=urlsplit(wish.redirect_uri).netloc)


@blueprint.post("/dialog/oauth")
def choose() -> AnyResponse:
    """The person's answer: back to the app with a code, or with an error."""
    wish, state = _wish(request.args), emulator()
    if "deny" in request.form:
        return _denied(state, wish, None)
    person = state.people.find(request.form.get("person", ""))
    if person is None:
        return page("message.html", 400, title="Nobody chosen", text="Go back and choose one of the accounts.")
    if state.fault(Endpoint.DIALOG, person.key, Stage.CONSENT) is not None:
        return _denied(state, wish, person)
    scopes = tuple(scope for scope in wish.scopes if scope != EMAIL or "without_email" not in request.form)
    code = state.tokens.issue_code(Grant(wish.app.id, person.key, scopes), wish.redirect_uri, state.clock())
    return _back(state, wish, person, {"code": code.text}, "")


def _wish(given: MultiDict[str, str]) -> Wish:
    """Raises Unusable."""
    app = emulator().settings.app(given.get("client_id", ""))
    if app is None:
        raise Unusable("Invalid App ID: the provided app ID does not look like a valid app ID.")
    redirect_uri = given.get("redirect_uri", "")
    if not is_address(redirect_uri):
        raise Unusable("Invalid redirect_uri: given URL is not allowed by the application configuration.")
    if app.redirect_uris is not None and redirect_uri not in app.redirect_uris:
        raise Unusable(
            "URL blocked: this redirect failed because the redirect URI is not among the valid OAuth redirect URIs "
            "of the app."
        )
    if given.get("response_type", "code") != "code":
        raise Unusable("Of the response types this emulator has code only.")
    return Wish(app, redirect_uri, given.get("state"), _scopes(app, given.get("scope", "")))


def is_address(text: str) -> bool:
    """Whether a browser may be sent there: an absolute URL of http or https."""
    return len(text) <= 2_000 and _ADDRESS.fullmatch(text) is not None


def _scopes(app: App, text: str) -> tuple[str, ...]:
    asked = [scope for scope in re.split(r"[,\s]+", text) if scope]
    if unknown := set(asked) - {EMAIL, PUBLIC}:
        raise Unusable(f"Invalid Scopes: {', '.join(sorted(unknown))[:200]}.")
    email = (EMAIL,) if EMAIL in asked and app.email_permission else ()
    return (PUBLIC, *email)


def _denied(state: Emulator, wish: Wish, person: Person | None) -> AnyResponse:
    return _back(state, wish, person, REFUSED, "the person refused")


def _back(state: Emulator, wish: Wish, person: Person | None, members: dict[str, str], reason: str) -> AnyResponse:
    exchange = Exchange(state, Endpoint.DIALOG, state.clock(), wish.app.id, person.key if person else None)
    exchange.parameters = (("redirect_uri", wish.redirect_uri), ("scope", ",".join(wish.scopes)))
    note(exchange, 302, "denied" if reason else "answered", reason)
    passed_on = {} if wish.state is None else {"state": wish.state}
    url = with_query(wish.redirect_uri, members | passed_on)
    return redirect(url if urlsplit(url).fragment else f"{url}#{_FRAGMENT}", 302)


@blueprint.get("/")
def overview() -> Response:
    """Everything at a glance."""
    codes, tokens = emulator().tokens.newest(LISTED)
    return overview_page(codes=codes, tokens=tokens)
