"""The reading side of a connection: every read is held to the request's deadline and to the size limit."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from identity.upstream import UpstreamUnreachable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

ANSWER_LIMIT = 1024 * 1024
"""Bytes of one answer's body."""

WIRE_LIMIT = 2 * ANSWER_LIMIT
"""Bytes of one answer with its headers and chunk framing."""


class Incoming(io.RawIOBase):
    """What one answer is read from; `makefile` is all that http.client asks for."""

    def __init__(
        self,
        connected: socket.socket,
        deadline: float,
        read_timeout: float,
        monotonic: Callable[[], float],
        limit: int = WIRE_LIMIT,
    ) -> None:
        self._socket = connected
        self._deadline = deadline
        self._read_timeout = read_timeout
        self._monotonic = monotonic
        self._limit = limit
        self._received = 0

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Raises UpstreamUnreachable when the answer is too large, TimeoutError and OSError from the socket."""
        self.allow_time()
        count = self._socket.recv_into(buffer)
        self._received += count
        if self._received > self._limit:
            raise UpstreamUnreachable("too large")
        return count

    def allow_time(self) -> None:
        """Let the next operation of the socket take the read timeout, or what is left of the budget."""
        remaining = self._deadline - self._monotonic()
        if remaining <= 0:
            raise TimeoutError
        self._socket.settimeout(min(self._read_timeout, remaining))
