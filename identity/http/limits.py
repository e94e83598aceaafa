"""The verbs that are spoken here, and header limits by middleware (decision 30): the server in front sets none for us.

Source: security-and-reliability section 9: request line and one header 8 KiB, all headers 64 KiB and 100 of them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

LONGEST_LINE = 8 * 1024
LONGEST_HEADERS = 64 * 1024
MOST_HEADERS = 100
REQUEST_ID = "X-Request-Id"
VERBS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
"""The verbs of HTTP that are spoken here; any other one is 501 on every route (login contract 1.4)."""
log = logging.getLogger("identity.http")


class HeaderLimits:
    """WSGI middleware: 414 for a long request line, 431 for long or many headers. `new_id` names a refused request."""

    def __init__(self, application: Any, new_id: Callable[[], UUID]) -> None:
        self._application = application
        self._new_id = new_id

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        refusal = _refusal(environ)
        if refusal is None:
            answer: Iterable[bytes] = self._application(environ, start_response)
            return answer
        request_id = self._new_id().hex
        log.warning("request %s refused: %s", request_id, refusal)
        headers = [
            ("Content-Length", "0"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            (REQUEST_ID, request_id),
            ("Connection", "close"),
        ]
        start_response(refusal, headers)
        return [b""]


def _refusal(environ: dict[str, Any]) -> str | None:
    if len(environ.get("PATH_INFO", "")) + len(environ.get("QUERY_STRING", "")) > LONGEST_LINE:
        return "414 URI Too Long"
    count = total = 0
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            count += 1
            total += len(value)
            if len(value) > LONGEST_LINE:
                return "431 Request Header Fields Too Large"
    if count > MOST_HEADERS or total > LONGEST_HEADERS:
        return "431 Request Header Fields Too Large"
    return None
