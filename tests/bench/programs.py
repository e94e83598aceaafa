"""The programs of a run: started on free ports, known to answer, ended with everything they started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.bench.failure import BenchFailed

PATIENCE_WITH_START = 20.0
PATIENCE_WITH_END = 10.0


@contextmanager
def program(
    name: str, command: Sequence[str | Path], port: int, log: Path, *, cwd: Path, environment: Mapping[str, str]
) -> Iterator[int]:
    """The process id of a server that listens on `port`. Raises BenchFailed with the end of its log."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**plain_environment(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_for(name, process, port, log)
        yield process.pid
        if process.poll() is not None:
            raise BenchFailed(f"{name} ended during the run with status {process.returncode}: {_end_of(log)}")
    finally:
        _end(process)


def plain_environment() -> dict[str, str]:
    """Ours without what would configure a target behind our back."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("IDENTITY_", "BENCH_", "PG"))}


def _wait_for(name: str, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_WITH_START
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise BenchFailed(f"{name} did not start (status {process.returncode}): {_end_of(log)}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise BenchFailed(f"{name} does not listen after {PATIENCE_WITH_START:.0f} s: {_end_of(log)}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the leader, then kill the whole session: no worker outlives the run."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE_WITH_END)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _end_of(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return " / ".join(line.strip() for line in lines[-4:]) or "it said nothing."
