"""The one pooled keep-alive client for calls to outside providers: bounded in time, size and number.

It never follows a redirect, never decodes a compressed answer, never sends a request twice (a second time needs a
second signature, so that is the provider's business) and sends nothing in clear text beyond loopback. Answers are
parsed by the standard library's `http.client`; docs/decisions/0002-outbound-client.md says why.
"""

from __future__ import annotations

import http.client
import ipaddress
import os
import re
import socket
import threading
from collections.abc import Mapping
from urllib.parse import urlsplit

from identity.outbound.dial import Dialer
from identity.outbound.incoming import ANSWER_LIMIT, Incoming
from identity.outbound.pool import Connection, Origin, Pool
from identity.runtime import Runtime
from identity.settings import X
from identity.upstream import Answer, UpstreamUnreachable

WAIT_FOR_TURN = 2.0
"""Seconds a call waits when as many as allowed are under way (decision 21)."""

TARGET = re.compile(r"[\x21-\x7e]+")


class Client:
    """Implements `identity.upstream.Http`. One per process serves all threads and all providers."""

    def __init__(self, settings: X, threads: int, runtime: Runtime) -> None:
        self._settings = settings
        self._most = settings.max_concurrent or threads
        self._runtime = runtime
        self._shared = self._new_pool()

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        budget: float | None = None,
    ) -> Answer:
        """One request and its answer, whatever the status below 300. Raises UpstreamUnreachable."""
        started = self._runtime.monotonic()
        deadline = started + (self._settings.login_budget if budget is None else budget)
        origin, target = parse_url(url)
        request = encoded(method, origin, target, headers, body)
        pool = self._pool()
        if not pool.turns.acquire(timeout=max(min(WAIT_FOR_TURN, deadline - started), 0)):
            raise UpstreamUnreachable("busy")
        try:
            return self._exchange(pool, origin, method, request, deadline)
        finally:
            pool.turns.release()

    def close(self) -> None:
        """Close the idle connections."""
        self._shared.close()

    def _exchange(self, pool: Pool, origin: Origin, method: str, request: bytes, deadline: float) -> Answer:
        connection = pool.take(origin, self._runtime.monotonic())
        if connection is None:
            connection = Connection(self._dial(pool, origin, deadline))
        incoming = Incoming(connection.socket, deadline, self._settings.read_timeout, self._runtime.monotonic)
        reusable = False
        try:
            incoming.allow_time()
            connection.socket.sendall(request)
            answer, reusable = read_answer(incoming, method)
            return answer
        except TimeoutError:
            raise UpstreamUnreachable("timeout") from None
        except (OSError, http.client.IncompleteRead):
            raise UpstreamUnreachable("reset") from None
        except http.client.HTTPException:
            raise UpstreamUnreachable("garbage") from None
        finally:
            if reusable:
                pool.give_back(origin, connection, self._runtime.monotonic())
            else:
                connection.socket.close()

    def _dial(self, pool: Pool, origin: Origin, deadline: float) -> socket.socket:
        remaining = deadline - self._runtime.monotonic()
        if remaining <= 0:
            raise UpstreamUnreachable("timeout")
        return pool.dialer.dial(
            origin.host,
            origin.port,
            tls=origin.tls,
            connect_timeout=min(self._settings.connect_timeout, remaining),
            tls_timeout=min(self._settings.read_timeout, remaining),
        )

    def _pool(self) -> Pool:
        """The pool of this process: a child of a fork must not share its parent's connections or locks."""
        if self._shared.process != os.getpid():
            inherited, self._shared = self._shared, self._new_pool()
            inherited.lock = threading.Lock()
            inherited.close()
        return self._shared

    def _new_pool(self) -> Pool:
        return Pool(threading.Semaphore(self._most), Dialer(self._runtime.monotonic))


def read_answer(incoming: Incoming, method: str, limit: int = ANSWER_LIMIT) -> tuple[Answer, bool]:
    """The answer, whose body has `limit` bytes at the most, and whether the connection can carry another request.

    Raises UpstreamUnreachable, TimeoutError, OSError, HTTPException.
    """
    response = http.client.HTTPResponse(incoming, method=method)  # type: ignore[arg-type]  # it only calls makefile()
    response.begin()
    if 300 <= response.status < 400:
        raise UpstreamUnreachable("redirect")
    if response.status < 200 or response.headers.get("content-encoding", "identity").lower() != "identity":
        raise UpstreamUnreachable("garbage")
    if response.length is not None and response.length > limit:
        raise UpstreamUnreachable("too large")
    body = response.read(limit + 1)
    if len(body) > limit:
        raise UpstreamUnreachable("too large")
    if response.length:  # http.client says nothing when the body ends before its announced length
        raise UpstreamUnreachable("reset")
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status, headers, body), not response.will_close


def encoded(method: str, origin: Origin, target: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """The bytes of one request. Raises ValueError for a header that can not be sent."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    if origin.port != (443 if origin.tls else 80):
        host = f"{host}:{origin.port}"
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Accept-Encoding: identity", "User-Agent: identity"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header value holds a line break")
    return "\r\n".join([*lines, "\r\n"]).encode("latin-1") + (body or b"")


def parse_url(url: str) -> tuple[Origin, str]:
    """Where to connect and what to ask for. Raises ValueError for a URL that cannot be called as it stands.

    Plain http beyond loopback raises UpstreamUnreachable("tls"): tokens and e-mail addresses never travel in clear
    text (security T4).
    """
    origin, target = split_url(url)
    if not origin.tls and not is_loopback(origin.host):
        raise UpstreamUnreachable("tls")
    return origin, target


def split_url(url: str) -> tuple[Origin, str]:
    """Where to connect and what to ask for, in clear text too. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise ValueError("the URL must be http(s)://host[:port]/path")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not TARGET.fullmatch(target):
        raise ValueError("the URL must be percent-encoded")
    tls = parts.scheme == "https"
    return Origin(tls, parts.hostname, parts.port or (443 if tls else 80)), target


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
