"""What each exception turns into at the OAuth endpoints: always a refusal in the protocol's words."""

from __future__ import annotations

from flask import Blueprint, Response
from werkzeug.exceptions import RequestEntityTooLarge

from identity.domain.errors import Busy, Invalid, TooManyRequests
from identity.domain.oauth_errors import OAuthError, OAuthProblem, OAuthRefused, invalid_grant, invalid_request
from identity.flows.events.announce import WebhooksRefused
from identity.http.oauth.answers import refusal
from identity.store.db import InUse, StoreUnavailable


def register_oauth_errors(blueprint: Blueprint) -> None:
    blueprint.register_error_handler(OAuthRefused, _refused)
    blueprint.register_error_handler(Invalid, _invalid)
    blueprint.register_error_handler(RequestEntityTooLarge, _too_large)
    blueprint.register_error_handler(TooManyRequests, _too_many)
    blueprint.register_error_handler(InUse, _removed)
    blueprint.register_error_handler(Busy, _unavailable)
    blueprint.register_error_handler(StoreUnavailable, _unavailable)
    blueprint.register_error_handler(WebhooksRefused, _vetoed)


def _refused(error: OAuthRefused) -> Response:
    return refusal(error.problem)


def _invalid(_: Invalid) -> Response:
    return refusal(invalid_request("invalid_request", "The request is not one that can be served.").problem)


def _too_large(_: RequestEntityTooLarge) -> Response:
    return refusal(invalid_request("request_too_large", "The request is too large.").problem, 413)


def _too_many(error: TooManyRequests) -> Response:
    problem = OAuthProblem(OAuthError.ACCESS_DENIED, "too_many_requests", "This was done too often. Try again later.")
    return _try_again(refusal(problem, 429), str(error.retry_after_seconds))


def _removed(_: InUse) -> Response:
    return refusal(invalid_grant("user_not_found", "User or application were removed meanwhile.").problem)


def _unavailable(_: Exception) -> Response:
    problem = OAuthProblem(OAuthError.TEMPORARILY_UNAVAILABLE, "unavailable", "Try again in a moment.")
    return _try_again(refusal(problem, 503), "2")


def _vetoed(_: WebhooksRefused) -> Response:
    problem = OAuthProblem(OAuthError.ACCESS_DENIED, "webhook_refused", "A webhook did not accept the event.")
    return refusal(problem, 504)


def _try_again(response: Response, seconds: str) -> Response:
    response.headers["Retry-After"] = seconds
    return response
