"""No page is without a test that plays the flow to it in chromium, in all three ways. What a test is named for here it
must have reached, or it fails (`pages_of`)."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import identity.http.pages
from tests.browser.drawn import PLAYED
from tests.browser.visitor import ALL_WAYS

PAGES = Path(identity.http.pages.__file__).parent / "templates" / "pages"
PARTS = {"frame.html", "macros.html", "person_fields.html"}
"""What is no page by itself."""


def test_each_page_is_reached_by_playing_once_with_script_off_and_once_by_keyboard_only() -> None:
    assert {each.name for each in PAGES.glob("*.html")} - PARTS == set(PLAYED)
    for played in set(PLAYED.values()):
        module, _, name = played.partition("[")[0].partition(".")
        marks = getattr(import_module(f"tests.browser.{module}"), name).pytestmark
        assert ALL_WAYS.mark in marks, played
