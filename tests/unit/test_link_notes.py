"""What a link keeps of a provider's answer: texts that say something, and the values of the door."""

from __future__ import annotations

from typing import Any

import pytest

from identity.domain.link_notes import LONGEST, LinkNotes


def test_named_members_are_kept_beside_the_values_of_the_door() -> None:
    notes = LinkNotes({"expiresAt": 5}, ("name", "lang"))
    assert notes.of({"name": "Ada", "lang": "en", "id": 7}) == {"name": "Ada", "lang": "en", "expiresAt": 5}


def test_the_door_s_own_value_wins_over_the_provider_s() -> None:
    assert LinkNotes({"expiresAt": 5}, ("expiresAt",)).of({"expiresAt": "never"}) == {"expiresAt": 5}


@pytest.mark.parametrize("value", [None, "", 5, True, {"a": 1}, ["a"], "a\x00b", "\ud800", "x" * (LONGEST + 1)])
def test_what_is_no_usable_text_is_left_out(value: Any) -> None:
    assert LinkNotes(profile=("name", "absent")).of({"name": value}) == {}


def test_the_longest_text_is_kept() -> None:
    assert LinkNotes(profile=("name",)).of({"name": "x" * LONGEST}) == {"name": "x" * LONGEST}
