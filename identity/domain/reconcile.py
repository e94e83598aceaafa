"""What a reconcile lambda may change of a user and a registration, and which values it may set.

Source: login contract 6.2; decisions 11, 13, 55. Names are those of the fields inside the service; values are JSON, as
the lambda left them, so of any type. Whatever may not be set is silently as it was; what may be set but does not fit
its field is refused, all at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from identity.domain.bounds import (
    LONGEST_TEXT,
    LONGEST_URL,
    LONGEST_USERNAME,
    MOST_LANGUAGES,
    data_problem,
    is_date,
    storable,
)

USER_SETTABLE = (
    "birth_date",
    "data",
    "first_name",
    "full_name",
    "image_url",
    "last_name",
    "middle_name",
    "mobile_phone",
    "parent_email",
    "preferred_languages",
    "timezone",
)
USER_SETTABLE_WHEN_NEW = ("email", "username", "phone_number")
REGISTRATION_SETTABLE = ("data", "preferred_languages", "roles", "timezone", "username")

LIMITS = {"username": LONGEST_USERNAME, "image_url": LONGEST_URL}
NOT_IN_A_URI = re.compile(r"[\s\x00-\x1f\x7f<>\"\\^`{|}]")

Refusal = tuple[str, str]
"""A field and the reason, e.g. ("user.birth_date", "invalid"): a field error of row 21."""

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Checks:
    """What the rules ask of the world: whether this is an IANA time zone, whether this is an e-mail address."""

    known_zone: Callable[[str], bool]
    valid_email: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Settled:
    """A user or registration after its lambda. Refused values are not in `values`: there the field is as before."""

    values: dict[str, Any]
    refused: tuple[Refusal, ...] = ()
    dropped_roles: tuple[str, ...] = ()
    """Names the lambda put in `roles` that are no role of the application: to be mentioned in the event log."""


class _Refused(Exception):
    """A value that does not fit its field."""


def settled_user(before: Values, after: Values, *, new: bool, checks: Checks) -> Settled:
    """The user `before` with what the lambda may change taken from `after`; e-mail and login names only when new."""
    names = USER_SETTABLE + (USER_SETTABLE_WHEN_NEW if new else ())
    return _settled("user", names, before, after, checks)


def settled_registration(before: Values, after: Values, *, role_names: Collection[str], checks: Checks) -> Settled:
    """The registration likewise; of the roles, those remain that the application has."""
    settled = _settled("registration", REGISTRATION_SETTABLE, before, after, checks)
    roles = _unique(settled.values.get("roles") or ())
    known = [role for role in roles if role in role_names]
    dropped = tuple(role for role in roles if role not in role_names)
    return Settled({**settled.values, "roles": known}, settled.refused, dropped)


def _settled(owner: str, names: Iterable[str], before: Values, after: Values, checks: Checks) -> Settled:
    values = dict(before)
    refused: list[Refusal] = []
    for name in names:
        try:
            value = _fitting(name, after.get(name), before.get(name), checks)
        except _Refused as refusal:
            refused.append((f"{owner}.{name}", str(refusal)))
        else:
            values.pop(name, None)
            if value is not None:
                values[name] = value
    return Settled(values, tuple(refused))


def _fitting(name: str, value: Any, before: Any, checks: Checks) -> Any:
    """The value as the field holds it, None for none at all. Raises _Refused."""
    if name == "data":
        return {} if value is None else _data(value)
    if name in ("preferred_languages", "roles"):
        return _unique(_texts(name, value))
    text = _text(name, value)
    # What was stored before today's rules is not the lambda's doing.
    if text is not None and text != before:
        _check_text(name, text, checks)
    return text


def _text(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not storable(value):
        raise _Refused("invalid")
    if len(value) > LIMITS.get(name, LONGEST_TEXT):
        raise _Refused("tooLong")
    return value if value.strip() else None


def _texts(name: str, value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise _Refused("invalid")
    texts = [_text(name, item) for item in value]
    if name == "preferred_languages" and len(texts) > MOST_LANGUAGES:
        raise _Refused("tooMany")
    return [text for text in texts if text is not None]


def _check_text(name: str, text: str, checks: Checks) -> None:
    fits = True
    if name == "birth_date":
        fits = is_date(text)
    elif name == "image_url":
        fits = not NOT_IN_A_URI.search(text)
    elif name == "timezone":
        fits = checks.known_zone(text)
    elif name in ("email", "parent_email"):
        fits = checks.valid_email(text)
    if not fits:
        raise _Refused("invalid")


def _data(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Refused("invalid")
    if (reason := data_problem(value)) is not None:
        raise _Refused(reason)
    return value


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
