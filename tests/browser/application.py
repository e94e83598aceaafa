"""The application that somebody logs in to: an origin of its own, where logins end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page

HEADLINE = "Back at the application"
PAGE = f"""<!doctype html><html lang="en"><title>Application</title><link rel="icon" href="data:,">
<main><h1>{HEADLINE}</h1></main></html>""".encode()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer()

    def _answer(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, format: str, *arguments: object) -> None:
        """Tests look at the browser, not at a log."""


@dataclass(frozen=True, slots=True)
class Application:
    """It is on the host `localhost`, so that nothing of the service, which is 127.0.0.1, is sent to it."""

    origin: str

    @property
    def callback(self) -> str:
        return f"{self.origin}/callback"

    def brought(self, page: Page) -> dict[str, str]:
        """The parameters that the browser has come back with."""
        assert page.url.startswith(self.callback), page.url
        return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


@contextmanager
def running_application() -> Iterator[Application]:
    with ThreadingHTTPServer(("localhost", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield Application(f"http://localhost:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()
