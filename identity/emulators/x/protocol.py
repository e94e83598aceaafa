"""The way of every signed call: read, verify, let faults strike, do the work."""

from __future__ import annotations

from collections.abc import Callable

from flask import Request, Response, request

from identity.emulators.calls import masked
from identity.emulators.exchange import Exchange, answered
from identity.emulators.faults import Stage
from identity.emulators.replies import Reply
from identity.emulators.spoil import spoil
from identity.emulators.x.emulator import Emulator, emulator
from identity.emulators.x.faults import Endpoint
from identity.emulators.x.options import Consumer
from identity.emulators.x.spoil import OWN_DAMAGE, refusal
from identity.emulators.x.verification import (
    Incoming,
    SignedRequest,
    TokenSecret,
    check_application,
    check_signature,
    read,
)

_LONGEST_BASE_STRING = 8_000
_UNCACHED = "no-cache, no-store, must-revalidate, pre-check=0, post-check=0"
_SECRET_WORDS = ("secret", "password", "verifier")
"""The base string is shown whole, verifier included, because it is there to be compared byte by byte: a verifier is
worth nothing without the token secret, which never travels."""

XExchange = Exchange[Emulator]

FindToken = Callable[[Emulator, str], TokenSecret | None]
"""The secret of the token a call is signed with, None for a call without token. Raises Refused for an unknown one."""

Work = Callable[[XExchange, SignedRequest, Consumer], Reply]
"""What the endpoint does once the signature is believed. Raises Refused."""


def answer(endpoint: Endpoint, find_token: FindToken, work: Work) -> Response:
    """Serve the current request as one signed call of X."""
    exchange = XExchange(emulator(), endpoint, emulator().clock())
    response = answered(exchange, lambda: _serve(exchange, find_token, work))
    response.headers["Cache-Control"] = _UNCACHED
    return response


def _serve(exchange: XExchange, find_token: FindToken, work: Work) -> Reply:
    signed = read(incoming(request))
    exchange.parameters = masked(signed.parameters, _SECRET_WORDS)
    exchange.base_string = signed.base_string[:_LONGEST_BASE_STRING]
    exchange.person = exchange.emulator.person_of(signed.get("oauth_token"))
    exchange.hold_back()
    skew = exchange.strike(Stage.BEFORE, "clock_skew")
    exchange.now += skew.number("seconds") if skew else 0
    consumer = check_application(signed, exchange.emulator.settings, exchange.now)
    exchange.application = consumer.key
    token = find_token(exchange.emulator, signed.get("oauth_token"))
    check_signature(signed, consumer, token, exchange.emulator.nonces)
    refused = exchange.strike(Stage.REFUSAL)
    if refused is not None:
        return refusal(refused, exchange.now)
    reply = work(exchange, signed, consumer)
    damage = exchange.strike(Stage.ANSWER)
    return spoil(damage, reply, OWN_DAMAGE) if damage else reply


def incoming(received: Request) -> Incoming:
    """The request as it must have been signed: the host is the one the caller named."""
    query = received.query_string.decode("latin-1")
    address = f"{received.scheme}://{received.host}{received.path}"
    return Incoming(
        method=received.method,
        url=f"{address}?{query}" if query else address,
        authorization=received.headers.get("Authorization"),
        content_type=received.headers.get("Content-Type", ""),
        body=received.get_data(),
    )
