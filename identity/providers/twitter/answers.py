"""Reads what X answers: forms, user documents, error codes, and two headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl

from identity.upstream import Answer
from identity.upstream.answers import NotUnderstood, error_object, is_name, is_token, json_object, require_type

MOST_FIELDS = 50

SUBJECT = re.compile(r"[0-9]{1,64}")


FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "text/html", "text/plain"})
"""X labels its forms as HTML."""


def token_form(answer: Answer) -> Mapping[str, str]:
    """The form body of the token calls, which holds `oauth_token` and `oauth_token_secret`. Raises NotUnderstood."""
    require_type(answer, FORM_TYPES, "form")
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
        if not is_token(form.get(name)):
            raise NotUnderstood(f"the answer has no usable {name}")
    return form


def person(answer: Answer) -> dict[str, Any]:
    """The user document, its `screen_name` checked. Raises NotUnderstood."""
    document = json_object(answer)
    name = document.get("screen_name")
    if name is not None and not is_name(name):
        raise NotUnderstood("the answer has no usable screen_name")
    return document


def subject(document: Mapping[str, Any]) -> str | None:
    """X's immutable id of the person: the text, never the number, which some JSON readers round (security T7)."""
    value = document.get("id_str")
    return value if isinstance(value, str) and SUBJECT.fullmatch(value) else None


def error_codes(answer: Answer) -> list[int]:
    """The codes of `{"errors": [{"code": 32, ...}]}`; none when the body is anything else."""
    errors = error_object(answer).get("errors")
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
