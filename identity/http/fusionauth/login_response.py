"""A login's outcome as FusionAuth's clients expect it: which members each verdict has, and the two cookies.

Source: login contract 3.3, 3.4 and 3.9.
"""

from __future__ import annotations

from typing import Any

from flask import Response
from werkzeug.http import http_date

from identity.domain.errors import Invalid
from identity.domain.outcome import LoginOutcome, Tokens, Verdict
from identity.http.bearer import ACCESS_COOKIE
from identity.http.fusionauth.respond import empty_reply, errors_json, json_reply
from identity.http.fusionauth.routes import Call
from identity.http.fusionauth.schemas.users import user_wire
from identity.store.registrations import opened

REFRESH_COOKIE = "refresh_token"


def login_response(call: Call, outcome: LoginOutcome) -> Response:
    """Status, body and cookies of an outcome."""
    status = outcome.verdict.value
    if outcome.problem is not None:
        return json_reply(errors_json(Invalid(general_errors=[outcome.problem])), status)
    body = _BODIES[outcome.verdict](call, outcome)
    if body is None:
        return empty_reply(status)
    response = json_reply(body, status)
    if outcome.tokens is not None:
        set_token_cookies(call, response, outcome.tokens)
    return response


def _logged_in(call: Call, outcome: LoginOutcome) -> dict[str, Any]:
    if outcome.user is None:  # a connection test: nothing was issued (login contract 2.11)
        return {}
    sealer = call.services.sealer
    body: dict[str, Any] = {
        "user": user_wire(outcome.user, [opened(registration, sealer) for registration in outcome.registrations])
    }
    return body if outcome.tokens is None else body | tokens_wire(outcome.tokens)


def _pending(_: Call, outcome: LoginOutcome) -> dict[str, Any]:
    return {"pendingIdPLinkId": outcome.ticket}


def _nothing(_: Call, __: LoginOutcome) -> None:
    return None


_BODIES = {
    Verdict.LOGGED_IN: _logged_in,
    Verdict.NOT_REGISTERED: _logged_in,
    Verdict.LINK_PENDING: _pending,
    Verdict.REFUSED: _nothing,
    Verdict.NOT_FOUND: _nothing,
    Verdict.EXPIRED: _nothing,
    Verdict.LAMBDA_FAILED: _nothing,
}
"""One row per verdict; those with a general error are answered before."""


def tokens_wire(tokens: Tokens) -> dict[str, Any]:
    """The token members of a login answer."""
    wire: dict[str, Any] = {"token": tokens.access_token, "tokenExpirationInstant": tokens.expiration_instant}
    if tokens.refresh_token is not None:
        wire |= {"refreshToken": tokens.refresh_token, "refreshTokenId": str(tokens.refresh_token_id)}
    return wire


def set_token_cookies(call: Call, response: Response, tokens: Tokens) -> None:
    """A session cookie for the access token, a persistent one for the refresh token (decision 16)."""
    # Written by hand: our tokens need no quoting, and the library's quoting costs a tenth of a refresh.
    attributes = f"{'Secure; ' if uses_https(call) else ''}HttpOnly; Path=/; SameSite=Lax"
    response.headers.add("Set-Cookie", f"{ACCESS_COOKIE}={tokens.access_token}; {attributes}")
    if tokens.refresh_token is not None:
        ends = http_date(call.services.runtime.wall_clock() + tokens.refresh_token_seconds)
        lives = f"Expires={ends}; Max-Age={tokens.refresh_token_seconds}"
        response.headers.add("Set-Cookie", f"{REFRESH_COOKIE}={tokens.refresh_token}; {lives}; {attributes}")


def clear_token_cookies(call: Call, response: Response) -> None:
    for name in (ACCESS_COOKIE, REFRESH_COOKIE):
        response.delete_cookie(name, path="/", httponly=True, samesite="Lax", secure=uses_https(call))


def uses_https(call: Call) -> bool:
    """Whether cookies get `Secure`: the public URL is https, or a proxy says that the client came by https."""
    forwarded = call.request.headers.get("X-Forwarded-Proto", "").split(",")[0].strip().lower()
    return call.services.settings.secure_cookies or forwarded == "https"
