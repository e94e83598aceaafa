"""Which page of the users a Rocket.Chat client asks for."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.domain.rocketchat_listing import DEFAULT_SORT, ListPage, page_of, sort_of
from identity.domain.user_order import SORTABLE, Sort


def test_without_parameters_it_is_the_first_fifty() -> None:
    assert page_of({}) == ListPage(0, 50, Sort("login"))


@pytest.mark.parametrize(
    ("text", "count"),
    [("1", 1), ("100", 100), ("101", 100), ("9" * 400, 100), ("0", 100), ("-1", 50), ("x", 50), ("", 50), ("7.9", 7)],
)
def test_a_page_never_holds_more_than_a_hundred(text: str, count: int) -> None:
    assert page_of({"count": text}).count == count


@pytest.mark.parametrize(("text", "offset"), [("25", 25), (" 25", 25), ("-3", 0), ("NaN", 0), ("null", 0), ("\x00", 0)])
def test_an_offset_that_is_no_number_counts_as_absent(text: str, offset: int) -> None:
    assert page_of({"offset": text}).offset == offset


def test_an_offset_reaches_as_deep_as_the_user_search() -> None:
    assert not page_of({"offset": "10000"}).too_deep
    assert page_of({"offset": "10001"}).too_deep


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        ('{"username": 1}', Sort("login")),
        ('{"name": -1}', Sort("fullName", descending=True)),
        ('{"createdAt": -1, "name": 1}', Sort("insertInstant", descending=True)),
        ('{"$where": "1", "_id": 1}', Sort("id")),
        ('{"status": 1}', DEFAULT_SORT),
        ('{"name": {"$gt": ""}}', Sort("fullName")),
        ("[1]", DEFAULT_SORT),
        ("not json", DEFAULT_SORT),
        ("[" * 5000, DEFAULT_SORT),
        ("9" * 5000, DEFAULT_SORT),
    ],
)
def test_only_orders_of_an_index_are_known_and_junk_is_none(text: str, sort: Sort) -> None:
    assert sort_of(text) == sort


@given(st.dictionaries(st.sampled_from(["offset", "count", "sort", "fields", "query"]), st.text(max_size=60)))
def test_whatever_is_asked_for_is_a_page_within_the_bounds(parameters: dict[str, str]) -> None:
    page = page_of(parameters)
    assert page.offset >= 0
    assert 1 <= page.count <= 100
    assert page.sort.name in SORTABLE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=50)
@given(JSON)
def test_any_json_is_an_order_or_none(document: object) -> None:
    assert sort_of(json.dumps(document)).name in SORTABLE
