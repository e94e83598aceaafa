"""E-mail addresses and user names: when two are the same, and what counts as an e-mail address at all.

The only place that folds names (security T21): the database compares what `canonical` made and folds nothing itself.
"""

from __future__ import annotations

import unicodedata

LONGEST_EMAIL = 254


def canonical(text: str) -> str:
    """The form in which e-mail addresses and user names are compared and unique: NFKC, then case folding.

    Folding can take a text out of NFKC, so it is normalised once more; then the form of a form is itself.
    """
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def is_email(text: str) -> bool:
    """One @ between two parts, at most 254 characters, no space, control character or comma (decision 14).

    Its canonical form must pass as well: a full-width @ or comma is one after folding.
    """
    return _has_form_of_email(text) and (text.isascii() or _has_form_of_email(canonical(text)))


def _has_form_of_email(text: str) -> bool:
    local, at, domain = text.partition("@")
    return (
        bool(local and at and domain)
        and "@" not in domain
        and len(text) <= LONGEST_EMAIL
        and text.isprintable()  # refuses control and invisible characters and every space but the plain one
        and not any(character in ", " for character in text)
    )
