"""What the Rocket.Chat door answers when something stops a request: its own shape, whatever stopped it.

Blueprints answer for their views; what no view was found for is answered before anybody else sees it, so that no other
front end's shape shows under /api/v1.
"""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Blueprint, Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from identity.domain.errors import Busy, NotFound, TooManyRequests
from identity.flows.events.announce import WebhooksRefused
from identity.http.rocketchat.answers import failure, fault, not_found, too_many
from identity.logs import stack_of
from identity.store.db import StoreUnavailable

PREFIX = "/api/v1"
UNAVAILABLE = "The service is not available. Try again in a moment."
RETRY_AFTER_SECONDS = "2"
log = logging.getLogger("identity.http")


def register_errors(blueprint: Blueprint) -> None:
    """One handler per kind of exception; a cause is logged, never shown."""
    blueprint.register_error_handler(NotFound, lambda _: not_found())
    blueprint.register_error_handler(TooManyRequests, _too_many)
    blueprint.register_error_handler(StoreUnavailable, _unavailable)
    blueprint.register_error_handler(Busy, _unavailable)
    blueprint.register_error_handler(WebhooksRefused, lambda _: fault())
    blueprint.register_error_handler(HTTPException, _http_exception)
    blueprint.register_error_handler(Exception, _fault)


def guard_unknown(app: Flask) -> None:
    """An unknown path or method below the door's prefix. To be registered after CORS, which answers preflights."""
    app.before_request(_unknown)


def _unknown() -> Response | None:
    if request.routing_exception is None or not _is_ours(request.path):
        return None
    return not_found()


def _is_ours(path: str) -> bool:
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def _too_many(error: TooManyRequests) -> Response:
    response = too_many(error.retry_after_seconds)
    response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _unavailable(error: Exception) -> Response:
    log.error("the Rocket.Chat door could not do the work: %s", error)
    response = failure(503, UNAVAILABLE)
    response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def _http_exception(error: HTTPException) -> Response:
    status = error.code or 500
    return failure(status, HTTPStatus(status).phrase)


def _fault(error: Exception) -> Response:
    """Anything unforeseen; the stack goes to the log under the request's id."""
    log.error("request %s failed\n%s", g.get("request_id", "-"), stack_of(error))
    return fault()
