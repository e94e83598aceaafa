"""Somebody in front of chromium, in one of the ways that people use pages: by mouse, without script, by keyboard."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Error, Locator, Page, expect

from tests.browser.axe import grave_violations
from tests.browser.watch import Watch

ARTEFACTS = Path(__file__).parent.parent / "artefacts" / "browser"
PATIENCE = 10_000
"""Milliseconds until a page that does not come is missing."""

MOST_TABS = 60
NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 800}
IS_FOCUSED = "element => element === document.activeElement"
FOCUS_IS_SEEN = """element => {
    const style = getComputedStyle(element);
    return style.outlineStyle !== 'none' || style.boxShadow !== 'none';
}"""
PARTS = """() => [...document.querySelectorAll('style, html, body, body *')].map(each => each.tagName == 'STYLE'
    ? each.textContent : [each.tagName, each.type, each.className, each.getAttribute('role')].join(' ')).join()"""
LOOKED_AT: set[str] = set()
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass(frozen=True, slots=True)
class Mode:
    """How somebody uses the pages."""

    name: str
    script: bool = True
    keyboard: bool = False


PLAIN = Mode("plain")
NO_SCRIPT = Mode("no-script", script=False)
KEYBOARD = Mode("keyboard", keyboard=True)
ALL_WAYS = pytest.mark.parametrize("mode", [PLAIN, NO_SCRIPT, KEYBOARD], indirect=True, ids=lambda mode: mode.name)
"""For flows: each is played in all three ways."""


class Visitor:
    """One person with one page. Names are what the page shows: a label, the text of a button."""

    def __init__(self, page: Page, mode: Mode, test: str) -> None:
        self.watch = Watch(page.context)
        self.page = page
        self.mode = mode
        self._folder = ARTEFACTS / re.sub(r"[^\w-]+", "_", test)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._seen = 0
        page.set_default_timeout(PATIENCE)

    def go(self, url: str) -> None:
        """Only for where a flow begins, and for links in mails: everything else is reached by what pages offer."""
        self.page.goto(url)

    def fill(self, label: str, text: str) -> None:
        box = self.page.get_by_label(label, exact=True)
        if not self.mode.keyboard:
            box.fill(text)
            return
        self._reach(box)
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.type(text)

    def press(self, button: str | re.Pattern[str]) -> None:
        self._use(self.page.get_by_role("button", name=button, exact=isinstance(button, str)), "Enter")

    def follow(self, link: str | re.Pattern[str]) -> None:
        self._use(self.page.get_by_role("link", name=link, exact=isinstance(link, str)), "Enter")

    def choose(self, label: str) -> None:
        """A checkbox or a radio button whose label says so. Radio buttons of one group are one stop for Tab."""
        box = self.page.get_by_label(label)
        if not self.mode.keyboard:
            box.check()
        elif box.get_attribute("type") == "radio":
            self._reach(self.page.locator(f"[name={box.get_attribute('name')}]:checked"))
            for _ in range(MOST_TABS):
                if box.is_checked():
                    return
                self.page.keyboard.press("ArrowDown")
            raise AssertionError(f"the arrows never come to {box}")
        else:
            self._reach(box)
            self.page.keyboard.press("Space")

    def sees(self, headline: str | re.Pattern[str], name: str = "") -> None:
        """The page with this headline has come, and is as a page must be; pictures of it are kept."""
        heading = self.page.get_by_role("main").get_by_role("heading", level=1)
        expect(heading).to_have_text(headline, timeout=PATIENCE)
        self.look(name or str(headline))

    def look(self, name: str) -> None:
        """Keep a picture of the page. What is new is looked at in the dark and on a phone too, and by axe."""
        self._seen += 1
        name = f"{self._seen:02}-{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._picture(name)
        if self.mode is PLAIN and self._is_new():
            self._in_every_light(name)

    def _is_new(self) -> bool:
        """Whether no page of just these parts was looked at yet, whatever they say."""
        parts: str = self.page.evaluate(PARTS)
        is_new = parts not in LOOKED_AT
        LOOKED_AT.add(parts)
        return is_new

    def _in_every_light(self, name: str) -> None:
        self._without_fault(name)
        self.page.emulate_media(color_scheme="dark")
        self._picture(f"{name}-dark")
        self._without_fault(f"{name} in the dark")
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size(NARROW)
        self._picture(f"{name}-360")
        assert self.page.evaluate(OVERFLOW) <= 0, f"{name} is wider than a phone"
        self.page.set_viewport_size(WIDE)

    def _picture(self, name: str) -> None:
        """A busy machine may be too slow for a picture, which is no fault of the page."""
        try:
            self.page.screenshot(path=self._folder / f"{name}.png", full_page=True)
        except Error as error:
            if "Unable to capture screenshot" not in error.message:
                raise

    def _without_fault(self, name: str) -> None:
        found = grave_violations(self.page)
        assert found == [], f"{name}: {found}"

    def _use(self, target: Locator, key: str) -> None:
        if self.mode.keyboard:
            self._reach(target)
            self.page.keyboard.press(key)
        else:
            target.click()

    def _reach(self, target: Locator) -> None:
        """By the Tab key alone, to where the focus can be seen."""
        target.wait_for()
        for _ in range(MOST_TABS):
            if target.evaluate(IS_FOCUSED):
                assert target.evaluate(FOCUS_IS_SEEN), f"nobody sees that the focus is on {target}"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the Tab key never comes to {target}")
