"""One child process that runs lambdas, seen from the service: start it, exchange one frame with it in time, kill it.

The child is not trusted: what it sends is bounded and may be anything.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess  # nosec B404
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import IO, cast

from identity.settings import Lambda

START_SECONDS = 10.0
FRAME_BYTES = 16 << 20
"""More than any answer within the limits needs, even with every character escaped."""
LOG_CHARACTERS = 64 * 1024
RESULT_BYTES = 256 * 1024
CHILD = Path(__file__).resolve().with_name("lambda_child.py")


class Overran(Exception):
    """The child did not answer in time."""


class Died(Exception):
    """The child ended or sent no frame."""


class LambdaProcess:
    """A running child. After Overran or Died it must be killed: the stream is then in no known state."""

    def __init__(self, settings: Lambda, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        # Nothing of this process goes along: no environment, no descriptor but the pipes, no terminal's Ctrl-C.
        self._process = subprocess.Popen(  # nosec B603
            [sys.executable, "-I", "-S", "-B", str(CHILD), _engine_folder(), *_limits(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={},
            cwd="/",
            start_new_session=True,
        )
        self._input = cast(IO[bytes], self._process.stdin)
        self._output = cast(IO[bytes], self._process.stdout)
        os.set_blocking(self._input.fileno(), False)
        os.set_blocking(self._output.fileno(), False)
        try:
            self._receive(monotonic() + START_SECONDS)
        except BaseException:  # also an interrupt: nobody else knows of this child yet; raised again
            self.kill()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def exchange(self, request: bytes, deadline: float) -> bytes:
        """Send one frame and wait for the answer until `deadline` (monotonic seconds). Raises Overran, Died."""
        self._send(len(request).to_bytes(4, "big") + request, deadline)
        return self._receive(deadline)

    def interrupt(self) -> None:
        """Kill the child while another thread may be waiting for it: that thread sees it die and cleans up."""
        self._process.kill()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._close()

    def forget(self) -> None:
        """Let go of a child that belongs to the process this one was forked from."""
        self._close()
        self._process.returncode = 0  # else its end would look like ours to await

    def _close(self) -> None:
        with contextlib.suppress(OSError):
            self._input.close()
        self._output.close()

    def _send(self, data: bytes, deadline: float) -> None:
        rest = memoryview(data)
        while rest:
            self._await(self._input.fileno(), select.POLLOUT, deadline)
            try:
                rest = rest[os.write(self._input.fileno(), rest) :]
            except BrokenPipeError as error:
                raise Died from error

    def _receive(self, deadline: float) -> bytes:
        length = int.from_bytes(self._read(4, deadline), "big")
        if length > FRAME_BYTES:
            raise Died
        return self._read(length, deadline)

    def _read(self, count: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < count:
            self._await(self._output.fileno(), select.POLLIN, deadline)
            chunk = os.read(self._output.fileno(), count - len(data))
            if not chunk:
                raise Died
            data += chunk
        return bytes(data)

    def _await(self, descriptor: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        if not poll.poll(max(0.0, deadline - self._monotonic()) * 1000):
            raise Overran


def _engine_folder() -> str:
    spec = find_spec("_quickjs")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the JavaScript engine edwh-quickjs-ng is not installed")
    return str(Path(spec.origin).resolve().parent)


def _limits(settings: Lambda) -> list[str]:
    alarm_seconds = settings.wall_seconds + 1  # later than our own kill, for the case that we are gone
    limits = (settings.memory_mib << 20, settings.cpu_seconds, alarm_seconds, LOG_CHARACTERS, RESULT_BYTES)
    return [str(limit) for limit in limits]
