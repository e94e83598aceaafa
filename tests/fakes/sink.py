"""A TCP server that answers as scripted: for faults below HTTP that a well-behaved server cannot commit."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

NEVER = 30.0
"""Seconds: longer than any test waits."""


@dataclass(frozen=True)
class Request:
    """One request as it arrived; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Exchange:
    """What a behaviour may use: the connection, the request, and the event that tells it to go."""

    socket: socket.socket
    request: Request
    closing: threading.Event


Behaviour = Callable[[Exchange], bool]
"""Answers one request; the result says whether the connection stays open."""


@dataclass
class Sink:
    """Plays `script` in order, one behaviour a request; the last one is repeated."""

    script: list[Behaviour]
    tls: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> Sink:
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(NEVER)
            assert not thread.is_alive()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def _spawn(self, target: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
            self._spawn(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        if self.tls:
            try:
                connection = self.tls.wrap_socket(connection, server_side=True)
            except OSError:
                return
        with self._lock:
            self._open.append(connection)
            if self._closing.is_set():
                connection.shutdown(socket.SHUT_RDWR)
        try:
            with connection.makefile("rb") as reader:
                while (request := _read(reader)) is not None:
                    with self._lock:
                        self.requests.append(request)
                        behaviour = self.script.pop(0) if len(self.script) > 1 else self.script[0]
                    if not behaviour(Exchange(connection, request, self._closing)):
                        return
        except OSError:
            return
        finally:
            with self._lock:
                self._open.remove(connection)
            connection.close()


def _read(reader: Any) -> Request | None:
    line = reader.readline().decode("latin-1").split()
    if len(line) != 3:
        return None
    headers: dict[str, str] = {}
    while (header := reader.readline().decode("latin-1").strip()) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    return Request(line[0], line[1], headers, reader.read(int(headers.get("content-length", "0"))))


def raw(data: bytes, *, stay: bool = False) -> Behaviour:
    """Exactly these bytes."""

    def behave(exchange: Exchange) -> bool:
        exchange.socket.sendall(data)
        return stay

    return behave


def answer(
    status: int, body: bytes | str = b"", content_type: str = "text/plain", stay: bool = True, **headers: str
) -> Behaviour:
    """A complete HTTP answer; underscores in header names stand for hyphens."""
    payload = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Said", f"Content-Type: {content_type}", f"Content-Length: {len(payload)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return raw("\r\n".join([*lines, "\r\n"]).encode("latin-1") + payload, stay=stay)


def answer_json(status: int, document: Any, **headers: str) -> Behaviour:
    return answer(status, json.dumps(document), "application/json; charset=utf-8", **headers)


def half(body: bytes, announced: int) -> Behaviour:
    """An answer that ends before its announced length."""
    return raw(
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {announced}\r\n\r\n".encode() + body
    )


def hang_up(exchange: Exchange) -> bool:
    """Closes without a byte."""
    return False


def reset(exchange: Exchange) -> bool:
    """Closes with a TCP reset."""
    exchange.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def silence(exchange: Exchange) -> bool:
    """Says nothing and keeps the connection."""
    exchange.closing.wait(NEVER)
    return False


def drip(exchange: Exchange) -> bool:
    """One byte at a time, for ever: each read succeeds in time, the whole never ends."""
    exchange.socket.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not exchange.closing.wait(0.02):
        exchange.socket.sendall(b"a")
    return False


def huge(exchange: Exchange) -> bool:
    """A body without end and without announced length."""
    exchange.socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while not exchange.closing.is_set():
        exchange.socket.sendall(b" " * 65536)
    return False


def then_hang_up(behaviour: Behaviour) -> Behaviour:
    """Answers, keeps quiet about closing, and closes."""

    def behave(exchange: Exchange) -> bool:
        behaviour(exchange)
        return False

    return behave


def closed_port() -> int:
    """A port of 127.0.0.1 where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
