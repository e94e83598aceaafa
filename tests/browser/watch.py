"""What no page may do while a test looks at it: raise an error, break its policy, or ask another machine."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError

HERE = ("127.0.0.1", "localhost")
REFUSED_PAGE = re.compile("Failed to load resource: the server responded with a status of (4..|503|504) ")
"""The console says so of a page with such a status as well: a form that is shown again has one. A fault has not."""


class Watch:
    """Listens to every page of a context; `problems` is what a test must not end with."""

    def __init__(self, context: BrowserContext) -> None:
        self.problems: list[str] = []
        self._pages: set[str] = set()
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        is_page = message.location.get("url") in self._pages
        if message.type in ("error", "warning") and not (is_page and REFUSED_PAGE.match(message.text)):
            self.problems.append(f"the console says: {message.text} ({message.location})")

    def _error(self, error: WebError) -> None:
        self.problems.append(f"a script failed: {error.error}")

    def _request(self, request: Request) -> None:
        if request.is_navigation_request():
            self._pages.add(request.url)
        if urlsplit(request.url).scheme in ("http", "https") and urlsplit(request.url).hostname not in HERE:
            self.problems.append(f"a page asked another machine: {request.url}")
