"""Answers of the Rocket.Chat door: their one content type and headers, and the shapes of its failures.

Source: Rocket.Chat contract 1, 5.4, 5.6 and 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from flask import Response

from identity.domain.rocketchat_codes import Asked

JSON_TYPE = "application/json"
"""To the letter: clients and Rocket.Chat's own tests compare the whole header."""
SIGNED_OUT = "You must be logged in to do this."
FAULT = "Internal server error"
UNKNOWN = "Resource not found"
TOO_MANY = (
    "Error, too many requests. Please slow down. You must wait {seconds} seconds before trying this endpoint again. "
    "[error-too-many-requests]"
)

LATEST = 253_402_300_799_000
"""The last second of the year 9999."""


def reply(payload: Mapping[str, Any], status: int = 200) -> Response:
    response = Response(orjson.dumps(dict(payload)), status, content_type=JSON_TYPE)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response


def success(payload: Mapping[str, Any] | None = None) -> Response:
    """The members flat, and `success`."""
    return reply({**(payload or {}), "success": True})


def failure(status: int, error: str) -> Response:
    """The shape of what fails for other reasons than the request's content."""
    return reply({"success": False, "error": error}, status)


def refused(reason: str, code: str, details: Mapping[str, Any] | None = None) -> Response:
    """400: the request asks for something that can not be done. `code` is the errorType."""
    body: dict[str, Any] = {"success": False, "error": f"{reason} [{code}]", "errorType": code}
    return reply(body | ({"details": dict(details)} if details is not None else {}), 400)


def forbidden(error: str = "unauthorized") -> Response:
    """403: whoever calls may not do this."""
    return failure(403, error)


def not_found() -> Response:
    return failure(404, UNKNOWN)


def fault() -> Response:
    return failure(500, FAULT)


def too_many(seconds: int) -> Response:
    return failure(429, TOO_MANY.format(seconds=seconds))


def not_signed_in() -> Response:
    """401 of every route but the login: the two headers are missing, wrong, or do not belong together."""
    return login_failure(SIGNED_OUT, SIGNED_OUT)


def login_failure(error: str, message: str, details: Mapping[str, Any] | None = None) -> Response:
    """401 with what both generations of clients read: `success` and `error`, `status` and `message`."""
    body: dict[str, Any] = {"success": False, "status": "error", "error": error, "message": message}
    return reply(body | ({"details": dict(details)} if details is not None else {}), 401)


def details_of(asked: Asked) -> dict[str, Any]:
    """What clients are told of a second factor beside the error."""
    told: dict[str, Any] = {"method": asked.method, "codeGenerated": asked.code_generated}
    if asked.email_or_username is not None:
        told["emailOrUsername"] = asked.email_or_username
    if asked.code_expires is not None:
        told["codeExpires"] = moment(asked.code_expires)
    return told | {"availableMethods": list(asked.available)}


def moment(instant: int) -> str:
    """Epoch milliseconds as Rocket.Chat writes instants; an import may bring years that have no such form."""
    return (
        datetime.fromtimestamp(min(instant, LATEST) / 1000, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
