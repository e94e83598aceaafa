"""The load generator: a closed loop over kept-alive sockets, in processes of its own.

Every connection sends its next request when it has read the answer to the one before. A run ends with every answer
read, so that requests, answers and the CPU time between two runs belong together exactly.
"""

from __future__ import annotations

import multiprocessing
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing.connection import Connection as Pipe
from types import TracebackType
from typing import Self

from tests.bench.failure import BenchFailed

PATIENCE = 30.0
"""Seconds an answer may take before the run is given up."""


@dataclass(slots=True)
class Tally:
    """What one run, or the part of one process, brought."""

    milliseconds: list[float] = field(default_factory=list)
    refused: int = 0
    first_refusal: str = ""
    last_body: bytes = b""
    bodies: dict[int, bytes] = field(default_factory=dict)
    """By the number of the request; only when asked for."""
    seconds: float = 0.0

    @property
    def answers(self) -> int:
        return len(self.milliseconds)

    def percentile(self, percent: float) -> float:
        ordered = sorted(self.milliseconds)
        return ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)] if ordered else 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """An order to the load processes. Without `seconds` every request is sent once."""

    requests: Sequence[bytes]
    seconds: float | None = None
    again: bool = True
    """Begin anew when the requests are used up; otherwise the run ends then."""
    keep_bodies: bool = False


class Load:
    """A fixed number of connections to one address, spread over a few processes."""

    def __init__(self, port: int, connections: int, processes: int = 2) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Pipe] = []
        self._processes = []
        for number in range(processes):
            ours, theirs = context.Pipe()
            share = connections // processes + (number < connections % processes)
            process = context.Process(target=_serve, args=(theirs, port, share), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(2)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()

    def run(self, order: Run) -> Tally:
        """Every process drives its share of the requests. Raises BenchFailed when one could not go on."""
        count = len(self._pipes)
        for number, pipe in enumerate(self._pipes):
            share = Run(order.requests[number::count], order.seconds, order.again, order.keep_bodies)
            pipe.send(share)
        total = Tally()
        for number, pipe in enumerate(self._pipes):
            try:
                part = pipe.recv()
            except EOFError:
                raise BenchFailed("A load process ended in the middle of a run.") from None
            if isinstance(part, str):
                raise BenchFailed(part)
            _add(total, part, number, count)
        return total


def _add(total: Tally, part: Tally, number: int, count: int) -> None:
    total.milliseconds += part.milliseconds
    total.refused += part.refused
    total.first_refusal = total.first_refusal or part.first_refusal
    total.last_body = part.last_body or total.last_body
    total.seconds = max(total.seconds, part.seconds)
    total.bodies.update({index * count + number: body for index, body in part.bodies.items()})


def _serve(pipe: Pipe, port: int, connections: int) -> None:
    """The load process: carry out orders until the pipe is closed."""
    clients = [_Client(port) for _ in range(connections)]
    while True:
        try:
            order: Run = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            break
        try:
            pipe.send(_drive(clients, order))
        except (OSError, _Broken) as error:
            pipe.send(f"The target broke off: {error or type(error).__name__}.")
            break
    for client in clients:
        client.close()


def _drive(clients: list[_Client], order: Run) -> Tally:
    tally = Tally()
    numbered = _numbered(order)
    began = time.perf_counter()
    until = began + order.seconds if order.seconds is not None else float("inf")
    with selectors.DefaultSelector() as selector:
        waiting = 0
        for client in clients:
            if client.send_next(numbered):
                selector.register(client.socket, selectors.EVENT_READ, client)
                waiting += 1
        while waiting:
            ready = selector.select(PATIENCE)
            if not ready:
                raise _Broken(f"no answer within {PATIENCE:.0f} s")
            for key, _ in ready:
                client = key.data
                if not client.read():
                    continue
                _count(tally, client, order.keep_bodies)
                if time.perf_counter() >= until or not client.send_next(numbered):
                    selector.unregister(client.socket)
                    waiting -= 1
    tally.seconds = time.perf_counter() - began
    return tally


def _numbered(order: Run) -> Iterator[tuple[int, bytes]]:
    numbered = enumerate(order.requests)
    return cycle(numbered) if order.again and order.seconds is not None else numbered


def _count(tally: Tally, client: _Client, keep: bool) -> None:
    tally.milliseconds.append((time.perf_counter() - client.sent) * 1000)
    if not 200 <= client.status < 300:
        tally.refused += 1
        tally.first_refusal = tally.first_refusal or f"{client.status} {client.body[:300]!r}"
    tally.last_body = client.body
    if keep:
        tally.bodies[client.number] = client.body


class _Broken(Exception):
    """The connection ended, or what came is no HTTP."""


class _Client:
    """One connection: sends a whole request, puts the answer together from what arrives."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = 0
        self.sent = 0.0
        self.status = 0
        self.body = b""
        self._head = 0
        self._length = 0
        self._got = b""

    def close(self) -> None:
        self.socket.close()

    def send_next(self, numbered: Iterator[tuple[int, bytes]]) -> bool:
        """Whether there was a request left."""
        following = next(numbered, None)
        if following is None:
            return False
        self.number, request = following
        self._head, self._got = 0, b""
        self.sent = time.perf_counter()
        self.socket.sendall(request)
        return True

    def read(self) -> bool:
        """Take what has arrived; whether the answer is whole."""
        piece = self.socket.recv(65536)
        if not piece:
            raise _Broken("it closed a connection that was to be kept")
        self._got += piece
        if not self._head and not self._read_head():
            return False
        if len(self._got) < self._head + self._length:
            return False
        self.body = self._got[self._head :]
        return True

    def _read_head(self) -> bool:
        end = self._got.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = self._got[:end].lower() + b"\r\n"
        at = head.find(b"\r\ncontent-length:")
        if not head.startswith(b"http/1.1 ") or at < 0:
            raise _Broken(f"an answer without a length: {head[:200]!r}")
        self.status = int(head[9:12])
        self._length = int(head[at + 17 : head.index(b"\r\n", at + 17)])
        self._head = end + 4
        return True
