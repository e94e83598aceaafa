"""Answers as values, and how they become HTTP answers; a breaking one drops its connection."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from flask import Response

BREAK = "a fault of the emulator breaks this connection"
_BROKEN_LENGTH = 1_000


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; `breaks` ends the connection in the middle of it, `waits` holds it back for so many seconds."""

    status: int
    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()
    waits: float = 0.0
    breaks: bool = False

    @property
    def is_json(self) -> bool:
        return self.content_type.startswith("application/json")


class Refused(Exception):
    """The provider says no: `reply` is what the caller gets, `reason` is what only the emulator's owner is told."""

    def __init__(self, reply: Reply, reason: str) -> None:
        super().__init__(reason)
        self.reply = reply
        self.reason = reason


def compact(document: Mapping[str, Any]) -> bytes:
    """JSON as providers write it: without spaces."""
    return json.dumps(document, separators=(",", ":")).encode()


def to_response(reply: Reply, now: float) -> Response:
    """The HTTP answer, dated by the provider's clock. A breaking one promises more than it sends."""
    response = Response(_broken() if reply.breaks else reply.body, reply.status, content_type=reply.content_type)
    if reply.breaks:
        response.content_length = _BROKEN_LENGTH
    for name, value in reply.headers:
        response.headers[name] = value
    response.headers["Date"] = formatdate(now, usegmt=True)
    return response


def _broken() -> Iterator[bytes]:
    yield b"{"
    raise ConnectionResetError(BREAK)
