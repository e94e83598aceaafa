"""`/oauth/access_token`: a code, a short-lived token, or the app's own credentials buy a token."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response

from identity.emulators.graph.faults import Endpoint
from identity.emulators.graph.options import App
from identity.emulators.graph.protocol import GraphExchange, Parameters, answer, document, good_token
from identity.emulators.graph.replies import (
    EXPIRED_CODE,
    MALFORMED_CODE,
    MISSING_APP,
    MISSING_CODE,
    MISSING_REDIRECT,
    MISSING_SECRET,
    OTHER_REDIRECT,
    SESSION,
    UNKNOWN_APP,
    USED_CODE,
    WRONG_SECRET,
    GraphError,
    json_reply,
    refuse,
)
from identity.emulators.graph.tokens import CODE_SECONDS, Code
from identity.emulators.replies import Reply

blueprint = Blueprint("oauth", __name__)


@blueprint.route("/oauth/access_token", methods=["GET", "POST"])
def access_token() -> Response:
    """The three grants."""
    return answer(Endpoint.ACCESS_TOKEN, _grant)


def _grant(exchange: GraphExchange, given: Parameters) -> Reply:
    app = _app(exchange, given)
    match given.get("grant_type", "authorization_code"):
        case "authorization_code":
            return _by_code(exchange, app, given)
        case "fb_exchange_token":
            return _longer(exchange, app, given.get("fb_exchange_token", ""))
        case "client_credentials":
            return json_reply({"access_token": app.tokens[0], "token_type": "bearer"})
        case other:
            raise refuse(GraphError(100, f"(#100) Unsupported grant_type {other[:50]}"))


def _app(exchange: GraphExchange, given: Parameters) -> App:
    """The app by its own word. Raises Refused."""
    if not given.get("client_id"):
        raise refuse(MISSING_APP)
    app = exchange.emulator.settings.app(given["client_id"])
    if app is None:
        raise refuse(UNKNOWN_APP, "there is no such app")
    if not given.get("client_secret"):
        raise refuse(MISSING_SECRET)
    if not hmac.compare_digest(app.secret.encode(), given["client_secret"].encode()):
        raise refuse(WRONG_SECRET)
    return app


def _by_code(exchange: GraphExchange, app: App, given: Parameters) -> Reply:
    if not given.get("redirect_uri"):
        raise refuse(MISSING_REDIRECT)
    if not given.get("code"):
        raise refuse(MISSING_CODE)
    code = exchange.emulator.tokens.code(given["code"])
    _check_code(code, app, given["redirect_uri"], exchange.now)
    assert code is not None
    if not exchange.emulator.tokens.use(code.text):
        raise refuse(USED_CODE)
    seconds = exchange.emulator.settings.short_seconds
    return json_reply(document(exchange.emulator.tokens.issue(code.grant, exchange.now, seconds)))


def _check_code(code: Code | None, app: App, redirect_uri: str, now: float) -> None:
    """Raises Refused."""
    if code is None:
        raise refuse(MALFORMED_CODE, "unknown code")
    if code.grant.app_id != app.id:
        raise refuse(OTHER_REDIRECT, "the code was issued to another app")
    if code.redirect_uri != redirect_uri:
        raise refuse(OTHER_REDIRECT, "the redirect_uri is not that of the dialog")
    if code.used:
        raise refuse(USED_CODE)
    if now - code.issued_at > CODE_SECONDS:
        raise refuse(EXPIRED_CODE)


def _longer(exchange: GraphExchange, app: App, text: str) -> Reply:
    if not text:
        raise refuse(GraphError(1, "fb_exchange_token parameter not specified"))
    token, owner = good_token(exchange.emulator, text, exchange.now)
    if owner.id != app.id:
        raise refuse(
            GraphError(
                190, f"{SESSION}The access token does not belong to application {app.id}.", name="invalid_token"
            ),
            "the token was issued to another app",
        )
    seconds = exchange.emulator.settings.long_seconds
    return json_reply(document(exchange.emulator.tokens.issue(token.grant, exchange.now, seconds, long_lived=True)))
