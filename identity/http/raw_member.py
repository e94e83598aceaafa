"""One member of a JSON object exactly as the client wrote it: `state` survives byte for byte (decision 13)."""

from __future__ import annotations

import json

from flask import Request

from identity.domain.errors import invalid_field

LARGEST_STATE = 10 * 1024
"""Bytes of a client's state."""

_SPACE = " \t\n\r"
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)  # numbers of any length


def state_of(request: Request) -> str | None:
    """The member `state` of a body that was read and found to be a JSON object before. Raises Invalid."""
    text = raw_member(request.get_data(cache=True).decode("utf-8"), "state")
    if text is None or text == "null":
        return None
    if not text.startswith("{"):
        raise invalid_field("state", "invalidJSON")
    if len(text.encode()) > LARGEST_STATE:
        raise invalid_field("state", "tooLong")
    return text


def raw_member(document: str, name: str) -> str | None:
    """The text of a member of a valid JSON object; of several of that name the last one, as parsers take it."""
    found = None
    at = _skip(document, 0) + 1  # the opening brace
    while document[at := _skip(document, at)] != "}":
        if document[at] == ",":
            at = _skip(document, at + 1)
        key, at = _DECODER.raw_decode(document, at)
        begin = _skip(document, _skip(document, at) + 1)  # the colon
        _, at = _DECODER.raw_decode(document, begin)
        if key == name:
            found = document[begin:at]
    return found


def _skip(document: str, at: int) -> int:
    while document[at] in _SPACE:
        at += 1
    return at
