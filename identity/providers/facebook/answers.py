"""Reads what Graph answers: tokens, profiles, pictures, and its error object."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from identity.domain.bounds import LONGEST_URL
from identity.domain.contact import is_email
from identity.upstream import Answer
from identity.upstream.answers import NotUnderstood, error_object, is_name, is_number, is_token, json_object

JSON = frozenset({"application/json", "text/javascript"})
"""How Graph labels JSON."""

SUBJECT = re.compile(r"[0-9]{1,64}")
PICTURE = re.compile(r"https?://[!-~]+")

TRANSIENT = frozenset({1, 2})
THROTTLED = frozenset({4, 17, 32, 341, 613})


def document(answer: Answer) -> dict[str, Any]:
    """The object that an answer is. Raises NotUnderstood."""
    return json_object(answer, JSON)


def token(answer: Answer) -> str:
    """The token that was asked for. Raises NotUnderstood."""
    value = document(answer).get("access_token")
    if not isinstance(value, str) or not is_token(value):
        raise NotUnderstood("the answer has no usable access_token")
    return value


def subject(person: Mapping[str, Any]) -> str | None:
    """Facebook's id of the person for this app: a text, however long its number is."""
    value = person.get("id")
    return value if isinstance(value, str) and SUBJECT.fullmatch(value) else None


def email(person: Mapping[str, Any]) -> str | None:
    """The confirmed address, if the person shares it."""
    value = person.get("email")
    return value if isinstance(value, str) and is_email(value) else None


def name(person: Mapping[str, Any]) -> str | None:
    value = person.get("name")
    return value.strip() or None if isinstance(value, str) and is_name(value) else None


def image_url(person: Mapping[str, Any]) -> str | None:
    """The address of the person's picture; the silhouette that stands for none is no picture."""
    picture = person.get("picture")
    data = picture.get("data") if isinstance(picture, dict) else None
    if not isinstance(data, dict) or data.get("is_silhouette") is True:
        return None
    url = data.get("url")
    return url if isinstance(url, str) and len(url) <= LONGEST_URL and PICTURE.fullmatch(url) else None


def error_codes(answer: Answer) -> tuple[int | None, int | None]:
    """Code and subcode of `{"error": {"code": 190, "error_subcode": 460}}`; None where there is none."""
    error = error_object(answer).get("error")
    members = error if isinstance(error, dict) else {}
    code, subcode = members.get("code"), members.get("error_subcode")
    return code if is_number(code) else None, subcode if is_number(subcode) else None
