"""Parameters of calls at the Rocket.Chat door may be anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.domain.rocketchat_parameters import BadParameter, flag, optional_text, required_text

NO_TEXTS: tuple[object, ...] = (0, 1, 1.5, True, False, [], ["a"], {}, {"$ne": ""}, b"a", "\x00", "\ud800", "abcdef")


@pytest.mark.parametrize(
    ("value", "text"), [(None, None), ("", None), (" \t\n", None), (" ada ", "ada"), ("abcde", "abcde")]
)
def test_a_text_is_taken_without_the_space_around_it(value: object, text: str | None) -> None:
    assert optional_text(value, "userId", 5) == text


@pytest.mark.parametrize("value", NO_TEXTS)
def test_what_is_no_text_is_refused_by_the_name_of_the_parameter(value: object) -> None:
    with pytest.raises(BadParameter, match="'userId'"):
        optional_text(value, "userId", 5)


@pytest.mark.parametrize("value", [None, "", "  ", *NO_TEXTS])
def test_a_text_that_must_be_there_must_be_one(value: object) -> None:
    with pytest.raises(BadParameter, match="'secret'"):
        required_text(value, "secret", 5)


def test_a_text_that_is_there_is_taken() -> None:
    assert required_text(" ada", "secret") == "ada"


@pytest.mark.parametrize(
    ("value", "is_set"), [(None, False), (True, True), (False, False), ("true", True), ("false", False)]
)
def test_a_flag_is_a_boolean_or_its_text(value: object, is_set: bool) -> None:
    assert flag(value, "bypassTwoFactor") is is_set


@given(st.one_of(st.integers(), st.floats(), st.text(), st.lists(st.booleans()), st.dictionaries(st.text(), st.none())))
def test_nothing_else_is_a_flag(value: object) -> None:
    if value in ("true", "false"):
        return
    with pytest.raises(BadParameter, match="'bypassTwoFactor'"):
        flag(value, "bypassTwoFactor")
