"""Every text of the hosted pages has its German, and German has nothing that no page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from identity.domain.errors import MESSAGES
from identity.http.pages.catalogue import LANGUAGES, known_language, words

PACKAGE = Path(__file__).parents[2] / "identity"
PAGES = PACKAGE / "http" / "pages"
KEYWORDS: dict[str, Any] = {"_": None, "msgid": None, "say": None, "ngettext": (1, 2), "say_number": (1, 2)}
METHODS = [("**/templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
OTHERS = sorted(set(LANGUAGES) - {"en"})
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@cache
def said() -> frozenset[str]:
    """Every text that a page says; where there is a plural, its singular."""
    return frozenset({first for _, first in extracted()} | set(MESSAGES.values()))


def extracted() -> Iterator[tuple[str, str]]:
    for folder in (PAGES, PACKAGE / "http" / "hosted_backend", PACKAGE / "domain", PACKAGE / "flows"):
        options = {"**/templates/**.html": {"trimmed": "false", "silent": "false"}}
        found = extract_from_dir(folder, METHODS, options, keywords=KEYWORDS, strip_comment_tags=True)
        for name, _, message, _, _ in found:
            yield name, message if isinstance(message, str) else message[0]


@cache
def catalogue(language: str) -> Catalog:
    return read_po(BytesIO((PAGES / "locales" / f"{language}.po").read_bytes()), locale=language, abort_invalid=True)


def entries(language: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Texts and translations; several where there is a plural."""
    for message in catalogue(language):
        if message.id:
            both = message.id, message.string
            yield tuple((each,) if isinstance(each, str) else tuple(each) for each in both)  # type: ignore[misc]


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_has_a_translation(language: str) -> None:
    translated = {ids[0] for ids, strings in entries(language) if all(strings)}
    assert sorted(said() - translated) == []


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_left_over_or_in_doubt(language: str) -> None:
    assert sorted({ids[0] for ids, _ in entries(language)} - said()) == []
    assert [message.id for message in catalogue(language) if message.id and message.fuzzy] == []
    assert not catalogue(language).obsolete


@pytest.mark.parametrize("language", OTHERS)
def test_translations_name_the_values_that_the_text_names(language: str) -> None:
    for ids, strings in entries(language):
        wanted = set(PLACEHOLDER.findall(" ".join(ids)))
        for string in strings:
            assert set(PLACEHOLDER.findall(string)) == wanted, string
            assert string.replace("%(", "").count("%") == 0 or not wanted, string


def test_texts_are_one_line_without_blanks_around() -> None:
    assert [text for text in said() if text != " ".join(text.split())] == []


def test_a_text_is_said_with_its_values() -> None:
    german = words("de")
    text = "Somebody wants to sign in to %(application)s as you, on another device or through another network."
    assert "bei A & B anmelden" in german.say(text, application="A & B")
    assert " to 100 % as you" in words("en").say(text, application="100 %")
    assert german.say("or") == "oder"
    assert german.say("This has no translation, 100 %") == "This has no translation, 100 %"


def test_numbers_take_the_plural_of_the_language() -> None:
    one, many = "%(number)s code", "%(number)s codes"
    assert [words("en").say_number(one, many, number) for number in (0, 1, 2)] == ["0 codes", "1 code", "2 codes"]


def test_the_language_is_the_one_that_was_asked_for_else_the_browsers() -> None:
    assert [known_language(locale) for locale in ("de", "de_AT", "DE-ch", "en-GB", "fr", "", None, "-", "de\0")] == [
        *["de"] * 3,
        "en",
        *[None] * 5,
    ]


def test_a_moment_is_written_as_the_language_does() -> None:
    assert words("en").instant(1_750_000_000_000) == "June 15, 2025, 3:06\u202fPM UTC"
    assert words("de").instant(1_750_000_000_000) == "15. Juni 2025, 15:06 UTC"
