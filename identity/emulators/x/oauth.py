"""The OAuth legs that an application calls, and verify_credentials: the three signed endpoints of X."""

from __future__ import annotations

import re
from dataclasses import replace

from flask import Blueprint, Response

from identity.emulators.replies import Refused, Reply
from identity.emulators.x.emulator import Emulator
from identity.emulators.x.faults import Endpoint
from identity.emulators.x.options import OUT_OF_BAND, Consumer
from identity.emulators.x.people import Person
from identity.emulators.x.profile import profile
from identity.emulators.x.protocol import XExchange, answer
from identity.emulators.x.replies import form_reply, json_reply, refuse, text_reply
from identity.emulators.x.spoil import rate_limit_headers
from identity.emulators.x.tokens import RATE_WINDOW, AccessToken
from identity.emulators.x.verification import SignedRequest, TokenSecret

blueprint = Blueprint("oauth", __name__)

USUAL_RATE_LIMIT = 75
_CALLBACK = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\x00-\x1f\x7f\\]+", re.IGNORECASE)
_SCRIPTS = ("javascript:", "data:", "vbscript:", "file:")
_TRUE = {"true", "t", "1"}


@blueprint.post("/oauth/request_token")
def request_token() -> Response:
    """Leg one: a temporary credential for a callback."""
    return answer(Endpoint.REQUEST_TOKEN, _no_token, _issue_request_token)


@blueprint.post("/oauth/access_token")
def access_token() -> Response:
    """Leg three: the verifier buys the access token."""
    return answer(Endpoint.ACCESS_TOKEN, _request_token_secret, _exchange)


@blueprint.get("/1.1/account/verify_credentials.json")
def verify_credentials() -> Response:
    """Who the access token stands for."""
    return answer(Endpoint.VERIFY_CREDENTIALS, _access_token_secret, _user)


def _no_token(_: Emulator, token: str) -> None:
    if token:
        raise refuse(215, "a request token is asked for without an oauth_token")


def _request_token_secret(emulator: Emulator, token: str) -> TokenSecret:
    found = emulator.tokens.request(token, emulator.clock())
    if found is None:
        raise _invalid_request_token()
    return TokenSecret(found.secret, found.consumer_key)


def _access_token_secret(emulator: Emulator, token: str) -> TokenSecret:
    if not token:
        raise refuse(220, "signed without an access token")
    found = emulator.tokens.access(token)
    if found is None:
        raise refuse(89, "unknown or revoked access token")
    return TokenSecret(found.secret, found.consumer_key)


def _invalid_request_token() -> Refused:
    reason = "unknown request token, or it expired, was denied or was exchanged before"
    return Refused(text_reply(401, "Invalid request token."), reason)


def _issue_request_token(exchange: XExchange, signed: SignedRequest, consumer: Consumer) -> Reply:
    callback = signed.get("oauth_callback")
    _check_callback(callback, consumer)
    issued = exchange.emulator.tokens.issue_request(consumer, callback, exchange.emulator.clock())
    return form_reply(
        {"oauth_token": issued.token, "oauth_token_secret": issued.secret, "oauth_callback_confirmed": "true"}
    )


def _check_callback(callback: str, consumer: Consumer) -> None:
    if not callback:
        raise refuse(215, "oauth_callback missing")
    if callback == OUT_OF_BAND:
        return
    if consumer.callbacks == ():
        raise refuse(417, "the application has no callbacks: only oob is allowed")
    if consumer.callbacks is not None and callback not in consumer.callbacks:
        raise refuse(415, "the callback is not among the approved ones of the application")
    if not is_callback(callback):
        raise refuse(415, "the callback is no absolute URL")


def is_callback(text: str) -> bool:
    """Whether a browser may be sent there: an absolute URL, of an app's own scheme too, never a script."""
    return len(text) <= 2_000 and _CALLBACK.fullmatch(text) is not None and not text.lower().startswith(_SCRIPTS)


def _exchange(exchange: XExchange, signed: SignedRequest, consumer: Consumer) -> Reply:
    now = exchange.emulator.clock()
    token, verifier = signed.get("oauth_token"), signed.get("oauth_verifier")
    key = exchange.emulator.tokens.redeem(token, verifier, now)
    if key is None:
        raise _why_not_redeemed(exchange, token, verifier)
    exchange.person = key
    person = _person(exchange, key)
    issued = exchange.emulator.tokens.issue_access(consumer, key, person.id, now)
    return form_reply(
        {
            "oauth_token": issued.token,
            "oauth_token_secret": issued.secret,
            "user_id": person.id,
            "screen_name": person.screen_name,
        }
    )


def _why_not_redeemed(exchange: XExchange, token: str, verifier: str) -> Refused:
    found = exchange.emulator.tokens.request(token, exchange.emulator.clock())
    if found is None:
        return _invalid_request_token()
    if found.person is None:
        reason = "nobody has consented to this request token"
    else:
        reason = "wrong oauth_verifier" if verifier else "oauth_verifier missing"
    return Refused(text_reply(401, "Error processing your OAuth request: Invalid oauth_verifier parameter"), reason)


def _user(exchange: XExchange, signed: SignedRequest, consumer: Consumer) -> Reply:
    token = exchange.emulator.tokens.access(signed.get("oauth_token"))
    if token is None:  # revoked since its signature was checked
        raise refuse(89, "unknown or revoked access token")
    limits = _count(exchange, token)
    document = profile(
        _person(exchange, token.person),
        email=_flag(signed, "include_email") and token.may_read_email and consumer.email_permission,
        entities=_flag(signed, "include_entities", "true"),
        status=not _flag(signed, "skip_status"),
    )
    return json_reply(document, headers=(*limits, ("x-access-level", "read")))


def _flag(signed: SignedRequest, name: str, usual: str = "false") -> bool:
    return (signed.get(name) or usual).lower() in _TRUE


def _count(exchange: XExchange, token: AccessToken) -> tuple[tuple[str, str], ...]:
    """The rate-limit headers of this call. Raises Refused (88) when a limit is set and used up."""
    reset = (int(exchange.now) // RATE_WINDOW + 1) * RATE_WINDOW
    limit = exchange.emulator.settings.rate_limit
    if limit is None:
        return rate_limit_headers(USUAL_RATE_LIMIT, USUAL_RATE_LIMIT - 1, reset)
    used = exchange.emulator.tokens.count_call(token.token, exchange.now)
    if used > limit:
        headers = rate_limit_headers(limit, 0, reset)
        refused = refuse(88, f"more than {limit} calls of this token in 15 minutes")
        raise Refused(replace(refused.reply, headers=(*refused.reply.headers, *headers)), refused.reason)
    return rate_limit_headers(limit, limit - used, reset)


def _person(exchange: XExchange, key: str) -> Person:
    person = exchange.emulator.people.find(key)
    if person is None:  # the people were reset while this call ran
        raise refuse(89, "the person of this token is gone")
    return person
