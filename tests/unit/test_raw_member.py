"""A member of a JSON object as the client wrote it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.http.raw_member import raw_member

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ('{"state":{"a":1.50}}', '{"a":1.50}'),
        (' {\n"x" : [1, {"state": 2}] ,\t"state" :  { "b" : "\\u0041" } , "y": null }', '{ "b" : "\\u0041" }'),
        ('{"state": 1, "state": {"last": true}}', '{"last": true}'),
        ('{"state": ' + "9" * 5_000 + "}", "9" * 5_000),
        ("{}", None),
        ('{"other": "state"}', None),
    ],
)
def test_the_text_of_a_member_survives(document: str, text: str | None) -> None:
    assert raw_member(document, "state") == text


@given(st.dictionaries(st.sampled_from(["a", "b", "state"]), JSON_VALUES), st.sampled_from([None, 2]))
def test_the_text_of_any_member_is_its_value(document: dict[str, object], indent: int | None) -> None:
    found = raw_member(json.dumps(document, indent=indent), "state")
    assert ("state" in document) == (found is not None)
    if found is not None:
        assert json.loads(found) == document["state"]
