"""The child process that runs lambdas: one call at a time, each in a fresh engine, with nothing of the service around.

LambdaProcess starts this file as a script. It imports the standard library and the engine alone, gives up every
resource it does not need, and then answers length-prefixed JSON frames until its input ends.

Arguments: the folder of the engine, then numbers: bytes of memory and CPU seconds for one call, seconds after which a
call that nobody waits for any more ends this process, characters of log and bytes of result one call may produce.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from time import process_time
from typing import Any, NamedTuple

STACK_BYTES = 256 * 1024
"""For the engine. It must stay well below the C stack of the thread it runs on: beyond that lies a crash."""

INTERPRETER_BYTES = 128 << 20
"""Address space for the interpreter and the texts that go in and out, on top of the engine's own memory."""

LOG_RESERVE_BYTES = 4 << 20
LOG_SECONDS = 0.2
"""What may be spent on reading the log after a call has used up its memory or its time."""

Answer = dict[str, Any]


class Limits(NamedTuple):
    memory_bytes: int
    cpu_seconds: float
    alarm_seconds: float
    log_characters: int
    result_bytes: int


class Overrun(Exception):
    """The call has used its CPU time between two steps."""


class Refused(Exception):
    """The source or its result cannot be used; carries the kind of failure and the message."""


class Call:
    """One call in one fresh engine. Its CPU time is counted over all steps, not for each."""

    def __init__(self, engine: Any, glue: str, limits: Limits) -> None:
        self.limits = limits
        self.started = process_time()
        self.failures = (engine.JSException, ValueError, MemoryError, Overrun)
        self.context = engine.Context()
        self.context.set_memory_limit(limits.memory_bytes)
        self.context.set_max_stack_size(STACK_BYTES)
        self.stage = "threw"
        self.step: Callable[..., Any] = self.context.eval(glue)(limits.log_characters, limits.result_bytes)

    def answer(self, request: dict[str, Any]) -> Answer:
        results: list[str | None] = []
        kind, message = None, ""
        try:
            self._run(request)
            self.stage = "output"
            results = [self._timed(self.step, "result", index) for index in range(request["returned"])]
        except Refused as refusal:
            kind, message = refusal.args
        except self.failures as failure:
            kind, message = self._explained(failure)
        return {"kind": kind, "message": message, "results": results, "logs": self._logs()}

    def _run(self, request: dict[str, Any]) -> None:
        self._timed(self.context.eval, request["source"])
        name = request["function"]
        # As an expression, because a function declared by const or let is no property of the global object.
        function = self._timed(self.context.eval, f"typeof {name} === 'function' ? {name} : null")
        if function is None:
            raise Refused("threw", f"The source defines no function named {name}.")
        if request["arguments"] is None:
            return
        self._timed(self.step, "call", request["arguments"], function)
        while self._timed(self.context.execute_pending_job):
            pass
        promise = self._timed(self.step, "promise")
        if promise not in ("none", "kept"):
            raise Refused("threw", f"The promise that {name} returned is {promise}")

    def _timed(self, action: Callable[..., Any], *arguments: Any) -> Any:
        left = self.limits.cpu_seconds - (process_time() - self.started)
        if left <= 0:
            raise Overrun
        self.context.set_time_limit(left)
        return action(*arguments)

    def _explained(self, failure: BaseException) -> tuple[str, str]:
        text = str(failure)
        if isinstance(failure, Overrun) or text.startswith("InternalError: interrupted"):
            return "timeout", f"The lambda used more than {self.limits.cpu_seconds:g} s of CPU time and was stopped."
        # Where there is no memory left for an error object, the engine throws null.
        if isinstance(failure, MemoryError) or text.startswith("InternalError: out of memory") or text == "null\n":
            return "memory", f"The lambda used more than {self.limits.memory_bytes >> 20} MiB of memory."
        # The rest of the stack trace is ours.
        return self.stage, text.partition("\n    at apply (native)")[0].removesuffix("\nundefined")

    def _logs(self) -> str:
        self.context.set_memory_limit(self.limits.memory_bytes + LOG_RESERVE_BYTES)
        self.context.set_time_limit(LOG_SECONDS)
        try:
            return str(self.step("logs"))
        except self.failures:
            return "{}"


def give_up_resources(limits: Limits) -> None:
    """From here on: no further file, socket, process, thread or byte on disk, and a bounded address space."""
    for kind, most in (
        (resource.RLIMIT_NOFILE, 3),  # the three that are open; nothing can be opened any more
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    if sys.platform != "darwin":  # which refuses this one; the engine's own limit holds there
        most = limits.memory_bytes + INTERPRETER_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def read_frame() -> bytes | None:
    """The next frame, or None when the service has gone away."""
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:
        return None
    return sys.stdin.buffer.read(int.from_bytes(head, "big"))


def write_frame(body: bytes) -> None:
    sys.stdout.buffer.write(len(body).to_bytes(4, "big") + body)
    sys.stdout.buffer.flush()


def main(folder: str, *numbers: str) -> None:
    limits = Limits(int(numbers[0]), float(numbers[1]), float(numbers[2]), int(numbers[3]), int(numbers[4]))
    sys.path.append(folder)
    # The package `quickjs` starts a thread of its own when imported; its extension module does not.
    engine = import_module("_quickjs")
    with open(__file__.removesuffix("child.py") + "glue.js", encoding="utf-8") as file:  # noqa: PTH123  pathlib is slow to load
        glue = file.read()
    give_up_resources(limits)
    write_frame(b"")
    while frame := read_frame():
        # Not handled, so that it ends the process even where the engine itself hangs and the service is gone.
        signal.setitimer(signal.ITIMER_REAL, limits.alarm_seconds)
        write_frame(json.dumps(Call(engine, glue, limits).answer(json.loads(frame))).encode("ascii"))
        signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
