"""The way of every signed call: read, verify, let faults strike, do the work, record what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate

from flask import Request, Response, request

from identity.emulators.x.calls import Call, masked
from identity.emulators.x.emulator import Emulator, emulator
from identity.emulators.x.faults import Endpoint, Fault, Stage
from identity.emulators.x.options import Consumer
from identity.emulators.x.replies import Refused, Reply
from identity.emulators.x.spoil import refusal, spoil
from identity.emulators.x.verification import (
    Incoming,
    SignedRequest,
    TokenSecret,
    check_application,
    check_signature,
    read,
)

BREAK = "a fault of the emulator breaks this connection"
_BROKEN_LENGTH = 1_000
_LONGEST_BASE_STRING = 8_000


@dataclass(slots=True)
class Exchange:
    """One signed call while it is served; what is not yet known is None."""

    emulator: Emulator
    endpoint: Endpoint
    now: float
    """X's clock for this call: a clock-skew fault moves it."""
    signed: SignedRequest | None = None
    consumer: Consumer | None = None
    person: str | None = None
    struck: list[Fault] = field(default_factory=list)

    def strike(self, stage: Stage, kind: str | None = None) -> Fault | None:
        """The fault that strikes at this stage, remembered for the record."""
        fault = self.emulator.fault(self.endpoint, self.person, stage, kind)
        if fault is not None:
            self.struck.append(fault)
        return fault


FindToken = Callable[[Emulator, str], TokenSecret | None]
"""The secret of the token a call is signed with, None for a call without token. Raises Refused for an unknown one."""

Work = Callable[[Exchange, SignedRequest, Consumer], Reply]
"""What the endpoint does once the signature is believed. Raises Refused."""


def answer(endpoint: Endpoint, find_token: FindToken, work: Work) -> Response:
    """Serve the current request as one signed call of X."""
    exchange = Exchange(emulator(), endpoint, emulator().clock())
    result, reason = "answered", ""
    try:
        reply = _serve(exchange, find_token, work)
    except Refused as refused:
        reply, result, reason = refused.reply, "refused", refused.reason
    if exchange.struck:
        result = "fault" if result == "answered" else result
        reason = "; ".join(filter(None, (reason, *(f"fault: {fault.kind.name}" for fault in exchange.struck))))
    _record(exchange, reply, result, reason)
    if reply.waits:
        exchange.emulator.closing.wait(reply.waits)
    return to_response(reply, exchange.now)


def _serve(exchange: Exchange, find_token: FindToken, work: Work) -> Reply:
    exchange.signed = signed = read(incoming(request))
    exchange.person = exchange.emulator.person_of(signed.get("oauth_token"))
    _hold_back(exchange)
    skew = exchange.strike(Stage.BEFORE, "clock_skew")
    exchange.now += skew.number("seconds") if skew else 0
    exchange.consumer = consumer = check_application(signed, exchange.emulator.settings, exchange.now)
    token = find_token(exchange.emulator, signed.get("oauth_token"))
    check_signature(signed, consumer, token, exchange.emulator.nonces)
    refused = exchange.strike(Stage.REFUSAL)
    if refused is not None:
        return refusal(refused, exchange.now)
    reply = work(exchange, signed, consumer)
    damage = exchange.strike(Stage.ANSWER)
    return spoil(damage, reply) if damage else reply


def _hold_back(exchange: Exchange) -> None:
    slow = exchange.strike(Stage.BEFORE, "slow")
    milliseconds = exchange.emulator.settings.latency_ms + (slow.number("ms") if slow else 0)
    if milliseconds:
        exchange.emulator.closing.wait(milliseconds / 1000)


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


def to_response(reply: Reply, now: float) -> Response:
    """The HTTP answer, dated by X's clock. A breaking one promises more than it sends, then drops the connection."""
    response = Response(_broken() if reply.breaks else reply.body, reply.status, content_type=reply.content_type)
    if reply.breaks:
        response.content_length = _BROKEN_LENGTH
    for name, value in reply.headers:
        response.headers[name] = value
    response.headers["Date"] = formatdate(now, usegmt=True)
    response.headers["Cache-Control"] = "no-cache, no-store, must-revalidate, pre-check=0, post-check=0"
    return response


def _broken() -> Iterator[bytes]:
    yield b"{"
    raise ConnectionResetError(BREAK)


def _record(exchange: Exchange, reply: Reply, result: str, reason: str) -> None:
    signed = exchange.signed
    exchange.emulator.calls.add(
        Call(
            at=int(exchange.emulator.clock() * 1000),
            method=request.method,
            path=request.path,
            status=reply.status,
            result=result,
            reason=reason,
            consumer=exchange.consumer.key if exchange.consumer else "",
            person=exchange.person,
            parameters=masked(signed.parameters) if signed else (),
            base_string=signed.base_string[:_LONGEST_BASE_STRING] if signed else "",
        )
    )
