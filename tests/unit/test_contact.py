"""When two names are the same, and what is an e-mail address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.domain.contact import canonical, is_email


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        ("ＡＤＡ@example.com", "ada@example.com"),
        ("straße@example.com", "STRASSE@example.com"),
        ("K@example.com", "k@example.com"),  # the Kelvin sign
        ("ﬁona", "fiona"),
        ("e\u0301va", "\u00e9va"),
        ("\u1fb3", "\u03b1\u03b9"),
    ],
)
def test_spellings_of_one_name_are_one(text: str, same: str) -> None:
    assert canonical(text) == canonical(same)


@pytest.mark.parametrize(("text", "other"), [("ı@example.com", "i@example.com"), ("a.b@c.d", "ab@c.d"), ("a", "а")])
def test_different_names_stay_different(text: str, other: str) -> None:
    assert canonical(text) != canonical(other)


@given(st.text(max_size=40))
def test_the_form_of_a_form_is_itself(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)


@given(st.text(max_size=40))
def test_letter_case_never_matters(text: str) -> None:
    assert canonical(text.casefold()) == canonical(text)


@given(st.text(st.characters(max_codepoint=127), max_size=40))
def test_plain_ascii_is_only_lowered(text: str) -> None:
    assert canonical(text) == text.lower()


@pytest.mark.parametrize(
    "text", ["a@b", "ada@example.test", "root@localhost", "a+b.c@d-e.f", "ü@exämple.de", "a" * 248 + "@b.com"]
)
def test_an_address(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "a@",
        "@b",
        "ab",
        "a@b@c",
        "a b@c",
        "a@b c",
        "a@b,c@d",
        "a@b\n",
        "a@b\x00",
        "a@\u200bb",
        "a@b\u00a0",
        "a@b\ud800",
        "a＠b@c",  # a full-width @ is one after folding
        "a@b，c",  # and so is a full-width comma
        "a" * 250 + "@b.com",
        "ﷺ" * 20 + "@b.com",  # eighteen characters each after folding
    ],
)
def test_no_address(text: str) -> None:
    assert not is_email(text)
