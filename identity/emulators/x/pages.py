"""The pages for people: consent with an account to choose, the PIN, and the overview of the emulator."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from identity.emulators.x.calls import Call
from identity.emulators.x.emulator import Emulator, emulator
from identity.emulators.x.faults import Endpoint, Stage
from identity.emulators.x.options import OUT_OF_BAND
from identity.emulators.x.people import Person
from identity.emulators.x.tokens import RequestToken

blueprint = Blueprint("pages", __name__)

STYLE = (Path(__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'"
"""No form-action: browsers apply it to the redirect after a form as well, and that goes to the application."""

_LISTED = 100


def _page(template: str, status: int = 200, **values: object) -> Response:
    response = make_response(render_template(template, style=STYLE, **values), status)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/oauth/authenticate")
@blueprint.get("/oauth/authorize")
def consent() -> Response:
    """Leg two: ask who signs in. Unlike X, both addresses always ask, so that another person can be chosen."""
    found = _open_request(request.args.get("oauth_token", ""))
    if found is None:
        return _dead_token()
    people = emulator().people.first(_LISTED)
    wanted = request.args.get("screen_name", "").lower()
    people.sort(key=lambda person: person.screen_name.lower() != wanted)
    application = emulator().settings.consumer(found.consumer_key)
    return _page(
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
        return _page("message.html", 400, title="Nobody chosen", text="Go back and choose one of the accounts.")
    if state.fault(Endpoint.AUTHORIZE, person.key, Stage.CONSENT) is not None:
        return _denied(state, found)
    return _consented(state, found, person)


def _open_request(token: str) -> RequestToken | None:
    found = emulator().tokens.request(token, emulator().clock())
    return found if found is not None and found.person is None else None


def _dead_token() -> Response:
    text = "This sign-in request is unknown, was used before, or is older than ten minutes. Start again."
    return _page("message.html", 401, title="This request is no longer valid", text=text)


def _denied(state: Emulator, found: RequestToken) -> AnyResponse:
    state.tokens.discard(found.token)
    _note(state, found, None, "denied", "the person refused")
    if found.callback == OUT_OF_BAND:
        return _page("message.html", title="Refused", text="The application was not given access.")
    return redirect(_with_query(found.callback, {"denied": found.token}), 302)


def _consented(state: Emulator, found: RequestToken, person: Person) -> AnyResponse:
    authorised = state.tokens.authorise(found.token, person.key, state.clock())
    if authorised is None or authorised.verifier is None:
        return _dead_token()
    _note(state, found, person, "answered", "")
    if found.callback == OUT_OF_BAND:
        return _page("pin.html", pin=authorised.verifier, person=person)
    answer = {"oauth_token": authorised.token, "oauth_verifier": authorised.verifier}
    return redirect(_with_query(found.callback, answer), 302)


def _with_query(callback: str, members: dict[str, str]) -> str:
    parts = urlsplit(callback)
    query = "&".join(filter(None, (parts.query, urlencode(members))))
    return urlunsplit(parts._replace(query=query))


def _note(state: Emulator, found: RequestToken, person: Person | None, result: str, reason: str) -> None:
    call = Call(
        at=int(state.clock() * 1000),
        method=request.method,
        path=request.path,
        status=200 if found.callback == OUT_OF_BAND else 302,
        result=result,
        reason=reason,
        consumer=found.consumer_key,
        person=person.key if person else None,
        parameters=(("oauth_token", found.token),),
    )
    state.calls.add(call)


@blueprint.get("/")
def overview() -> Response:
    """Everything at a glance."""
    state = emulator()
    requests, accesses = state.tokens.newest(_LISTED)
    return _page(
        "overview.html",
        people=state.people.first(_LISTED),
        people_count=len(state.people),
        settings=state.settings,
        faults=state.faults.all()[:_LISTED],
        request_tokens=requests,
        access_tokens=accesses,
        calls=state.calls.newest(_LISTED),
        moment=_moment,
    )


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
