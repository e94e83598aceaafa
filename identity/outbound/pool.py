"""The open connections of one process, lent to one request at a time."""

from __future__ import annotations

import os
import select
import socket
import threading
from collections import deque
from dataclasses import dataclass, field

from identity.outbound.dial import Dialer

IDLE_LIMIT = 30.0
"""Seconds after which an unused connection is not used again: the other side may be about to drop it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom a connection leads to."""

    tls: bool
    host: str
    port: int


@dataclass(slots=True)
class Connection:
    """One open connection; `idle_since` is monotonic seconds."""

    socket: socket.socket
    idle_since: float = 0.0

    def is_usable(self, now: float) -> bool:
        """Whether it is fresh and silent: something to read on an idle connection is its end, or not for us."""
        if now - self.idle_since > IDLE_LIMIT:
            return False
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        return not poll.poll(0)


@dataclass(slots=True)
class Pool:
    """What one process shares between its threads: idle connections, turns and the dialer."""

    turns: threading.Semaphore
    dialer: Dialer
    process: int = field(default_factory=os.getpid)
    idle: dict[Origin, deque[Connection]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, origin: Origin, now: float) -> Connection | None:
        """The connection used last, so that the others grow old and go."""
        while True:
            with self.lock:
                connections = self.idle.get(origin)
                if not connections:
                    return None
                connection = connections.pop()
            if connection.is_usable(now):
                return connection
            connection.socket.close()

    def give_back(self, origin: Origin, connection: Connection, now: float) -> None:
        connection.idle_since = now
        with self.lock:
            connections = self.idle.setdefault(origin, deque())
            connections.append(connection)
            oldest = connections.popleft() if now - connections[0].idle_since > IDLE_LIMIT else None
        if oldest:
            oldest.socket.close()

    def close(self) -> None:
        with self.lock:
            for connections in self.idle.values():
                for connection in connections:
                    connection.socket.close()
            self.idle.clear()
