"""The table of a run and the goals it is judged by. Source of the goals: decisions 19, 32 and 40."""

from __future__ import annotations

import hashlib
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.operations import LOGIN, OPERATIONS
from tests.bench.turns import Plan, Turn, ratios

MOST_GROWTH = 1.10
MOST_MEMORY = 150.0
SLOWEST_FAR_LOGIN = 110.0
FLOOR = Path(__file__).resolve().parent / "floor"


@dataclass(frozen=True, slots=True)
class Goal:
    name: str
    reached: bool
    text: str


def floor_digest() -> str:
    """One checksum over all files of the floor, names included."""
    digest = hashlib.sha256()
    for path in sorted(FLOOR.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def header(plan: Plan) -> str:
    return "\n".join(
        [
            f"floor {floor_digest()} (sha256 over tests/bench/floor)",
            f"{plan.rounds} rounds of {plan.seconds:g} s for each operation and target, in turns; "
            f"{plan.connections} connections; 2 workers; RS256; Python {platform.python_version()}.",
            "CPU in ms for each answer; sum = target + PostgreSQL; medians over the rounds, (lowest-highest).",
        ]
    )


def table(turns: Sequence[Turn], far: Turn, plan: Plan) -> str:
    """Markdown, so that it can be put into the documentation as it is."""
    titles = ("operation", "target", "CPU target", "PostgreSQL", "sum", "req/s", "p50 ms", "p99 ms", "PSS MiB")
    rows = [titles, tuple("---" for _ in titles)]
    rows += [_row(name, target, found) for name, target, found in _groups(turns)]
    rows.append(_row(f"login, X at {plan.far_milliseconds} ms, {plan.far_connections} conn.", far.target, [far]))
    return _aligned(rows)


def goals(turns: Sequence[Turn], far: Turn, plan: Plan) -> list[Goal]:
    """Judged by the medians; the range stands beside them."""
    found = [_ratio_goal(turns, operation.name, operation.goal) for operation in OPERATIONS if operation.goal]
    served = [turn for turn in (*turns, far) if turn.target == "service"]
    memory = max(turn.pss_mib for turn in served)
    found.append(
        Goal(
            "memory",
            memory <= MOST_MEMORY,
            f"{memory:.0f} MiB PSS for master and workers at most, <= {MOST_MEMORY:.0f}",
        )
    )
    found.append(
        Goal(
            "distant X",
            far.p50 <= SLOWEST_FAR_LOGIN and not far.refused,
            f"p50 {far.p50:.1f} ms, {far.refused} errors, <= {SLOWEST_FAR_LOGIN:.0f} ms and none",
        )
    )
    opened = max(turn.new_sockets_to_x for turn in served if turn.operation == LOGIN.name)
    kept = f"at most {opened} new connections to X in a turn of logins, <= {plan.connections}"
    found.append(Goal("kept connections", opened <= plan.connections, kept))
    found.append(Goal("calls to X", True, "exactly one for each login, none refused (else the run fails)"))
    return found


def growth(turns: Sequence[Turn]) -> list[Goal]:
    """Against the service of another source tree: what a plain login costs more."""
    text = "{median:.2f} ({least:.2f}-{most:.2f}) x before over {rounds} rounds"
    found = []
    for operation in (each for each in OPERATIONS if each.on_floor):
        measured = ratios(turns, operation.name)
        median = statistics.median(measured)
        said = text.format(median=median, least=min(measured), most=max(measured), rounds=len(measured))
        found.append(Goal(operation.name, median <= MOST_GROWTH, f"{said}, <= {MOST_GROWTH:.2f}"))
    return found


def verdicts(found: Sequence[Goal]) -> str:
    rows = [("goal", "", "measured"), ("---", "---", "---")]
    rows += [(goal.name, "reached" if goal.reached else "MISSED", goal.text) for goal in found]
    return _aligned(rows)


def _ratio_goal(turns: Sequence[Turn], operation: str, most: float) -> Goal:
    found = ratios(turns, operation)
    median = statistics.median(found)
    text = f"{median:.2f} ({min(found):.2f}-{max(found):.2f}) x floor over {len(found)} rounds, <= {most:.1f}"
    return Goal(operation, median <= most, text)


def _groups(turns: Sequence[Turn]) -> list[tuple[str, str, list[Turn]]]:
    groups: dict[tuple[str, str], list[Turn]] = {}
    for turn in turns:
        groups.setdefault((turn.operation, turn.target), []).append(turn)
    order = {operation.name: number for number, operation in enumerate(OPERATIONS)}
    return [(*key, groups[key]) for key in sorted(groups, key=lambda key: (order[key[0]], key[1]))]


def _row(operation: str, target: str, found: Sequence[Turn]) -> tuple[str, ...]:
    def middle(value: Callable[[Turn], float]) -> float:
        return statistics.median(value(turn) for turn in found)

    sums = [turn.cpu for turn in found]
    return (
        operation,
        target,
        f"{middle(lambda turn: turn.target_cpu):.2f}",
        f"{middle(lambda turn: turn.postgres_cpu):.2f}",
        f"**{statistics.median(sums):.2f}** ({min(sums):.2f}-{max(sums):.2f})",
        f"{middle(lambda turn: turn.per_second):.0f}",
        f"{middle(lambda turn: turn.p50):.1f}",
        f"{middle(lambda turn: turn.p99):.1f}",
        f"{middle(lambda turn: turn.pss_mib):.0f}",
    )


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    )
