"""The text that leads to the next page of a search."""

from __future__ import annotations

import base64
import json
from typing import Any
from uuid import UUID

import pytest

from identity.domain.user_order import InvalidPlace, Place, Search, Sort, decoded, encoded

SEARCH = Search("müller", (Sort("fullName", descending=True), Sort("lastLoginInstant", missing_first=True)), 25)
PLACE = Place(("Zoë", None), UUID(int=7))


def test_a_place_comes_back_as_it_left() -> None:
    assert decoded(encoded(SEARCH, PLACE)) == (SEARCH, PLACE)


def changed(**members: Any) -> str:
    text = encoded(SEARCH, PLACE)
    document = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return base64.urlsafe_b64encode(json.dumps(document | members).encode()).decode().rstrip("=")


SOUND = {"name": "id", "descending": False, "missing_first": False}


@pytest.mark.parametrize(
    "members",
    [
        {"term": 3},
        {"term": "a\x00"},
        {"term": "\ud800"},
        {"sort": [SOUND], "values": ["urn:uuid:00000000-0000-4000-8000-000000000001"]},
        {"sort": [SOUND], "values": ["０" * 32]},
        {"sort": [SOUND | {"name": "email"}], "values": ["\ud800"]},
        {"rows": 0},
        {"rows": 10_001},
        {"rows": "25"},
        {"sort": []},
        {"sort": [SOUND]},
        {"sort": [SOUND], "values": [None]},
        {"sort": [SOUND], "values": ["no id"]},
        {"sort": [{**SOUND, "name": "insertInstant"}], "values": [True]},
        {"sort": [{**SOUND, "name": "insertInstant"}], "values": [2**63]},
        {"sort": [{**SOUND, "name": "password"}], "values": ["x"]},
        {"sort": [{**SOUND, "descending": "yes"}], "values": [str(UUID(int=1))]},
        {"sort": [{"name": "id; DROP TABLE users"}], "values": ["x"]},
        {"values": ["Zoë"]},
        {"values": [3, None]},
        {"user_id": "7"},
        {"user_id": None},
    ],
)
def test_a_text_that_says_something_impossible_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(InvalidPlace):
        decoded(changed(**members))
