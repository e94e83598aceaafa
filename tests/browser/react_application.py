"""The React application in `react/`: bundled by esbuild, served from a port of its own on the host of the service.

The SDK asks for that: cookies know hosts, not ports, and it reads one of them in the page.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.node import Tools, install

FOLDER = Path(__file__).parent / "react"
PAGE = """<!doctype html><html lang="en"><title>React application</title>
<link rel="icon" href="data:,">
<div id="root"></div><script>window.application = {configuration}</script><script src="/application.js"></script>
</html>"""


@dataclass
class ReactApplication:
    """One that is served; `configuration` are properties of the SDK's provider."""

    origin: str
    configuration: dict[str, Any]

    @property
    def url(self) -> str:
        return f"{self.origin}/"


def bundled(tools: Tools) -> bytes:
    """The application with everything that it imports, in one script."""
    command = [
        str(install(tools, FOLDER) / ".bin" / "esbuild"),
        "application.jsx",
        "--bundle",
        "--log-level=warning",
        '--define:process.env.NODE_ENV="production"',
    ]
    return subprocess.run(command, check=True, cwd=FOLDER, env=tools.environment(), capture_output=True).stdout


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, script: bytes, configuration: dict[str, Any], *connection: object) -> None:
        self._script = script
        self._configuration = configuration
        super().__init__(*connection)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        is_script = self.path == "/application.js"
        page = PAGE.replace("{configuration}", json.dumps(self._configuration)).encode()
        content = self._script if is_script else page
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if is_script else "text/html")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Tests look at the browser, not at a log."""


@contextmanager
def running_react(tools: Tools) -> Iterator[ReactApplication]:
    configuration: dict[str, Any] = {}
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, bundled(tools), configuration)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield ReactApplication(f"http://127.0.0.1:{server.server_port}", configuration)
        finally:
            server.shutdown()
            thread.join()
