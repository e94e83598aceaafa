"""Formatting instants by the patterns of Java's DateTimeFormatter, the subset that exports of logs are asked for.

FusionAuth's clients send such a pattern as dateTimeSecondsFormat; a letter that is not known here is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DEFAULT_PATTERN = "yyyy-MM-dd HH:mm:ss z"
LONGEST_PATTERN = 100
_TOKEN = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip

Writer = Callable[[datetime, int], str]


class BadPattern(Exception):
    """The pattern has a letter or a quote that can not be read."""


def zone(name: str) -> ZoneInfo | None:
    """The time zone of this name; None when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # also a path, or the name of a folder of zones
        return None


def formatter(pattern: str, where: ZoneInfo) -> Callable[[int], str]:
    """A function from epoch milliseconds to text. Raises BadPattern."""
    parts = [_part(token) for token in _tokens(pattern)]

    def write(instant: int) -> str:
        moment = datetime.fromtimestamp(instant / 1000, UTC).astimezone(where)
        return "".join(part if isinstance(part, str) else part[0](moment, part[1]) for part in parts)

    return write


def _tokens(pattern: str) -> list[str]:
    found = [match.group() for match in _TOKEN.finditer(pattern)]
    if "".join(found) != pattern or not pattern or len(pattern) > LONGEST_PATTERN:
        raise BadPattern(pattern)
    return found


def _part(token: str) -> str | tuple[Writer, int]:
    """Fixed text, or what writes a letter and how often the letter stands there."""
    if token.startswith("'"):
        return token[1:-1].replace("''", "'") or "'"
    if not token[0].isalpha():
        return token
    if token[0] not in _WRITERS:
        raise BadPattern(token)
    return _WRITERS[token[0]], len(token)


def _year(moment: datetime, width: int) -> str:
    return f"{moment.year % 100:02d}" if width == 2 else f"{moment.year:0{width}d}"


def _month(moment: datetime, width: int) -> str:
    return f"{moment.month:0{width}d}" if width < 3 else _name(_MONTHS[moment.month - 1], width)


def _name(name: str, width: int) -> str:
    return name if width > 3 else name[:3]


def _zone_name(moment: datetime, _: int) -> str:
    return moment.tzname() or ""


def _offset(moment: datetime, width: int) -> str:
    text = moment.strftime("%z")
    return f"{text[:3]}:{text[3:5]}" if width > 2 else text[:5]


def _iso_offset(moment: datetime, width: int) -> str:
    return _offset(moment, width) if moment.utcoffset() else "Z"


_WRITERS: dict[str, Writer] = {
    "y": _year,
    "u": _year,
    "M": _month,
    "d": lambda moment, width: f"{moment.day:0{width}d}",
    "E": lambda moment, width: _name(_DAYS[moment.weekday()], width),
    "H": lambda moment, width: f"{moment.hour:0{width}d}",
    "h": lambda moment, width: f"{moment.hour % 12 or 12:0{width}d}",
    "m": lambda moment, width: f"{moment.minute:0{width}d}",
    "s": lambda moment, width: f"{moment.second:0{width}d}",
    "S": lambda moment, width: f"{moment.microsecond:06d}".ljust(width, "0")[:width],
    "a": lambda moment, _: "AM" if moment.hour < 12 else "PM",
    "z": _zone_name,
    "Z": _offset,
    "X": _iso_offset,
}
