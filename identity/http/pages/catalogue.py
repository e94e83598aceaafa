"""The texts of the pages by language: English is written in the code, other languages are in locales/<language>.po.

A catalogue is read once per process. Texts that are chosen in one place and shown in another are marked with `msgid`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Request

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "de": "Deutsch"}
"""Each by its own name."""


def msgid(text: str) -> str:
    """The text itself: it has a translation, and is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Words:
    """One language: what templates and views say through."""

    language: str
    catalogue: NullTranslations
    locale: Locale

    def say(self, text: str, /, **values: object) -> str:
        """The text in this language, its `%(name)s` replaced by the values."""
        translated = self.catalogue.gettext(text)
        return translated % values if values else translated

    def say_number(self, one: str, many: str, number: int, /, **values: object) -> str:
        """`one` or `many` in this language, by its own rules; `%(number)s` is the number."""
        return self.catalogue.ngettext(one, many, number) % {"number": number, **values}

    def instant(self, milliseconds: int) -> str:
        """A moment as people write it, in UTC: a page does not know where its reader is."""
        moment = _moment(milliseconds)
        return f"{format_date(moment, 'long', self.locale)}, {format_time(moment, 'short', locale=self.locale)} UTC"


def machine_instant(milliseconds: int) -> str:
    """A moment as `<time datetime>` wants it."""
    return _moment(milliseconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def words_for(request: Request, wanted: str | None = None) -> Words:
    """In the language that was asked for, else the best one that the browser speaks, else English."""
    best = request.accept_languages.best_match(list(LANGUAGES), ENGLISH)
    return words(known_language(wanted) or best)


def known_language(locale: str | None) -> str | None:
    """The language of a locale such as `de_AT`; None when there are no texts in it."""
    language = (locale or "").replace("_", "-").partition("-")[0].lower()
    return language if language in LANGUAGES else None


@cache
def words(language: str) -> Words:
    """The words of one of `LANGUAGES`."""
    catalogue = NullTranslations() if language == ENGLISH else _read(language)
    return Words(language, catalogue, Locale.parse(language))


def _read(language: str) -> GNUTranslations:
    source = files(__name__.rpartition(".")[0]) / "locales" / f"{language}.po"
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(source.read_bytes()), locale=language, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
