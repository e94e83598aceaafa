"""Whether a request is what its consumer signed: read it, then check it in the order X can be seen to.

Its law: nothing is believed before the signature has matched, and a nonce is spent only by a request that did.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from dataclasses import dataclass

from identity.emulators.x import signature
from identity.emulators.x.options import Consumer, Settings
from identity.emulators.x.replies import refuse

TIMESTAMP_WINDOW = 300
"""Seconds that a timestamp may differ from the emulator's clock, either way."""

REMEMBERED_NONCES = 200_000
_FORM = "application/x-www-form-urlencoded"
_REQUIRED = ("oauth_consumer_key", "oauth_signature_method", "oauth_timestamp", "oauth_nonce", "oauth_signature")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it arrived, before anything was believed."""

    method: str
    url: str
    """Absolute, with the query."""
    authorization: str | None
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The parameters of a request by where they came from, and the text its signature must cover."""

    header: signature.Parameters
    form: signature.Parameters
    query: signature.Parameters
    base_string: str

    @property
    def parameters(self) -> signature.Parameters:
        """All of them, wherever they came from."""
        return (*self.query, *self.form, *self.header)

    def get(self, name: str) -> str:
        """The first value of a parameter; "" when it is absent."""
        return next((value for key, value in self.parameters if key == name), "")


@dataclass(frozen=True, slots=True)
class TokenSecret:
    """What a token's signature needs: its secret and the application it was issued to."""

    secret: str
    consumer_key: str


class Nonces:
    """The nonces already spent; the oldest are forgotten beyond REMEMBERED_NONCES."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[bytes] = set()
        self._order: deque[bytes] = deque()

    def spend(self, *parts: str) -> bool:
        """Remember this nonce; False when it was spent before."""
        mark = hashlib.sha256("\0".join(parts).encode()).digest()[:16]
        with self._lock:
            if mark in self._known:
                return False
            self._known.add(mark)
            self._order.append(mark)
            if len(self._order) > REMEMBERED_NONCES:
                self._known.discard(self._order.popleft())
        return True


def read(incoming: Incoming) -> SignedRequest:
    """Collect the parameters of a request. Raises Refused (215) when it is not an OAuth 1.0a request at all."""
    try:
        header = signature.authorization_parameters(incoming.authorization) if incoming.authorization else ()
        form = signature.encoded_parameters(_form_text(incoming))
        query = signature.encoded_parameters(incoming.url.partition("?")[2])
        text = signature.base_string(incoming.method, incoming.url, (*header, *form))
    except signature.Malformed as error:
        raise refuse(215, str(error)) from error
    signed = SignedRequest(header, form, query, text)
    _check_protocol(signed)
    return signed


def _form_text(incoming: Incoming) -> str:
    if incoming.content_type.partition(";")[0].strip().lower() != _FORM:
        return ""
    try:
        return incoming.body.decode("ascii")
    except UnicodeDecodeError as error:
        raise signature.Malformed("the form body is not percent-encoded") from error


def _check_protocol(signed: SignedRequest) -> None:
    names = [name for name, _ in signed.parameters if name.startswith("oauth_")]
    if not names:
        raise refuse(215, "no OAuth parameters")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise refuse(215, f"{', '.join(twice)} given more than once (RFC 5849, 3.2)")
    missing = [name for name in _REQUIRED if not signed.get(name)]
    if missing:
        raise refuse(215, f"{', '.join(missing)} missing")
    if "oauth_version" in names and signed.get("oauth_version") != "1.0":
        raise refuse(215, "oauth_version is not 1.0")


def check_application(signed: SignedRequest, settings: Settings, now: float) -> Consumer:
    """The application that signed, by its own word. Raises Refused: 32 for another, 135 outside the time window."""
    if signed.get("oauth_signature_method") != "HMAC-SHA1":
        raise refuse(32, "oauth_signature_method is not HMAC-SHA1")
    consumer = settings.consumer(signed.get("oauth_consumer_key"))
    if consumer is None:
        raise refuse(32, "unknown consumer key")
    timestamp = signed.get("oauth_timestamp")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise refuse(135, "oauth_timestamp is not a number of seconds")
    difference = int(timestamp) - int(now)
    if abs(difference) > TIMESTAMP_WINDOW:
        raise refuse(135, f"oauth_timestamp is {difference:+d} s from the emulator's clock")
    return consumer


def check_signature(signed: SignedRequest, consumer: Consumer, token: TokenSecret | None, nonces: Nonces) -> None:
    """Raises Refused (32) unless the signature matches and its nonce is fresh."""
    if token is not None and token.consumer_key != consumer.key:
        raise refuse(32, "the token was issued to another application")
    secret = token.secret if token else ""
    given = signed.get("oauth_signature")
    if not signature.same(signature.hmac_sha1(signed.base_string, consumer.secret, secret), given):
        raise refuse(32, _why_it_differs(signed, consumer, secret))
    marks = (consumer.key, signed.get("oauth_token"), signed.get("oauth_timestamp"), signed.get("oauth_nonce"))
    if not nonces.spend(*marks):
        raise refuse(32, "this nonce was used before")


def _why_it_differs(signed: SignedRequest, consumer: Consumer, secret: str) -> str:
    """Name the usual mistake if one explains the signature: its sender is a developer looking for exactly that."""
    over_tls = signed.base_string.replace("&http%3A", "&https%3A", 1)
    mistakes = {
        "the signature was made without the token secret": (signed.base_string, ""),
        "the signature was made for https": (over_tls, secret),
    }
    given = signed.get("oauth_signature")
    for reason, (text, token_secret) in mistakes.items():
        if signature.same(signature.hmac_sha1(text, consumer.secret, token_secret), given):
            return reason
    return "the signature does not match: compare the base string, the consumer secret and the token secret"
