"""The command behind `make bench`: `python -m tests.bench [search | pages] [--quick] [--against FOLDER]`."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from tests.bench import pages, search
from tests.bench.failure import BenchFailed
from tests.bench.report import goals, growth, header, table, verdicts
from tests.bench.stage import stage
from tests.bench.turns import Plan, Turns

LONGEST_MINUTES = 6
QUICK_USERS = 20_000
QUICK = Plan(rounds=1, seconds=0.3, ramp_seconds=0.1, people=40, far_seconds=0.5)


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    plan = QUICK if options.quick else replace(Plan(), rounds=options.rounds, seconds=options.seconds)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwinds, so that everything started is ended
    signal.signal(signal.SIGALRM, _out_of_time)
    signal.alarm(LONGEST_MINUTES * 60)
    try:
        if options.what == "search":
            _search(QUICK_USERS if options.quick else options.users)
        elif options.what == "pages":
            _pages(1 if options.quick else pages.ROUNDS, 20 if options.quick else pages.TIMES)
        else:
            _run(plan) if options.against is None else _compare(plan, options.against.resolve())
    except BenchFailed as failure:
        print(f"bench failed: {failure}", file=sys.stderr)
        return 1
    finally:
        signal.alarm(0)
    return 0


def _run(plan: Plan) -> None:
    began = time.monotonic()
    with stage(_tell) as up:
        turns = Turns(up, plan, _tell)
        turns.warm()
        _tell("both targets are up and warm")
        taken = turns.rounds()
        far = turns.far()
        lambdas = len(up.service.lambda_children())
    print(f"\n{header(plan)}\n\n{table(taken, far, plan)}\n\n{verdicts(goals(taken, far, plan))}\n")
    print(f"{lambdas} lambda processes (not counted above); {time.monotonic() - began:.0f} s in all.")


def _compare(plan: Plan, against: Path) -> None:
    """The service of this source tree and of another one, in turns."""
    with stage(_tell, against) as up:
        turns = Turns(up, plan, _tell)
        turns.warm()
        _tell("both services are up and warm")
        taken = turns.rounds()
        far = turns.far()
    print(f"\n{header(plan)}\n\n{table(taken, far, plan)}\n\n{verdicts(growth(taken))}\n")


def _search(users: int) -> None:
    figures = search.measure(users, _tell)
    print(f"\n{search.table(figures, users)}\n")
    search.refuse_rising(figures)


def _pages(rounds: int, times: int) -> None:
    figures = pages.measure(rounds, times, _tell)
    print(f"\n{pages.table(figures, times)}\n")
    pages.refuse_heavy(figures)


def _tell(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def _out_of_time(*_: object) -> None:
    raise BenchFailed(f"not done after {LONGEST_MINUTES} minutes: the machine is too busy to measure anything on it.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "what", nargs="?", choices=("logins", "search", "pages"), default="logins", help="what to measure"
    )
    parser.add_argument("--users", type=int, default=search.USERS, help="how many the search is measured over")
    parser.add_argument("--quick", action="store_true", help="a smoke run of a few seconds: its figures mean nothing")
    parser.add_argument("--rounds", type=int, default=Plan().rounds, help="a goal is judged over 5 or more")
    parser.add_argument("--seconds", type=float, default=Plan().seconds, help="of each measured turn")
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="another source tree, instead of the floor")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
