"""Which of several localised texts a person is shown."""

from __future__ import annotations

import pytest

from identity.domain.user_actions import localized

TEXTS = {"fr": "Exclusion", "de_CH": "Sperre", "pt-BR": "Suspensão"}


@pytest.mark.parametrize(
    ("languages", "text"),
    [
        ([], None),
        (["en"], None),
        (["fr"], "Exclusion"),
        (["en", "fr"], "Exclusion"),
        (["fr_CA"], "Exclusion"),
        (["de"], None),
        (["de-ch"], "Sperre"),
        (["pt_BR", "fr"], "Suspensão"),
    ],
)
def test_the_first_preferred_language_with_a_text_is_shown(languages: list[str], text: str | None) -> None:
    assert localized(TEXTS, languages) == text
