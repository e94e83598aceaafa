"""The demo application's pages: sign in, come back, see who one is, refresh, sign out.

It runs no script, loads nothing from elsewhere, and changes nothing on a GET.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client import MismatchingStateError
from flask import Flask, Response, abort, current_app, make_response, redirect, render_template, request, session
from joserfc.errors import JoseError
from werkzeug.wrappers import Response as AnyResponse

from identity.emulators.demo.account import account_of, remembered
from identity.emulators.demo.options import DemoOptions
from identity.emulators.demo.relying_party import (
    IdTokenOfNow,
    claims_of,
    forget_old_starts,
    refreshed,
    relying_party,
    require_start,
)
from identity.emulators.demo.sessions import SealedCookies

STYLE = (Path(__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
COOKIE = "demo.session"
ACCOUNT = "account"
NOTICE = "notice"
SIGNED_OUT = "You have signed out."
log = logging.getLogger("identity.demo")

View = Callable[[], AnyResponse]


def create_app(options: DemoOptions) -> Flask:
    """The whole application; any number of processes may serve it."""
    app = Flask(__name__)
    app.session_interface = SealedCookies(options.client_secret)
    app.config.update(SESSION_COOKIE_NAME=COOKIE, SESSION_COOKIE_SAMESITE="Lax", MAX_CONTENT_LENGTH=16 * 1024)
    app.extensions["demo.options"] = options
    party = relying_party(app, options)
    app.before_request(_stay_at_home)
    app.after_request(_guard)
    _add_pages(app, options)
    _add_sign_in(app, options, party)
    _add_changes(app, options, party)
    return app


def _add_pages(app: Flask, options: DemoOptions) -> None:
    @app.get("/")
    def home() -> AnyResponse:
        """Who is signed in, or the way to sign in."""
        known = session.get(ACCOUNT)
        notice = session.pop(NOTICE, None)
        account = None if known is None else account_of(known, (options.url, options.service_url))
        return _page("home.html", account=account, notice=notice, service_url=options.service_url)

    @app.get("/favicon.ico")
    def icon() -> AnyResponse:
        """None; browsers ask for it unbidden."""
        return Response(status=204)


def _add_sign_in(app: Flask, options: DemoOptions, party: Any) -> None:
    @app.get("/login")
    @_explained
    def login() -> AnyResponse:
        """To the service's login page."""
        forget_old_starts(session)
        response: AnyResponse = party.authorize_redirect(options.callback_url)
        return response

    @app.get("/callback")
    @_explained
    def callback() -> AnyResponse:
        """Back from it: the code is exchanged, and the ID token looked at."""
        require_start(party, session, request.args.get("state"))
        token = party.authorize_access_token(claims_cls=IdTokenOfNow)
        session[ACCOUNT] = remembered(token, token.get("userinfo") or {}, party.userinfo(token=token))
        session[NOTICE] = "You have signed in."
        return redirect("/", 303)


def _add_changes(app: Flask, options: DemoOptions, party: Any) -> None:
    @app.post("/refresh")
    @_explained
    def refresh() -> AnyResponse:
        """New tokens for the refresh token, and what userinfo says now."""
        known = session.get(ACCOUNT)
        if known is None or not known["refresh_token"]:
            return redirect("/", 303)
        token = refreshed(party, known["refresh_token"])
        claims = claims_of(party, token) or known["claims"]
        session[ACCOUNT] = remembered(token, claims, party.userinfo(token=token))
        session[NOTICE] = "The tokens are new."
        return redirect("/", 303)

    @app.post("/logout")
    @_explained
    def logout() -> AnyResponse:
        """Forget here who it was, then let the service end its own session; it sends the browser back."""
        session.pop(ACCOUNT, None)
        session[NOTICE] = SIGNED_OUT
        ending = party.create_logout_url(post_logout_redirect_uri=options.start_url, client_id=options.client_id)
        return redirect(ending["url"], 303)


def _explained(view: View) -> View:
    """What goes wrong between the demo and the service, on a page: there is nobody else to tell."""

    @wraps(view)
    def explaining() -> AnyResponse:
        try:
            return view()
        except (AuthlibBaseError, JoseError) as refused:
            log.warning("demo application: refused: %r", str(refused))
            return _page("message.html", 400, title="That did not work", **_reasons(refused))
        except requests.RequestException as silent:
            log.warning("demo application: no answer: %r", str(silent))
            text = "The service did not answer as it should. Is it running?"
            return _page("message.html", 502, title="The service can not be reached", text=text, code="")

    return explaining


def _reasons(refused: AuthlibBaseError | JoseError) -> dict[str, str]:
    if isinstance(refused, MismatchingStateError):
        text = "This answer belongs to no sign-in of this browser, or it was used before. Begin again."
    else:
        text = str(refused.description or "")
    return {"code": str(refused.error or ""), "text": text}


def _page(template: str, status: int = 200, **values: object) -> Response:
    return make_response(render_template(template, style=STYLE, **values), status)


def _stay_at_home() -> AnyResponse | None:
    """Cookies belong to one host name: whoever comes by another is sent to ours. Another site's form does nothing."""
    own: DemoOptions = _options()
    if request.host != urlsplit(own.url).netloc:
        if request.method != "GET":
            abort(403)
        return redirect(own.start_url, 302)
    if request.method == "POST" and request.headers.get("Origin") != own.url:
        abort(403)
    return None


def _options() -> DemoOptions:
    options: DemoOptions = current_app.extensions["demo.options"]
    return options


def _guard(response: AnyResponse) -> AnyResponse:
    own = _options()
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src 'self' {own.service_url}; "
        f"form-action 'self' {own.service_url}; frame-ancestors 'none'; base-uri 'none'"
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"  # with less, its own forms would come with the origin "null"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    return response
