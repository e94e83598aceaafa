"""A login's outcome as FusionAuth's clients expect it: which members each verdict has, and the two cookies.

Source: login contract 3.3, 3.4 and 3.9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from flask import Response
from werkzeug.http import http_date

from identity.domain.errors import Invalid
from identity.domain.outcome import LoginOutcome, Tokens, Verdict
from identity.domain.standing import PreventingAction
from identity.http.bearer import ACCESS_COOKIE
from identity.http.fusionauth.respond import empty_reply, errors_json, json_reply
from identity.http.fusionauth.routes import Call
from identity.http.fusionauth.schemas.users import method_wire, user_wire
from identity.http.trust_cookie import set_trust_cookie, uses_https
from identity.store.registrations import opened

REFRESH_COOKIE = "refresh_token"


def login_response(call: Call, outcome: LoginOutcome) -> Response:
    """Status, body and cookies of an outcome."""
    status = outcome.verdict.value
    refused = outcome.errors or (Invalid(general_errors=[outcome.problem]) if outcome.problem is not None else None)
    if refused is not None:
        return json_reply(errors_json(refused), status)
    body = _BODIES[outcome.verdict](call, outcome)
    if body is None:
        return empty_reply(status)
    if outcome.state is not None:
        body["state"] = orjson.Fragment(outcome.state)  # the client's own text, byte for byte
    if outcome.trust_token is not None:
        body["trustToken"] = outcome.trust_token
    if outcome.two_factor_trust is not None:
        body["twoFactorTrustId"] = outcome.two_factor_trust
    response = json_reply(body, status)
    if outcome.tokens is not None:
        set_token_cookies(call, response, outcome.tokens)
    if outcome.two_factor_trust is not None:
        trust, seconds = outcome.two_factor_trust, outcome.two_factor_trust_seconds
        set_trust_cookie(call.services, call.request, response, trust, seconds)
    return response


def _logged_in(call: Call, outcome: LoginOutcome) -> dict[str, Any]:
    if outcome.user is None:  # a connection test: nothing was issued (login contract 2.11)
        return {}
    sealer = call.services.sealer
    registrations = [opened(registration, sealer) for registration in outcome.registrations]
    body: dict[str, Any] = {"user": user_wire(outcome.user, registrations)}
    return body if outcome.tokens is None else body | tokens_wire(outcome.tokens)


def _email_unverified(call: Call, outcome: LoginOutcome) -> dict[str, Any]:
    """The id only where a code has to be given with it: strategy FormField."""
    ids = {"emailVerificationId": outcome.ticket, "identityVerificationId": outcome.ticket} if outcome.ticket else {}
    return _logged_in(call, outcome) | ids


def _registration_unverified(call: Call, outcome: LoginOutcome) -> dict[str, Any]:
    ids = {"registrationVerificationId": outcome.ticket} if outcome.ticket else {}
    return _logged_in(call, outcome) | ids


def _password_change(_: Call, outcome: LoginOutcome) -> dict[str, Any]:
    assert outcome.change_reason is not None  # the gate that decided looks at it
    return {"changePasswordId": outcome.ticket, "changePasswordReason": outcome.change_reason.value}


def _second_factor(_: Call, outcome: LoginOutcome) -> dict[str, Any]:
    body: dict[str, Any] = {
        "methods": [method_wire(method) for method in outcome.standing.methods],
        "twoFactorId": outcome.ticket,
    }
    return body | ({"configurableMethods": list(outcome.configurable_methods)} if outcome.configurable_methods else {})


def _prevented(_: Call, outcome: LoginOutcome) -> dict[str, Any]:
    return {"actions": [action_wire(action) for action in outcome.actions]}


def _pending(_: Call, outcome: LoginOutcome) -> dict[str, Any]:
    return {"pendingIdPLinkId": outcome.ticket}


def _nothing(_: Call, __: LoginOutcome) -> None:
    return None


_BODIES: Mapping[Verdict, Callable[[Call, LoginOutcome], dict[str, Any] | None]] = {
    Verdict.LOGGED_IN: _logged_in,
    Verdict.NOT_REGISTERED: _logged_in,
    Verdict.PASSWORD_CHANGE_REQUIRED: _password_change,
    Verdict.WAITING: _nothing,
    Verdict.EMAIL_UNVERIFIED: _email_unverified,
    Verdict.REGISTRATION_UNVERIFIED: _registration_unverified,
    Verdict.LINK_PENDING: _pending,
    Verdict.SECOND_FACTOR_REQUIRED: _second_factor,
    Verdict.INVALID: _nothing,
    Verdict.REFUSED: _nothing,
    Verdict.NOT_FOUND: _nothing,
    Verdict.LOGIN_PREVENTED: _prevented,
    Verdict.EXPIRED: _nothing,
    Verdict.WRONG_CODE: _nothing,
    Verdict.LOCKED: _nothing,
    Verdict.LAMBDA_FAILED: _nothing,
}
"""One row per verdict; those with errors are answered before."""

TAIL_STATUSES = {
    202: "Logged in, but not registered for the application.",
    203: "The password must be changed first; the body has the id to change it with.",
    212: "The user's e-mail address is not verified.",
    213: "The user's registration is not verified.",
    242: "A second factor is needed; the body has the id to complete the login with.",
    409: "A user action prevents the login; the body names it.",
    410: "The user has expired.",
    504: "A transactional webhook refused.",
    512: "The login-validation lambda failed.",
}
"""What the tail of a login may answer at every door, for the OpenAPI document."""


def action_wire(action: PreventingAction) -> dict[str, Any]:
    """An action of the 409 body (supporting contract 11.3); `expiry` is absent while it holds until cancelled."""
    wire = {
        "actionId": str(action.id),
        "actionerUserId": str(action.actioner_user_id) if action.actioner_user_id else None,
        "expiry": action.expiry,
        "localizedName": action.localized_name,
        "localizedOption": action.localized_option,
        "localizedReason": action.localized_reason,
        "name": action.name,
        "option": action.option,
        "reason": action.reason,
        "reasonCode": action.reason_code,
    }
    return {name: value for name, value in wire.items() if value is not None}


def tokens_wire(tokens: Tokens) -> dict[str, Any]:
    """The token members of a login answer."""
    wire: dict[str, Any] = {"token": tokens.access_token, "tokenExpirationInstant": tokens.expiration_instant}
    if tokens.refresh_token is not None:
        wire |= {"refreshToken": tokens.refresh_token, "refreshTokenId": str(tokens.refresh_token_id)}
    return wire


def set_token_cookies(call: Call, response: Response, tokens: Tokens) -> None:
    """A session cookie for the access token, a persistent one for the refresh token (decision 16)."""
    # Written by hand: our tokens need no quoting, and the library's quoting costs a tenth of a refresh.
    attributes = f"{'Secure; ' if uses_https(call.services, call.request) else ''}HttpOnly; Path=/; SameSite=Lax"
    response.headers.add("Set-Cookie", f"{ACCESS_COOKIE}={tokens.access_token}; {attributes}")
    if tokens.refresh_token is not None:
        ends = http_date(call.services.runtime.wall_clock() + tokens.refresh_token_seconds)
        lives = f"Expires={ends}; Max-Age={tokens.refresh_token_seconds}"
        response.headers.add("Set-Cookie", f"{REFRESH_COOKIE}={tokens.refresh_token}; {lives}; {attributes}")


def clear_token_cookies(call: Call, response: Response) -> None:
    secure = uses_https(call.services, call.request)
    for name in (ACCESS_COOKIE, REFRESH_COOKIE):
        response.delete_cookie(name, path="/", httponly=True, samesite="Lax", secure=secure)
