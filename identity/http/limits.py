"""Header limits by middleware (decision 30): the server in front does not set them for us.

Source: security-and-reliability section 9: request line and one header 8 KiB, all headers 64 KiB and 100 of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

LONGEST_LINE = 8 * 1024
LONGEST_HEADERS = 64 * 1024
MOST_HEADERS = 100


class HeaderLimits:
    """WSGI middleware: 414 for a long request line, 431 for long or many headers."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        refusal = _refusal(environ)
        if refusal is None:
            answer: Iterable[bytes] = self._application(environ, start_response)
            return answer
        start_response(refusal, [("Content-Length", "0"), ("Cache-Control", "no-store"), ("Connection", "close")])
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
