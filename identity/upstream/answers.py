"""Reads what providers answer, trusting none of it: any body may be text, XML, half a document, of the wrong types."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import orjson

from identity.domain.bounds import storable
from identity.upstream import Answer

LONGEST_TOKEN = 4096
LONGEST_NAME = 191
DEEPEST = 32
"""Levels of a document; X's of a user has about six."""

JSON = frozenset({"application/json"})


class NotUnderstood(Exception):
    """The answer is not what its status promises; the message says why, without quoting it."""


def json_object(answer: Answer, types: Collection[str] = JSON) -> dict[str, Any]:
    """The object that an answer is. `types`: how it may be labelled. Raises NotUnderstood."""
    require_type(answer, types, "JSON")
    try:
        document = orjson.loads(answer.body)
    except ValueError:
        raise NotUnderstood("the answer is not JSON") from None
    if not isinstance(document, dict) or _deeper_than(document, DEEPEST):
        raise NotUnderstood("the answer is no such object")
    return document


def require_type(answer: Answer, types: Collection[str], name: str) -> None:
    """An answer without a content type may be anything. Raises NotUnderstood."""
    given = answer.headers.get("content-type")
    if given is not None and given.partition(";")[0].strip().lower() not in types:
        raise NotUnderstood(f"the answer is no {name} by its content type")


def error_object(answer: Answer) -> dict[str, Any]:
    """The object in the body of a refusal, however it is labelled; empty when it is anything else."""
    try:
        document = orjson.loads(answer.body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def is_number(value: object) -> bool:
    """Whether this is a whole number of JSON."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_name(value: object) -> bool:
    """Whether this is text that can be kept as somebody's name."""
    return isinstance(value, str) and len(value) <= LONGEST_NAME and storable(value)


def is_token(value: object) -> bool:
    """Whether this is text that can be a token."""
    return isinstance(value, str) and bool(value.strip()) and len(value) <= LONGEST_TOKEN and storable(value)


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
