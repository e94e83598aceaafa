"""Chromium for tests: the machine's own, with nowhere to go but this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first is the same browser without all that needs a window, which takes a third of the time."""

MISSING = f"there is no chromium: none of {', '.join(NAMES)} is on PATH, and CHROMIUM names none"
ARGUMENTS = (
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
    "--disable-site-isolation-trials",  # these three: fewer processes, since no page is anybody's enemy here
    "--process-per-site",
    "--renderer-process-limit=1",
)


def find_chromium() -> str | None:
    """What the variable CHROMIUM names, else the first of the usual programs on PATH."""
    named = os.environ.get("CHROMIUM")
    return next(filter(None, map(shutil.which, (named,) if named else NAMES)), None)


@contextmanager
def running_chromium(program: str) -> Iterator[Browser]:
    """Without a window, and without the sandbox that root can not have: all its pages are this project's own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS, chromium_sandbox=False)
        try:
            yield browser
        finally:
            browser.close()
