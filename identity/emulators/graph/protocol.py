"""The way of every call of Graph: its parameters and token, the proof of the app, faults, the work."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Response, request

from identity.emulators.calls import masked
from identity.emulators.exchange import Exchange, answered
from identity.emulators.faults import Fault, Stage
from identity.emulators.graph.emulator import Emulator, emulator
from identity.emulators.graph.faults import Endpoint
from identity.emulators.graph.options import App
from identity.emulators.graph.replies import (
    BY_CODE,
    BY_SUBCODE,
    MISSING_PROOF,
    NO_TOKEN,
    UNPARSABLE_TOKEN,
    WRONG_PROOF,
    GraphError,
    error_reply,
    refuse,
    session_error,
)
from identity.emulators.graph.spoil import OWN_DAMAGE
from identity.emulators.graph.tokens import Token
from identity.emulators.replies import Reply
from identity.emulators.spoil import HTML, PAGE, spoil

_SECRET_WORDS = ("secret", "token", "code", "proof")
_SCHEMES = ("bearer", "oauth")

GraphExchange = Exchange[Emulator]
Parameters = dict[str, str]
Work = Callable[[GraphExchange, Parameters], Reply]
"""What an endpoint does. Raises Refused."""


def answer(endpoint: Endpoint, work: Work) -> Response:
    """Serve the current request as one call of Graph."""
    exchange = GraphExchange(emulator(), endpoint, emulator().clock())
    return answered(exchange, lambda: _serve(exchange, work))


def _serve(exchange: GraphExchange, work: Work) -> Reply:
    given = {**request.args.to_dict(), **request.form.to_dict()}
    exchange.parameters = masked(tuple(given.items()), _SECRET_WORDS)
    exchange.application = given.get("client_id", "")
    token = exchange.emulator.tokens.token(token_text(given) or given.get("fb_exchange_token", ""))
    code = exchange.emulator.tokens.code(given.get("code", ""))
    grant = token.grant if token else code.grant if code else None
    if grant is not None:
        exchange.application, exchange.person = exchange.application or grant.app_id, grant.person
    exchange.hold_back()
    refused = exchange.strike(Stage.REFUSAL)
    if refused is not None:
        return _refusal(exchange, refused)
    reply = work(exchange, given)
    damage = exchange.strike(Stage.ANSWER)
    return spoil(damage, reply, OWN_DAMAGE) if damage else reply


def _refusal(exchange: GraphExchange, fault: Fault) -> Reply:
    code, status = fault.kind.code, fault.number("status")
    if code is None:
        return Reply(status, PAGE, HTML)
    if code in BY_SUBCODE:
        now = moment(exchange.now)
        return error_reply(session_error(code, app=exchange.application, expiry=now, now=now), status)
    return error_reply(BY_CODE[code], status)


def token_text(given: Parameters) -> str:
    """The token of a call: a parameter, or in the header as `Bearer` or `OAuth`."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return given.get("access_token") or (text.strip() if scheme.lower() in _SCHEMES else "")


def user_token(exchange: GraphExchange, given: Parameters) -> tuple[Token, App]:
    """The token of a call made for a person, and its app, whose proof is right. Raises Refused."""
    text = token_text(given)
    if not text or "|" in text:
        raise refuse(NO_TOKEN, "no token of a person")
    token, app = good_token(exchange.emulator, text, exchange.now)
    check_proof(app, text, given.get("appsecret_proof"))
    return token, app


def good_token(state: Emulator, text: str, now: float) -> tuple[Token, App]:
    """A token that is good now, and its app. Raises Refused."""
    token = state.tokens.token(text)
    app = state.settings.app(token.grant.app_id) if token else None
    if token is None or app is None:
        raise refuse(UNPARSABLE_TOKEN, "unknown access token")
    if (error := trouble(token, now)) is not None:
        raise refuse(error)
    return token, app


def trouble(token: Token, now: float) -> GraphError | None:
    """What is wrong with a token that was issued once."""
    ended = token.ended or (463 if now >= token.expires_at else None)
    if ended is None:
        return None
    return session_error(ended, app=token.grant.app_id, expiry=moment(token.expires_at), now=moment(now))


def check_proof(app: App, text: str, proof: str | None) -> None:
    """Raises Refused unless the proof is right, or absent where the app does not ask for it."""
    if proof is None:
        if app.require_proof:
            raise refuse(MISSING_PROOF)
        return
    wanted = hmac.new(app.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), proof.encode()):
        raise refuse(WRONG_PROOF)


def moment(seconds: float) -> str:
    """As Graph writes it, here always in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%A, %d-%b-%y %H:%M:%S UTC")


def document(token: Token) -> dict[str, Any]:
    """A token as the answer that hands it over."""
    seconds = int(token.expires_at - token.issued_at)
    return {"access_token": token.text, "token_type": "bearer", "expires_in": seconds}
