"""The picture of somebody without a picture."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.domain.rocketchat_avatar import COLOURS, initials, redirect_target, svg

NAMESPACE = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("ada.lovelace", "AL"),
        ("ada", "AD"),
        ("a", "A"),
        ("Ada King Lovelace", "AK"),
        ("élodie", "ÉL"),
        ("ß", "SS"),
        ("ßß", "SS"),
        ("...", "?"),
        ("", "?"),
        ("<script>alert(1)</script>", "SA"),
        ("李 小龙", "李小"),
    ],
)
def test_the_initials_are_two_letters_at_most(name: str, shown: str) -> None:
    assert initials(name) == shown


@given(st.text(alphabet=st.characters(), max_size=80))
def test_any_name_is_a_picture_of_one_square_and_one_text(name: str) -> None:
    picture = ElementTree.fromstring(svg(name))
    square, text = list(picture)
    assert (square.tag, text.tag) == (f"{NAMESPACE}rect", f"{NAMESPACE}text")
    assert text.text is not None
    assert 1 <= len(text.text) <= 2


def test_a_name_has_one_colour_and_names_have_many() -> None:
    assert svg("ada") == svg("ada")
    assert len({svg(f"user{number}").split('fill="')[1][:7] for number in range(200)}) == len(COLOURS)


@pytest.mark.parametrize("colour", COLOURS)
def test_white_letters_can_be_read_on_every_colour(colour: str) -> None:
    assert 1.05 / (_luminance(colour) + 0.05) >= 4.5


@pytest.mark.parametrize("url", ["http://example.com/a.png", "https://example.com", "HTTPS://example.com:8443/a?b=c#d"])
def test_a_browser_is_sent_to_pictures_on_the_web(url: str) -> None:
    assert redirect_target(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "data:image/svg+xml,<svg/>",
        "//example.com/a.png",
        "/avatar/ada",
        "ftp://example.com/a.png",
        "https://",
        "https:///a.png",
        "https://[::1",
        "https://example.com/\r\nSet-Cookie: a=b",
        "https://example.com\\@evil.example",
        "https://exämple.com/",
        "https://example.com/" + "a" * 2_048,
    ],
)
def test_and_nowhere_else(url: str | None) -> None:
    assert redirect_target(url) is None


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
