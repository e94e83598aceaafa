"""Reading request bodies: content type, size, JSON syntax and shape limits, before any schema sees them.

Source: login contract 1.4; limits: security-and-reliability section 9.
"""

from __future__ import annotations

from typing import Any

import orjson
from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from identity.domain.errors import Invalid, invalid_request

MAXIMUM_BODY = 1024 * 1024
READ_AT_MOST = MAXIMUM_BODY + 1
"""Where the reading of a body of unknown length stops: beyond the limit, so that it shows that there was more."""
MAXIMUM_IMPORT = 16 * MAXIMUM_BODY
"""An import brings the people of another system, some ten thousand at once; only keyed callers get that far."""
MAXIMUM_FORM = 64 * 1024
MAXIMUM_DEPTH = 64
MAXIMUM_KEYS = 10_000
MAXIMUM_VALUES = 50_000
MAXIMUM_IMPORT_VALUES = 16 * MAXIMUM_VALUES

JSON = "application/json"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
FORM = "application/x-www-form-urlencoded"
KNOWN_TYPES = frozenset({JSON, JSON_PATCH, MERGE_PATCH, FORM})


def content_type(request: Request) -> str:
    """The media type in lower case, without parameters; empty when there is none."""
    return (request.content_type or "").partition(";")[0].strip().lower()


def has_body(request: Request) -> bool:
    return bool(request.content_length) or "chunked" in request.headers.get("Transfer-Encoding", "").lower()


def require_type(request: Request, allowed: tuple[str, ...]) -> None:
    """Refuse a body of a type that this route does not take. Raises Invalid."""
    if not has_body(request):
        return
    given = content_type(request)
    if not given:
        raise invalid_request("MissingContentType", f"A Content-Type header is required: {' or '.join(allowed)}.")
    if given not in KNOWN_TYPES:
        raise invalid_request("UnsupportedContentType", f"The Content-Type {given[:100]!r} is not supported.")
    if given not in allowed:
        if given in {JSON_PATCH, MERGE_PATCH}:
            raise invalid_request("PatchNotSupported", f"This route takes {' or '.join(allowed)}.")
        raise invalid_request("InvalidContentType", f"This route takes {' or '.join(allowed)}.")


def read_json(request: Request) -> Any:
    """The parsed body, any JSON value; an empty body is an empty object. Raises Invalid, RequestEntityTooLarge."""
    return _parsed(_read(request, MAXIMUM_BODY), MAXIMUM_VALUES)


def _parsed(raw: bytes, most_values: int) -> Any:
    if not raw.strip():
        return {}
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise invalid_json() from error
    check_shape(value, most_values)
    return value


def read_object(request: Request) -> dict[str, Any]:
    """The parsed body, which must be an object. Raises Invalid."""
    return _object(read_json(request))


def read_import(request: Request) -> dict[str, Any]:
    """As `read_object`, within the wider limits of an import. Raises Invalid, RequestEntityTooLarge."""
    request.max_content_length = MAXIMUM_IMPORT + 1
    return _object(_parsed(_read(request, MAXIMUM_IMPORT), MAXIMUM_IMPORT_VALUES))


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid_json("The body must be a JSON object.")
    return value


def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, the first value of each. Raises RequestEntityTooLarge."""
    _read(request, MAXIMUM_FORM)
    return request.form.to_dict()


def _read(request: Request, limit: int) -> bytes:
    if request.content_length is not None and request.content_length > limit:
        raise RequestEntityTooLarge
    raw = request.get_data(cache=True)
    if len(raw) > limit:  # a chunked body tells its length only now
        raise RequestEntityTooLarge
    return raw


def invalid_json(message: str = "The body is not valid JSON.") -> Invalid:
    return invalid_request("invalidJSON", message)


def check_shape(value: Any, most_values: int = MAXIMUM_VALUES) -> None:
    """Refuse JSON that is nested too deep or has too many members or values. Costs one walk. Raises Invalid."""
    values = 0
    pending: list[tuple[Any, int]] = [(value, 1)]
    while pending:
        current, depth = pending.pop()
        if not isinstance(current, dict | list):
            continue
        values += len(current)
        if depth > MAXIMUM_DEPTH or values > most_values:
            raise invalid_json("The body is nested too deep or holds too many values.")
        if isinstance(current, dict):
            if len(current) > MAXIMUM_KEYS:
                raise invalid_json("An object of the body has too many members.")
            pending += [(inner, depth + 1) for inner in current.values()]
        else:
            pending += [(inner, depth + 1) for inner in current]
