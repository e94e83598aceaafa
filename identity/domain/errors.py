"""What stops a request anywhere, in the words of FusionAuth's Errors JSON. Each front end maps these in one place.

A code is `[reason]field.path` for a field and `[Name]` for a general error (login contract 1.3). Messages are our own
and never quote a secret or the value that was refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MESSAGES = {
    "blank": "The field is required and must not be empty.",
    "missing": "The field is required.",
    "invalid": "The value is not valid.",
    "duplicate": "The value is already in use.",
    "couldNotConvert": "The value can not be converted to the type of this parameter.",
    "invalidJSON": "The value has the wrong JSON type, or is none of those that are possible here.",
    "invalidOption": "The value is not one of the options.",
    "tooLong": "The value is too long.",
    "tooShort": "The value is too short.",
    "tooMany": "There are too many values.",
    "inUse": "The object is in use.",
    "disabled": "This is not enabled.",
    "mismatch": "The values do not belong together.",
    "notEmail": "The value is not an e-mail address.",
    "blocked": "This e-mail domain is not accepted here.",
    "singleCase": "The password must have upper and lower case letters.",
    "onlyAlpha": "The password must have a character that is no letter.",
    "requireNumber": "The password must have a digit.",
    "unsupported": "This option of FusionAuth is not built here.",
    "containsLoginId": "The password must not contain the e-mail address or the username.",
    "previouslyUsed": "The password was used before.",
    "keptElsewhere": "A directory keeps the password of this user: it can be changed there only.",
    "tooYoung": "The password was changed too recently to be changed again.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One error object of the Errors JSON. `data` is optional machine detail."""

    code: str
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)


class Invalid(Exception):
    """400: the request as a whole is refused, nothing was written."""

    def __init__(
        self,
        field_errors: Mapping[str, list[Problem]] | None = None,
        general_errors: list[Problem] | None = None,
    ) -> None:
        super().__init__(", ".join([*(field_errors or {}), *(problem.code for problem in general_errors or [])]))
        self.field_errors = dict(field_errors or {})
        self.general_errors = list(general_errors or [])


class Unauthorized(Exception):
    """401 with an empty body: the key is missing, unknown, expired or not allowed here."""


class NotFound(Exception):
    """404 with an empty body: there is no such object, or not for this caller."""


class Unreachable(Exception):
    """422 with an empty body: there is no address to send to."""


class WrongCode(Exception):
    """421 with an empty body: a second factor's code is wrong, too old, spent, or there were too many wrong ones."""


class Conflict(Exception):
    """409: somebody else changed the object meanwhile."""


class TooManyRequests(Exception):
    """429: done too often in too short a time. `retry_after_seconds` from now it may be tried again."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(f"again in {retry_after_seconds} s")
        self.retry_after_seconds = retry_after_seconds


class Busy(Exception):
    """503: too much work at the moment; the same request may succeed in a while. Nothing was written."""


def field_problem(path: str, reason: str, message: str | None = None) -> Problem:
    """The problem of one field. `invalidJSON` stands without a path (login contract 1.3)."""
    code = "[invalidJSON]" if reason == "invalidJSON" else f"[{reason}]{path}"
    return Problem(code, message or MESSAGES.get(reason, MESSAGES["invalid"]))


def invalid_field(path: str, reason: str, message: str | None = None) -> Invalid:
    return Invalid({path: [field_problem(path, reason, message)]})


def invalid_fields(problems: list[tuple[str, str]]) -> Invalid:
    """Several (path, reason) pairs in one answer."""
    collected: dict[str, list[Problem]] = {}
    for path, reason in problems:
        collected.setdefault(path, []).append(field_problem(path, reason))
    return Invalid(collected)


def invalid_request(name: str, message: str, data: Mapping[str, Any] | None = None) -> Invalid:
    """A general error, e.g. `[TenantIdRequired]`."""
    return Invalid(general_errors=[Problem(f"[{name}]", message, dict(data or {}))])
