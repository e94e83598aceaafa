"""Reads what X answers, trusting none of it: any body may be text, XML, half a document or of the wrong types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson

from identity.domain.bounds import storable
from identity.upstream import Answer

LONGEST_TOKEN = 4096
LONGEST_NAME = 191
MOST_FIELDS = 50
DEEPEST = 32
"""Levels of a user document; X's own has about six."""

SUBJECT = re.compile(r"[0-9]{1,64}")


FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "text/html", "text/plain"})
"""X labels its forms as HTML."""


class NotUnderstood(Exception):
    """The answer is not what its status promises; the message says why, without quoting it."""


def token_form(answer: Answer) -> Mapping[str, str]:
    """The form body of the token calls, which holds `oauth_token` and `oauth_token_secret`. Raises NotUnderstood."""
    if _media_type(answer) not in {None, *FORM_TYPES}:
        raise NotUnderstood("the answer is no form by its content type")
    try:
        pairs = parse_qsl(
            answer.body.decode("utf-8").strip(),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise NotUnderstood("the answer is no form") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise NotUnderstood("the answer names a field twice")
    for name in ("oauth_token", "oauth_token_secret"):
        value = form.get(name, "")
        if not value.strip() or len(value) > LONGEST_TOKEN or not storable(value):
            raise NotUnderstood(f"the answer has no usable {name}")
    return form


def person(answer: Answer) -> dict[str, Any]:
    """The user document, its `screen_name` checked. Raises NotUnderstood."""
    if _media_type(answer) not in {None, "application/json"}:
        raise NotUnderstood("the answer is not JSON by its content type")
    try:
        document = orjson.loads(answer.body)
    except ValueError:
        raise NotUnderstood("the answer is not JSON") from None
    if not isinstance(document, dict) or _deeper_than(document, DEEPEST):
        raise NotUnderstood("the answer is no user")
    name = document.get("screen_name")
    if name is not None and not (isinstance(name, str) and len(name) <= LONGEST_NAME and storable(name)):
        raise NotUnderstood("the answer has no usable screen_name")
    return document


def subject(document: Mapping[str, Any]) -> str | None:
    """X's immutable id of the person: the text, never the number, which some JSON readers round (security T7)."""
    value = document.get("id_str")
    return value if isinstance(value, str) and SUBJECT.fullmatch(value) else None


def error_codes(answer: Answer) -> list[int]:
    """The codes of `{"errors": [{"code": 32, ...}]}`; none when the body is anything else."""
    try:
        document = orjson.loads(answer.body)
    except ValueError:
        return []
    errors = document.get("errors") if isinstance(document, dict) else None
    codes = [error.get("code") for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    return [code for code in codes[:MOST_FIELDS] if isinstance(code, int) and not isinstance(code, bool)]


def rate_limit_reset(answer: Answer) -> int | None:
    """Epoch seconds at which X takes calls again."""
    value = answer.headers.get("x-rate-limit-reset", "")
    return int(value) if re.fullmatch(r"[0-9]{1,12}", value) else None


def clock_of(answer: Answer) -> int | None:
    """X's clock, epoch seconds, by its Date header."""
    try:
        return int(parsedate_to_datetime(answer.headers.get("date", "")).timestamp())
    except (ValueError, TypeError, OverflowError):
        return None


def _media_type(answer: Answer) -> str | None:
    """Without parameters; None when the answer names none."""
    given = answer.headers.get("content-type")
    return None if given is None else given.partition(";")[0].strip().lower()


def _deeper_than(document: Any, levels: int) -> bool:
    level = [document]
    while level:
        if levels == 0:
            return True
        levels -= 1
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, (dict, list))
        ]
    return False
