"""CPU time and memory of process trees, and the sockets to one port, read from /proc."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
LAMBDA_CHILD = b"lambda_child"


def tree(root: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        process = waiting.pop()
        found.append(process)
        waiting += children.get(process, [])
    return found


def runs_lambdas(process: int) -> bool:
    """Whether this is a child of the lambda pool: reported apart (decision 40)."""
    return LAMBDA_CHILD in _read(process, "cmdline")


def without_lambdas(root: int) -> list[int]:
    return [process for process in tree(root) if not runs_lambdas(process)]


def lambdas_only(root: int) -> list[int]:
    return [process for process in tree(root) if runs_lambdas(process)]


def cpu_seconds(processes: Iterable[int]) -> float:
    """User and system time, that of children which have ended and were waited for included."""
    return sum(sum(map(int, fields[11:15])) for fields in map(_stat, processes) if fields) / TICKS


def pss_mib(processes: Iterable[int]) -> float:
    """Proportional resident memory: pages that several processes share count once in all."""
    kib = 0
    for process in processes:
        for line in _read(process, "smaps_rollup").splitlines():
            if line.startswith(b"Pss:"):
                kib += int(line.split()[1])
    return kib / 1024


def sockets_to(port: int) -> int:
    """TCP connections to a local port, those closed within the last minute included: reuse keeps the number small."""
    wanted = f":{port:04X}"
    lines = (PROC / "net/tcp").read_text(encoding="ascii").splitlines()[1:]
    return sum(line.split()[2].endswith(wanted) for line in lines)


class CpuMeter:
    """CPU spent since the meter was made, by name."""

    def __init__(self, trees: dict[str, Callable[[], list[int]]]) -> None:
        self._trees = trees
        self._began = self._now()

    def spent(self) -> dict[str, float]:
        now = self._now()
        return {name: now[name] - self._began[name] for name in now}

    def _now(self) -> dict[str, float]:
        return {name: cpu_seconds(processes()) for name, processes in self._trees.items()}


def _stat(process: int) -> list[str]:
    """The fields after the program's name, which may itself hold spaces and brackets; empty when it is gone."""
    return _read(process, "stat").rpartition(b")")[2].decode("ascii").split()


def _read(process: int, name: str) -> bytes:
    try:
        return (PROC / str(process) / name).read_bytes()
    except OSError:
        return b""
