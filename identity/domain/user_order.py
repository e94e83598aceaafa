"""In which order a search lists users, and the place in it where the next page begins.

The place travels to the client and back as `nextResults`: an opaque text that holds names, values and an id, never SQL.
Whoever forges one only begins elsewhere in what they may see anyway.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from identity.domain.bounds import storable

NEVER_MISSING = frozenset({"id", "insertInstant", "login", "tenantId"})
NUMBERS = frozenset({"insertInstant", "lastLoginInstant"})
IDS = frozenset({"id", "tenantId"})
TEXTS = frozenset({"birthDate", "email", "fullName", "login", "username"})
SORTABLE = tuple(sorted(NUMBERS | IDS | TEXTS))
"""The wire names one may sort by. Source: supporting contract 3.5."""


class InvalidPlace(Exception):
    """The text is no place that this program gave out."""


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort field, a name of SORTABLE."""

    name: str
    descending: bool = False
    missing_first: bool = False

    def takes(self, value: object) -> bool:
        """Whether a user can have this value here."""
        if value is None:
            return self.name not in NEVER_MISSING
        if self.name in NUMBERS:
            return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
        if not isinstance(value, str) or not storable(value):
            return False
        return self.name in TEXTS or _is_id(value)


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for: one term, an order, and how many users make a page."""

    term: str
    sort: tuple[Sort, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Place:
    """The last user of a page: the values of the sort fields, and the id that decides between equals."""

    values: tuple[Any, ...]
    user_id: UUID


def encoded(search: Search, place: Place) -> str:
    """The text that leads to the page after this place."""
    document = {**asdict(search), "values": [_text(value) for value in place.values], "user_id": str(place.user_id)}
    raw = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(text: str) -> tuple[Search, Place]:
    """Raises InvalidPlace."""
    try:
        document = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        sort = tuple(Sort(**each) for each in document["sort"])
        search = Search(document["term"], sort, document["rows"])
        place = Place(tuple(document["values"]), UUID(document["user_id"]))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error) as error:
        raise InvalidPlace from error
    if not _is_sound(search, place):
        raise InvalidPlace
    return search, place


def _is_sound(search: Search, place: Place) -> bool:
    if not isinstance(search.term, str) or not storable(search.term) or not isinstance(search.rows, int):
        return False
    if not 1 <= search.rows <= 10_000 or not 1 <= len(search.sort) <= 10 or len(search.sort) != len(place.values):
        return False
    return all(
        sort.name in SORTABLE
        and isinstance(sort.descending, bool)
        and isinstance(sort.missing_first, bool)
        and sort.takes(value)
        for sort, value in zip(search.sort, place.values, strict=True)
    )


def _is_id(text: str) -> bool:
    """Whether this is an id as `encoded` writes it: Python reads more as one than PostgreSQL does."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value
