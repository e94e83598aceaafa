"""Runs lambdas in a small pool of child processes and judges what comes back (decision 29, security T26).

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
from typing import Any, Literal, get_args

from identity.outbound.lambda_process import RESULT_BYTES, Died, LambdaProcess, Overran
from identity.runtime import Runtime
from identity.settings import Lambda
from identity.wire import storable

SOURCE_BYTES = 256 * 1024
ARGUMENT_BYTES = 256 * 1024
MESSAGE_CHARACTERS = 4_000
PATIENCE_SECONDS = 5.0
"""How long a call waits for a free child before it fails as busy."""

Level = Literal["info", "debug", "error"]
Failure = Literal["threw", "timeout", "memory", "input", "output", "crash", "busy"]


@dataclass(frozen=True, slots=True)
class LogLine:
    """All that one call wrote at one level, one message a line: it becomes one event-log entry (contract 6.3)."""

    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class LambdaResult:
    arguments: list[Any]
    """The mutable arguments as the lambda left them: untrusted, but of the JSON kind they had."""

    logs: tuple[LogLine, ...]
    milliseconds: float


class LambdaFailed(Exception):
    """The lambda did not do its work; nothing it changed may be used.

    `kind` is `threw`, `timeout`, `memory`; `input` (source or arguments too large), `output` (too large, or no JSON of
    the kind it was), `crash` (its process died), `busy` (no process became free in time). `message` is for the event
    log, never for the caller of the API.
    """

    def __init__(self, kind: Failure, message: str, logs: tuple[LogLine, ...] = ()) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message
        self.logs = logs


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
        started = self._monotonic()
        answer = self._ask(source, function, _dumped(arguments), len(returned))
        logs = _logs(answer)
        results = _results(answer, returned, logs)
        return LambdaResult(results, logs, (self._monotonic() - started) * 1000)

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
            _raise_failure(answer)
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


def _dumped(arguments: list[Any]) -> str:
    try:
        text = json.dumps(arguments, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        size = len(text.encode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise LambdaFailed("input", f"The arguments are no JSON: {error}.") from None
    if size > ARGUMENT_BYTES:
        raise LambdaFailed("input", f"The arguments are larger than {ARGUMENT_BYTES // 1024} KiB.")
    # The engine takes UTF-8 only: half a surrogate pair, which X may send, passes as an escape.
    return text if storable(text) else json.dumps(arguments)


def _raise_failure(answer: dict[str, Any]) -> None:
    kind = answer.get("kind")
    if kind is not None:
        message = _clean(str(answer.get("message"))).strip()[:MESSAGE_CHARACTERS]
        raise LambdaFailed(kind if kind in get_args(Failure) else "crash", message, _logs(answer))


def _logs(answer: dict[str, Any]) -> tuple[LogLine, ...]:
    try:
        texts = json.loads(answer["logs"])
        return tuple(LogLine(level, _clean(texts[level])) for level in get_args(Level) if level in texts)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
        return ()


def _clean(text: str) -> str:
    """Storable text: no NUL, no half of a surrogate pair."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _results(answer: dict[str, Any], originals: list[Any], logs: tuple[LogLine, ...]) -> list[Any]:
    try:
        pairs = [("", None) if text is None else json.loads(text) for text in answer["results"]]
        if sum(len((now or "").encode()) for _, now in pairs) > RESULT_BYTES:
            raise ValueError(f"it is larger than {RESULT_BYTES // 1024} KiB")
        return [_result(seen, now, original) for (seen, now), original in zip(pairs, originals, strict=True)]
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise LambdaFailed("output", f"What the lambda left behind is not usable: {error}.", logs) from None


def _result(seen: str, now: str | None, original: Any) -> Any:
    if now is None:
        return original
    before, after = (json.loads(text, parse_constant=_no_constant) for text in (seen, now))
    for kind in (dict, list):
        if isinstance(original, kind) and not isinstance(after, kind):
            raise ValueError("an object or array became something else")
    return restored(original, before, after)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def restored(original: Any, seen: Any, now: Any) -> Any:
    """What the lambda left, with every member it did not touch as it was before it went through JavaScript.

    JavaScript knows no integers above 2^53: an id that the lambda never looked at must not come back rounded.
    """
    if isinstance(now, dict) and isinstance(seen, dict) and isinstance(original, dict):
        return {name: restored(original.get(name), seen.get(name), value) for name, value in now.items()}
    if isinstance(now, list) and isinstance(seen, list) and isinstance(original, list) and len(now) == len(seen):
        return [restored(*three) for three in zip(original, seen, now, strict=True)]
    return original if type(now) is type(seen) and now == seen else now
