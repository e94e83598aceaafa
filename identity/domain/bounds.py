"""What every text and document from outside must keep to: what can be stored, how long, how large, how deep.

Source: security section 9. The field types of the wire and the rules for lambdas ask here, so that neither way into the
database takes what the other one refuses.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

LONGEST_TEXT = 10_000
LONGEST_USERNAME = 191
LONGEST_URL = 2_048
MOST_LANGUAGES = 20
LARGEST_DATA = 256 * 1024
"""Bytes of custom data, about as JSON counts them."""

DEEPEST_DATA = 32
DATE_FORM = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class _Unstorable(Exception):
    """The document is nested too deep, or holds text that can not be stored."""


def storable(text: str) -> bool:
    """Whether PostgreSQL and UTF-8 can hold this text: no NUL, no lone surrogate."""
    if "\x00" in text:
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def is_date(text: str) -> bool:
    """Whether this is a day of the calendar, YYYY-MM-DD."""
    if not DATE_FORM.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def data_problem(data: dict[str, Any], *, largest: int = LARGEST_DATA, deepest: int = DEEPEST_DATA) -> str | None:
    """Why custom data can not be taken, as a reason word; None when it can."""
    try:
        return "tooLong" if _size(data, deepest) > largest else None
    except _Unstorable:
        return "invalid"


def _size(value: Any, levels: int) -> int:
    """About the bytes of the value as JSON text. Raises _Unstorable."""
    if levels == 0:
        raise _Unstorable
    if isinstance(value, str):
        if not storable(value):
            raise _Unstorable
        return len(value.encode("utf-8")) + 3
    if isinstance(value, dict):
        return 2 + sum(_size(name, levels) + _size(item, levels - 1) for name, item in value.items())
    if isinstance(value, list):
        return 2 + sum(1 + _size(item, levels - 1) for item in value)
    return len(str(value)) + 1
