"""An emulator in a thread on a free port, with HTTP/1.1 keep-alive, for tests of what talks to its provider."""

from __future__ import annotations

import io
import json
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from flask import Flask
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import run_wsgi_app

from identity.emulators.state import EXTENSION


class KeepAliveHandler(WSGIRequestHandler):
    """werkzeug's own handler closes after every answer; this one reads the whole body, so it need not."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.open_connections.add(self.connection)
        self.server.accepted += 1

    def finish(self) -> None:
        self.server.open_connections.discard(self.connection)
        super().finish()

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        environ["wsgi.input"] = io.BytesIO(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        chunks, status, headers = run_wsgi_app(self.server.app, environ, buffered=False)
        code, _, phrase = status.partition(" ")
        self.send_response_only(int(code), phrase)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        try:
            for chunk in chunks:
                self.wfile.write(chunk)
        except ConnectionResetError:
            self.close_connection = True
        finally:
            if hasattr(chunks, "close"):
                chunks.close()

    def log(self, type: str, message: str, *args: Any) -> None:
        """Tests read the calls from the emulator, not from a log."""


class KeepAliveServer(ThreadedWSGIServer):
    """One thread per connection, on a free port; it knows its connections, so that stopping can end the idle ones."""

    def __init__(self, app: Flask) -> None:
        super().__init__("127.0.0.1", 0, app, handler=KeepAliveHandler)
        self.open_connections: set[socket.socket] = set()
        self.accepted = 0


class RunningEmulator:
    """A running emulator; those of the providers say how their tokens are made."""

    def __init__(self, app: Flask) -> None:
        self._closing: threading.Event = app.extensions[EXTENSION].closing
        self._server = KeepAliveServer(app)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        for connection in tuple(self._server.open_connections):
            with suppress(OSError):  # the other side may have gone first
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()

    @property
    def connections(self) -> int:
        """How many TCP connections were accepted so far."""
        return self._server.accepted

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control API; the answer's JSON, or None. Raises AssertionError with the body on an error."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}/control/{path}", data=data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with urlopen(request, timeout=10) as answer:
                text = answer.read()
        except HTTPError as error:
            with error:
                raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from None
        return json.loads(text) if text else None

    def fault(self, kind: str, **members: Any) -> int:
        """Switch a fault on (endpoint, person, times and the kind's parameters as keywords) and return its id."""
        return int(self.control("POST", "faults", {"kind": kind, **members})["id"])

    def clear_faults(self) -> None:
        """Switch all faults off; people keep their own."""
        self.control("DELETE", "faults")

    def calls(self) -> list[dict[str, Any]]:
        """The recent calls of the provider, newest first."""
        found: list[dict[str, Any]] = self.control("GET", "calls")["calls"]
        return found

    def person(self, key: str) -> dict[str, Any]:
        """A person as the control API shows them."""
        people: list[dict[str, Any]] = self.control("GET", "people")["people"]
        return next(person for person in people if person["key"] == key)

    def add_person(self, **members: Any) -> dict[str, Any]:
        """Add a person (the id at least)."""
        added: dict[str, Any] = self.control("POST", "people", members)
        return added

    def change_person(self, key: str, **members: Any) -> None:
        """Change members of a person."""
        self.control("PATCH", f"people/{key}", members)

    def reset(self) -> None:
        """Back to the seeded people, without tokens, faults and calls."""
        self.control("POST", "reset")
