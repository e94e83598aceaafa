"""Which page of a list a Rocket.Chat client asks for: offset, count and sort, as texts of a query that may be anything.

What can not be read counts as absent, as Rocket.Chat has it; `fields` and `query` are never looked at. Only orders that
an index has are known, and an offset goes as deep as `startRow` of the user search does (decision 38).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from identity.domain.user_order import Sort

DEFAULT_COUNT = 50
MOST_COUNT = 100
"""Rocket.Chat's API_Default_Count and API_Upper_Count_Limit."""

DEEPEST_OFFSET = 10_000
LONGEST_SORT = 1_000
WHOLE = re.compile(r"\s*([0-9]{1,18})")
ORDERS = {
    "_id": "id",
    "createdAt": "insertInstant",
    "emails": "login",
    "emails.address": "login",
    "name": "fullName",
    "username": "login",
}
"""What a client sorts by, and the order of ours that comes next to it: `login` is the e-mail, else the username."""

DEFAULT_SORT = Sort("login")


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of at most `count` users that begins behind `offset` others."""

    offset: int
    count: int
    sort: Sort

    @property
    def too_deep(self) -> bool:
        return self.offset > DEEPEST_OFFSET


def page_of(parameters: Mapping[str, str]) -> ListPage:
    """The page that these parameters of a query name."""
    return ListPage(
        offset=_whole(parameters.get("offset"), 0),
        count=_count(_whole(parameters.get("count"), DEFAULT_COUNT)),
        sort=sort_of(parameters.get("sort", "")),
    )


def sort_of(text: str) -> Sort:
    """The first order named in JSON like {"username": 1} that is known here; -1 is descending."""
    try:
        wanted = json.loads(text[:LONGEST_SORT])
    except (ValueError, RecursionError):
        return DEFAULT_SORT
    if not isinstance(wanted, dict):
        return DEFAULT_SORT
    return next(
        (Sort(ORDERS[name], descending=direction == -1) for name, direction in wanted.items() if name in ORDERS),
        DEFAULT_SORT,
    )


def _whole(text: str | None, default: int) -> int:
    """The number that the text begins with."""
    found = WHOLE.match(text or "")
    return int(found[1]) if found else default


def _count(wanted: int) -> int:
    """0 stands for everything in Rocket.Chat: here for as many as a page holds."""
    return min(wanted, MOST_COUNT) or MOST_COUNT
