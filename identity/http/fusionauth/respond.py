"""Answers of the FusionAuth front end: JSON bodies, the Errors JSON, and what each exception turns into.

This is the only place of this front end that knows status numbers of anything but a login's outcome.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from flask import Flask, Response, g, request
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from identity.domain.errors import (
    MESSAGES,
    Busy,
    Conflict,
    Invalid,
    NotFound,
    Problem,
    TooManyRequests,
    Unauthorized,
    Unreachable,
    WrongCode,
    field_problem,
    invalid_request,
)
from identity.flows.events.announce import WebhooksRefused
from identity.http.limits import VERBS
from identity.logs import stack_of
from identity.store.db import InUse, StoreUnavailable, UniqueConflict

JSON_TYPE = "application/json; charset=UTF-8"
RETRY_AFTER_SECONDS = "2"
log = logging.getLogger("identity.http")


def json_reply(payload: Any, status: int = 200) -> Response:
    """A JSON body, members in alphabetical order (login contract 0.3)."""
    body = orjson.dumps(payload, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return Response(body, status, content_type=JSON_TYPE)


def empty_reply(status: int = 200) -> Response:
    response = Response(b"", status)
    del response.headers["Content-Type"]
    return response


def accepted_reply() -> Response:
    """The work goes on, or is done, without the caller waiting for it."""
    return empty_reply(202)


def not_ready_reply(why: str) -> Response:
    """For load balancers: this process can not serve now."""
    return _try_again(json_reply({"status": "unavailable", "message": why}, 503))


def unhealthy_reply() -> Response:
    return empty_reply(500)


def refused_reply(problem: Problem) -> Response:
    """A provider may not be used, or has not let a login begin."""
    return json_reply(errors_json(Invalid(general_errors=[problem])), 401)


def errors_json(problem: Invalid) -> dict[str, Any]:
    """FusionAuth's Errors object; both members are always there."""
    return {
        "fieldErrors": {path: [_error(item) for item in items] for path, items in problem.field_errors.items()},
        "generalErrors": [_error(item) for item in problem.general_errors],
    }


def _error(problem: Problem) -> dict[str, Any]:
    error: dict[str, Any] = {"code": problem.code, "message": problem.message}
    if problem.data:
        error["data"] = dict(problem.data)
    return error


def invalid_from(error: ValidationError) -> Invalid:
    """What a schema refused, as an Errors object: nested messages become member paths from the request root."""
    found: dict[str, list[Problem]] = {}
    _flatten(error.messages, "", found)
    if (root := found.pop("", None)) is not None and not found:
        return invalid_request("invalidJSON", root[0].message)
    return Invalid(found)


def _flatten(messages: Any, path: str, found: dict[str, list[Problem]]) -> None:
    if isinstance(messages, dict):
        for key, inner in messages.items():
            _flatten(inner, _joined(path, key), found)
        return
    for reason in messages if isinstance(messages, list) else [messages]:
        if isinstance(reason, dict):
            _flatten(reason, path, found)
        else:
            # A message that is no reason word is the library's own: the value had the wrong kind.
            known = reason if reason in MESSAGES else "invalidJSON"
            found.setdefault(path, []).append(field_problem(path, known))


def _joined(path: str, key: Any) -> str:
    if key == "_schema":
        return path
    if isinstance(key, int):
        return f"{path}[{key}]"
    if str(key).startswith("["):
        return f"{path}{key}"
    return f"{path}.{key}" if path else str(key)


def _changed_meanwhile() -> Invalid:
    return invalid_request("Conflict", "The object was changed by somebody else meanwhile: read it again and retry.")


def _webhooks_refused() -> Invalid:
    message = "One or more webhooks did not accept the event, so nothing was done."
    return invalid_request("WebhookTransactionException", message)


def _duplicate(error: UniqueConflict) -> Response:
    log.warning("a uniqueness rule refused a write: %s", error.constraint)
    return json_reply(errors_json(invalid_request("duplicate", MESSAGES["duplicate"])), 400)


def _in_use(error: InUse) -> Response:
    log.warning("a reference refused a write: %s", error.constraint)
    return json_reply(errors_json(invalid_request("inUse", MESSAGES["inUse"])), 400)


def _unavailable(error: StoreUnavailable) -> Response:
    log.error("the database did not take the work: %s", error)
    problem = invalid_request("StoreUnavailable", "The database is not available. Try again in a moment.")
    return _try_again(json_reply(errors_json(problem), 503))


def _busy(error: Busy) -> Response:
    log.warning("too much work: %s", error)
    problem = invalid_request("Busy", "The service is busy. Try again in a moment.")
    return _try_again(json_reply(errors_json(problem), 503))


def _too_many(error: TooManyRequests) -> Response:
    problem = invalid_request("TooManyRequests", "This was done too often. Try again later.")
    return _try_again(json_reply(errors_json(problem), 429), str(error.retry_after_seconds))


def _try_again(response: Response, seconds: str = RETRY_AFTER_SECONDS) -> Response:
    response.headers["Retry-After"] = seconds
    return response


def _http_exception(error: HTTPException) -> Response:
    if error.code == 400:
        return json_reply(errors_json(invalid_request("invalidRequest", "The request could not be read.")), 400)
    if not isinstance(error, MethodNotAllowed):
        return empty_reply(error.code or 500)
    if request.method not in VERBS:
        return empty_reply(501)
    response = empty_reply(405)
    response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return response


def _fault(error: Exception) -> Response:
    """Anything unforeseen: 500 with an empty body; the stack goes to the log under the request's id (D5)."""
    # The stack as text of our own making: a formatter would add what the libraries quote.
    log.error("request %s failed\n%s", g.get("request_id", "-"), stack_of(error))
    return empty_reply(500)


HANDLERS: Mapping[type[Exception], Callable[[Any], Response]] = {
    Invalid: lambda error: json_reply(errors_json(error), 400),
    ValidationError: lambda error: json_reply(errors_json(invalid_from(error)), 400),
    Unauthorized: lambda _: empty_reply(401),
    NotFound: lambda _: empty_reply(404),
    Unreachable: lambda _: empty_reply(422),
    WrongCode: lambda _: empty_reply(421),
    Conflict: lambda _: json_reply(errors_json(_changed_meanwhile()), 409),
    UniqueConflict: _duplicate,
    InUse: _in_use,
    StoreUnavailable: _unavailable,
    WebhooksRefused: lambda _: json_reply(errors_json(_webhooks_refused()), 504),
    Busy: _busy,
    TooManyRequests: _too_many,
    HTTPException: _http_exception,
    Exception: _fault,
}
"""One handler per kind of exception; a cause is logged, never shown."""


def register_error_handlers(app: Flask) -> None:
    for kind, handler in HANDLERS.items():
        app.register_error_handler(kind, handler)


def answer_to(error: Exception) -> Response:
    """What this front end answers to an exception, for one that says the same in another form."""
    kind = next(kind for kind in type(error).__mro__ if kind in HANDLERS)
    return HANDLERS[kind](error)
