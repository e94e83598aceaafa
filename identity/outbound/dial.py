"""Opens connections to other parties: name look-up, TCP and TLS, each bounded in time.

One TLS context per process: reading the list of authorities costs twenty times a whole login. The system's
authorities are trusted, or those of `SSL_CERT_FILE`.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from identity.outbound.guard import Forbidden, Guard
from identity.upstream import UpstreamUnreachable

Addresses = list[tuple[Any, ...]]


class Dialer:
    """Opens sockets for one process; safe for many threads, not to be carried over a fork."""

    def __init__(self, monotonic: Callable[[], float], guard: Guard | None = None) -> None:
        self._monotonic = monotonic
        self._guard = guard
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        self._lookups: dict[tuple[str, int], Future[Addresses]] = {}

    def dial(
        self,
        host: str,
        port: int,
        *,
        tls: bool,
        connect_timeout: float,
        tls_timeout: float,
        context: ssl.SSLContext | None = None,
    ) -> socket.socket:
        """A connected socket. `connect_timeout` covers look-up and TCP over all addresses, in seconds.

        `context` is the TLS context if it is not the usual one. Raises UpstreamUnreachable.
        """
        try:
            connected = self._connect(host, port, self._monotonic() + connect_timeout)
        except Forbidden:
            raise UpstreamUnreachable("forbidden") from None
        except TimeoutError:
            raise UpstreamUnreachable("timeout") from None
        except (OSError, UnicodeError):  # UnicodeError: a name that cannot be a host name
            raise UpstreamUnreachable("connect") from None
        return self._secure(connected, host, tls_timeout, context or self._tls_context()) if tls else connected

    def _connect(self, host: str, port: int, deadline: float) -> socket.socket:
        addresses = self._look_up(host, port, deadline - self._monotonic())
        if self._guard is not None:
            self._guard.check(address[0] for *_, address in addresses)
        failure: OSError = OSError("the name has no address")
        for left, (family, kind, protocol, _, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
            # An address that swallows packets gets its share of the time only, so that the next one has a chance.
            share = (deadline - self._monotonic()) / left
            if share <= 0:
                raise TimeoutError
            candidate = socket.socket(family, kind, protocol)
            try:
                candidate.settimeout(share)
                candidate.connect(address)
                candidate.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                candidate.close()
                failure = error
            else:
                return candidate
        raise failure

    def _look_up(self, host: str, port: int, timeout: float) -> Addresses:
        """The system's resolver has no time limit, so it runs beside us; look-ups of one name share one thread."""
        key = (host, port)
        with self._lock:
            answer = self._lookups.get(key)
            if answer is None:
                answer = self._lookups[key] = Future()
                threading.Thread(target=self._resolve, args=(key, answer), daemon=True).start()
        return answer.result(max(timeout, 0))

    def _resolve(self, key: tuple[str, int], answer: Future[Addresses]) -> None:
        try:
            addresses = socket.getaddrinfo(*key, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            answer.set_exception(error)
        else:
            answer.set_result(addresses)
        with self._lock:
            del self._lookups[key]

    def _secure(self, connected: socket.socket, host: str, timeout: float, context: ssl.SSLContext) -> socket.socket:
        try:
            connected.settimeout(max(timeout, 0.001))
            return context.wrap_socket(connected, server_hostname=host)
        except TimeoutError:
            connected.close()
            raise UpstreamUnreachable("timeout") from None
        except OSError:  # ssl.SSLError is one
            connected.close()
            raise UpstreamUnreachable("tls") from None

    def _tls_context(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                self._context = ssl.create_default_context()
                self._context.set_alpn_protocols(["http/1.1"])
            return self._context
