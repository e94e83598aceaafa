"""Runs lambdas in a small pool of child processes (decision 29).

A lambda is source text that defines a function. It is handed JSON arguments, may change them, and may write to its
console. It runs outside this process, in an engine made for this one call, bounded in time, memory and size.
"""

from __future__ import annotations

import json
import os
import queue
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from identity.outbound.lambda_answer import (
    Failure,
    LambdaFailed,
    LambdaResult,
    LogLine,
    dumped_arguments,
    logs_of,
    raise_failure,
    results_of,
)
from identity.outbound.lambda_process import Died, LambdaProcess, Overran
from identity.runtime import Runtime
from identity.settings import Lambda

__all__ = ["Failure", "LambdaFailed", "LambdaPool", "LambdaResult", "LogLine"]

SOURCE_BYTES = 256 * 1024
PATIENCE_SECONDS = 5.0
"""How long a call waits for a free child before it fails as busy."""


@dataclass(slots=True)
class _Children:
    """The children of one process: a slot per child that may exist, holding it once it was started."""

    slots: queue.LifoQueue[LambdaProcess | None]
    lock: threading.Lock = field(default_factory=threading.Lock)
    running: set[LambdaProcess] = field(default_factory=set)
    closed: bool = False


class LambdaPool:
    """Thread-safe; starts no child before the first call, and a forked process starts its own."""

    def __init__(self, settings: Lambda, runtime: Runtime, *, patience: float = PATIENCE_SECONDS) -> None:
        self._settings = settings
        self._monotonic = runtime.monotonic
        self._patience = patience
        self._children = self._no_children()
        pool = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _forget_children(pool))

    def call(self, source: str, function: str, arguments: list[Any], *, mutable: int | None = None) -> LambdaResult:
        """Call `function` of `source`. Only the first `mutable` arguments come back (all, unless told otherwise).

        Raises LambdaFailed.
        """
        returned = arguments if mutable is None else arguments[:mutable]
        answer = self._ask(source, function, dumped_arguments(arguments), len(returned))
        logs = logs_of(answer)
        return LambdaResult(results_of(answer, returned, logs), logs)

    def check(self, source: str, function: str) -> str | None:
        """Why `source` cannot be used: it does not run, or defines no such function. None when it can.

        Raises LambdaFailed of kind `busy`, which says nothing about the source.
        """
        try:
            self._ask(source, function, None, 0)
        except LambdaFailed as failure:
            if failure.kind == "busy":
                raise
            return failure.message
        return None

    def process_ids(self) -> list[int]:
        """The running children of this process."""
        children = self._children
        with children.lock:
            return sorted(child.pid for child in children.running)

    def close(self) -> None:
        """End all children; calls under way and later ones fail."""
        children = self._children
        with children.lock:
            children.closed = True
            for child in children.running:
                child.interrupt()
        while True:
            try:
                child_or_none = children.slots.get_nowait()
            except queue.Empty:
                return
            self._dismiss(children, child_or_none)

    def _ask(self, source: str, function: str, arguments: str | None, returned: int) -> dict[str, Any]:
        """Send one call to a free child and read its answer. Raises LambdaFailed, also for what the lambda did."""
        if not function.isidentifier() or not function.isascii():
            raise LambdaFailed("input", f"{function!r} is no name of a function.")
        if len(source.encode("utf-8", "surrogatepass")) > SOURCE_BYTES:
            raise LambdaFailed("input", f"The source is larger than {SOURCE_BYTES // 1024} KiB.")
        request = {"source": source, "function": function, "arguments": arguments, "returned": returned}
        with self._child() as child:
            answer = self._exchange(child, json.dumps(request).encode("ascii"))
            raise_failure(answer)
        return answer

    def _exchange(self, child: LambdaProcess, request: bytes) -> dict[str, Any]:
        try:
            body = child.exchange(request, self._monotonic() + self._settings.wall_seconds)
            answer = json.loads(body)
        except Overran:
            seconds = self._settings.wall_seconds
            raise LambdaFailed("timeout", f"The lambda took longer than {seconds:g} s and was stopped.") from None
        except (Died, ValueError, RecursionError):
            raise LambdaFailed("crash", "The process that ran the lambda died.") from None
        if not isinstance(answer, dict):
            raise LambdaFailed("crash", "The process that ran the lambda sent no answer.")
        return answer

    @contextmanager
    def _child(self) -> Iterator[LambdaProcess]:
        """A child for one call. It is kept only when the lambda behaved: ended well, threw, or returned nonsense."""
        children = self._children
        if children.closed:
            raise LambdaFailed("busy", "The lambda processes are shut down.")
        try:
            child = children.slots.get(timeout=self._patience)
        except queue.Empty:
            raise LambdaFailed("busy", f"No lambda process became free within {self._patience:g} s.") from None
        keep = False
        try:
            if child is None or not child.alive:
                self._dismiss(children, child)
                child = None
                child = self._started(children)
            yield child
            keep = True
        except LambdaFailed as failure:
            keep = failure.kind in ("threw", "output")
            raise
        finally:
            if not keep or children.closed:
                self._dismiss(children, child)
                child = None
            children.slots.put(child)

    def _started(self, children: _Children) -> LambdaProcess:
        try:
            child = LambdaProcess(self._settings, self._monotonic)
        except (Overran, Died, OSError) as error:
            raise LambdaFailed("crash", f"No lambda process could be started: {error!r}.") from error
        with children.lock:
            children.running.add(child)
            closed = children.closed
        if closed:
            self._dismiss(children, child)
            raise LambdaFailed("busy", "The lambda processes are being shut down.")
        return child

    def _dismiss(self, children: _Children, child: LambdaProcess | None) -> None:
        if child is not None:
            with children.lock:
                children.running.discard(child)
            child.kill()

    def _no_children(self) -> _Children:
        children = _Children(queue.LifoQueue())
        for _ in range(max(1, self._settings.processes)):
            children.slots.put(None)
        return children

    def _after_fork(self) -> None:
        for child in self._children.running:  # without its lock, whose owner does not exist in this process
            child.forget()
        self._children = self._no_children()


def _forget_children(pool: weakref.ref[LambdaPool]) -> None:
    alive = pool()
    if alive is not None:
        alive._after_fork()
