"""Turns: one operation on one target, and the rule that the targets alternate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count

import orjson

from tests.bench import accounting
from tests.bench.accounting import CpuMeter
from tests.bench.failure import BenchFailed
from tests.bench.load import Load, Run, Tally
from tests.bench.operations import LOGIN, OPERATIONS, Operation, Person
from tests.bench.stage import Stage, Target

VERIFY = "/1.1/account/verify_credentials.json"
MOST_NEW_PER_SECOND = 2500
"""More first logins than any target finishes in a second."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how hard."""

    rounds: int = 5
    seconds: float = 3.0
    ramp_seconds: float = 0.5
    connections: int = 16
    people: int = 400
    far_connections: int = 64
    far_milliseconds: int = 80
    far_seconds: float = 6.0


@dataclass(frozen=True, slots=True)
class Turn:
    """What one operation cost on one target in one round. CPU in milliseconds for each answer."""

    round: int
    operation: str
    target: str
    answers: int
    refused: int
    target_cpu: float
    postgres_cpu: float
    lambda_cpu: float
    per_second: float
    p50: float
    p99: float
    pss_mib: float
    new_sockets_to_x: int

    @property
    def cpu(self) -> float:
        return self.target_cpu + self.postgres_cpu


class Turns:
    """Takes the turns on a stage and remembers who has logged in where."""

    def __init__(self, stage: Stage, plan: Plan, report: Callable[[str], None]) -> None:
        self._stage = stage
        self._plan = plan
        self._report = report
        self._unseen = count(plan.people)
        self._people: dict[str, list[Person]] = {}

    def warm(self) -> None:
        """Everybody logs in once on each target."""
        for target in (self._stage.floor, self._stage.service):
            numbers = range(self._plan.people)
            requests = [target.wire.login(number) for number in numbers]
            with Load(target.wire.port, 4) as load:
                tally = load.run(Run(requests, keep_bodies=True))
            _insist_on_answers(target, LOGIN, tally)
            self._people[target.name] = [_person(number, tally.bodies[number]) for number in numbers]
            if len({person.user_id for person in self._people[target.name]}) != self._plan.people:
                raise BenchFailed(f"{target.name} did not keep its people apart.")
        self._stage.gather_statistics()

    def rounds(self) -> list[Turn]:
        """Every operation on every target, round after round; who begins changes with every round."""
        turns = []
        for number in range(1, self._plan.rounds + 1):
            for operation in OPERATIONS:
                for target in self._order(number, operation):
                    turns.append(self.take(number, operation, target, self._plan.connections, self._plan.seconds))
            self._report(f"round {number} of {self._plan.rounds} done")
        return turns

    def far(self) -> Turn:
        """Logins at the service with a distant X and many connections."""
        self._stage.set_latency(self._plan.far_milliseconds)
        try:
            return self.take(1, LOGIN, self._stage.service, self._plan.far_connections, self._plan.far_seconds)
        finally:
            self._stage.set_latency(0)

    def take(self, number: int, operation: Operation, target: Target, connections: int, seconds: float) -> Turn:
        """One turn: a ramp that does not count, then the measured run. Raises BenchFailed."""
        stage = self._stage
        calls_before = stage.calls_to_x()
        with Load(target.wire.port, connections) as load:
            ramp = load.run(self._order_for(operation, target, self._plan.ramp_seconds))
            sockets = accounting.sockets_to(stage.x_port)
            trees = {
                "target": target.processes,
                "postgres": partial(accounting.tree, stage.postgres),
                "lambdas": target.lambda_children,
            }
            order = self._order_for(operation, target, seconds)
            meter = CpuMeter(trees)
            tally = load.run(order)
            spent = meter.spent()
            opened = accounting.sockets_to(stage.x_port) - sockets
        _insist_on_answers(target, operation, ramp, tally)
        logins = ramp.answers + tally.answers if operation.logs_in else 0
        refuse_wrong_calls(f"{operation.name} on {target.name}", calls_before, stage.calls_to_x(), logins)
        operation.check(tally.last_body)
        each = 1000 / tally.answers
        return Turn(
            round=number,
            operation=operation.name,
            target=target.name,
            answers=tally.answers,
            refused=tally.refused,
            target_cpu=spent["target"] * each,
            postgres_cpu=spent["postgres"] * each,
            lambda_cpu=spent["lambdas"] * each,
            per_second=tally.answers / tally.seconds,
            p50=tally.percentile(50),
            p99=tally.percentile(99),
            pss_mib=accounting.pss_mib(target.processes()),
            new_sockets_to_x=opened,
        )

    def _order(self, number: int, operation: Operation) -> Iterator[Target]:
        if not operation.on_floor:
            yield self._stage.service
        elif number % 2:
            yield from (self._stage.floor, self._stage.service)
        else:
            yield from (self._stage.service, self._stage.floor)

    def _order_for(self, operation: Operation, target: Target, seconds: float) -> Run:
        people = self._people[target.name]
        if operation.new_people:
            wanted = int(seconds * MOST_NEW_PER_SECOND)
            people = [Person(next(self._unseen), "", "") for _ in range(wanted)]
        return Run(operation.requests(target.wire, people), seconds, again=not operation.new_people)


def ratios(turns: Sequence[Turn], operation: str) -> list[float]:
    """CPU of the service as a multiple of the other's in the same round. Raises BenchFailed unless they alternated."""
    by_round: dict[int, dict[str, float]] = {}
    for turn in turns:
        if turn.operation == operation:
            by_round.setdefault(turn.round, {})[turn.target] = turn.cpu
    alone = [number for number, found in by_round.items() if len(found) != 2 or "service" not in found]
    if alone or not by_round:
        raise BenchFailed(f"Floor and service did not alternate at {operation!r} (rounds {alone}): there is no ratio.")
    rounds = [found for _, found in sorted(by_round.items())]
    return [found.pop("service") / next(iter(found.values())) for found in rounds]


def _person(number: int, body: bytes) -> Person:
    LOGIN.check(body)
    answer = orjson.loads(body)
    return Person(number, answer["refreshToken"], answer["user"]["id"])


def _insist_on_answers(target: Target, operation: Operation, *tallies: Tally) -> None:
    for tally in tallies:
        if tally.refused or not tally.answers:
            raise BenchFailed(
                f"{operation.name} on {target.name}: {tally.refused} of {tally.answers} answers were not 2xx, "
                f"the first of them {tally.first_refusal or 'missing'}"
            )


def refuse_wrong_calls(turn: str, before: dict[str, int], after: dict[str, int], logins: int) -> None:
    """X is called exactly once for each login, never otherwise, and refuses no signature. Raises BenchFailed."""
    made = {path: number - before.get(path, 0) for path, number in after.items() if number != before.get(path, 0)}
    if made != ({VERIFY: logins} if logins else {}):
        raise BenchFailed(f"{turn}: {logins} logins, but these calls to X: {made}")
