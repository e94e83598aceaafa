"""How the process logs: one line per record on standard error, JSON or text, with the id of the request it belongs to.

What libraries say when they fail quotes what they were given, so stacks are written here, without quotes
(security section 12).
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson

from identity.domain.redact import mask

FIELDS = "fields"
"""The attribute of a record that holds further members of its line."""

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The correlation id of the request that this thread answers."""

QUOTED = re.compile(r"""(['"]).{3,}\1""")
ABOUT_CODE = (AttributeError, ImportError, NameError, TypeError)
"""Their texts quote names of the program, not values."""
LONGEST_MESSAGE = 300


def configure_logging(level: str, form: str) -> None:
    """For a process of the service. The HTTP libraries log whole URLs at debug: never those."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=level.upper(), handlers=[handler])
    logging.getLogger("urllib3").setLevel(logging.WARNING)


def stack_of(error: BaseException) -> str:
    """Where an exception and those behind it came from; of their texts only what quotes nothing."""
    parts: list[str] = []
    current: BaseException | None = error
    while current is not None and len(parts) < 10:
        frames = "".join(traceback.format_tb(current.__traceback__))
        parts.append(f"{frames}{type(current).__module__}.{type(current).__qualname__}: {_safe_text(current)}")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\n\ncaused by\n\n".join(parts)


def _safe_text(error: BaseException) -> str:
    """The first line, as PostgreSQL puts values into those after it."""
    first = str(error).partition("\n")[0]
    if not isinstance(error, ABOUT_CODE):
        first = QUOTED.sub(lambda quoted: mask(quoted[0][1:-1]), first)
    return first[:LONGEST_MESSAGE]


def _members(record: logging.LogRecord) -> dict[str, Any]:
    members: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname,
        "logger": record.name,
        "message": record.getMessage(),
    }
    if (named := request_id.get()) is not None:
        members["requestId"] = named
    members |= getattr(record, FIELDS, {})
    if record.exc_info and record.exc_info[1] is not None:
        members["stack"] = stack_of(record.exc_info[1])
    return members


class JsonLines(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        return orjson.dumps(_members(record), default=str).decode()


class TextLines(logging.Formatter):
    """Time, level, logger and message, then `name=value` for each further member; a stack below."""

    def format(self, record: logging.LogRecord) -> str:
        members = _members(record)
        stack = members.pop("stack", None)
        head = " ".join(str(members.pop(name)) for name in ("time", "level", "logger", "message"))
        line = " ".join([head, *(f"{name}={value}" for name, value in members.items())])
        return line if stack is None else f"{line}\n{stack}"
