"""Parameters of calls at the Rocket.Chat door: what a JSON body, a form or a query may hold, which is anything."""

from __future__ import annotations

from identity.domain.bounds import storable

LONGEST_NAME = 100
LONGEST_TEXT = 500
"""Longer than any id, user name or address that somebody can have here."""


class BadParameter(Exception):
    """The parameter is missing or has another type than it must. The text says which and why."""


def optional_text(value: object, name: str, longest: int = LONGEST_TEXT) -> str | None:
    """A text, None where there is none or only white space. Raises BadParameter."""
    if value is None:
        return None
    if not isinstance(value, str) or not storable(value) or len(value) > longest:
        raise BadParameter(f"The '{name}' param must be a text of at most {longest} characters")
    return value.strip() or None


def required_text(value: object, name: str, longest: int = LONGEST_TEXT) -> str:
    """As `optional_text`, for one that must be there."""
    text = optional_text(value, name, longest)
    if text is None:
        raise BadParameter(f"The '{name}' param is required")
    return text


def flag(value: object, name: str) -> bool:
    """true or false, which a form writes as text; false where there is none. Raises BadParameter."""
    if value is None:
        return False
    found = {"true": True, "false": False}.get(value) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise BadParameter(f"The '{name}' param must be true or false")
    return found
