"""`identity dev` under kill -9: whoever dies, it comes back by itself or at the next start, with all it acknowledged.

Each round writes without a pause while something is killed; what was answered with 200 has to be there afterwards.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from uuid import uuid4

import psutil
import psycopg
import pytest
import requests

from identity.store.embedded import EmbeddedPostgres
from tests.dev_run import DevRun, NoInterpreter, dev_run

pytestmark = [pytest.mark.xdist_group("kill_minus_nine"), pytest.mark.slow]

ROOT = os.geteuid() == 0
RECOVERY = 10.0
ROUNDS = 20


@dataclass
class Writer:
    """Makes API keys until told to stop; remembers which ones the service acknowledged, and every strange status."""

    run: DevRun
    acknowledged: list[str] = field(default_factory=list)
    strange: set[int] = field(default_factory=set)
    stopped: threading.Event = field(default_factory=threading.Event)

    def write(self) -> bool:
        key_id = str(uuid4())
        try:
            answer = self.run.request("POST", f"/api/api-key/{key_id}", {"apiKey": {"name": key_id}})
        except requests.RequestException:
            return False
        if answer.status_code == 200:
            self.acknowledged.append(key_id)
        elif answer.status_code != 503:
            self.strange.add(answer.status_code)
        return answer.status_code == 200

    def write_on(self) -> None:
        while not self.stopped.wait(0.02):
            self.write()

    @contextmanager
    def writing(self) -> Iterator[None]:
        self.stopped.clear()
        threads = [threading.Thread(target=self.write_on) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stopped.set()
            for thread in threads:
                thread.join()

    def lost(self) -> list[str]:
        embedded = EmbeddedPostgres(self.run.home)
        with psycopg.connect(embedded.start(lambda _: None)) as connection:
            present = {str(row[0]) for row in connection.execute("SELECT id FROM api_keys")}
        embedded.stop()
        return [key_id for key_id in self.acknowledged if key_id not in present]


def kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def recovery(writer: Writer) -> float:
    """Seconds until a write is acknowledged again."""
    began = time.monotonic()
    while not writer.write():
        assert time.monotonic() - began < RECOVERY, writer.run.said()
        time.sleep(0.02)
    return time.monotonic() - began


def a_worker(run: DevRun, writer: Writer) -> None:
    before = run.workers()
    kill(before[:1])
    recovery(writer)
    deadline = time.monotonic() + RECOVERY
    while len([worker for worker in run.workers() if worker not in before[:1]]) < len(before):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def the_master(run: DevRun, writer: Writer) -> None:
    workers = run.workers()
    kill([run.child("serve")])
    recovery(writer)
    gone, alive = psutil.wait_procs(workers, timeout=5)
    assert (len(gone), alive) == (len(workers), [])


def the_postmaster(run: DevRun, writer: Writer) -> None:
    kill([run.postmaster()])
    recovery(writer)


def all_of_postgres(run: DevRun, writer: Writer) -> None:
    kill([run.postmaster(), *run.postmaster().children()])
    recovery(writer)


def the_supervisor(run: DevRun, writer: Writer) -> None:
    assert run.process is not None
    orphans = psutil.Process(run.process.pid).children(recursive=True)
    database = {run.postmaster(), *run.postmaster().children()}
    run.process.kill()
    run.process.wait()
    assert psutil.wait_procs([orphan for orphan in orphans if orphan not in database], timeout=5)[1] == []
    assert run.start() < RECOVERY


def everything_at_once(run: DevRun, writer: Writer) -> None:
    kill(run.everything())
    run.stop()
    assert run.start() < RECOVERY


DEATHS: tuple[Callable[[DevRun, Writer], None], ...] = (
    a_worker,
    the_master,
    the_postmaster,
    all_of_postgres,
    the_supervisor,
    everything_at_once,
)


def survive(run: DevRun, rounds: int) -> None:
    run.start()
    writer = Writer(run)
    for number in range(rounds):
        death = DEATHS[number % len(DEATHS)]
        with writer.writing():
            recovery(writer)
            death(run, writer)
        assert writer.lost() == [], death.__name__
    assert writer.strange == set()
    assert len(writer.acknowledged) >= rounds
    assert run.stop() == 0


@pytest.mark.skipif(not ROOT, reason="only root has a HOME that PostgreSQL's account cannot enter")
def test_root_in_a_closed_home_loses_no_acknowledged_write_in_twenty_deaths() -> None:
    with dev_run(closed=True) as run:
        survive(run, ROUNDS)


def test_an_ordinary_user_loses_no_acknowledged_write_in_twenty_deaths() -> None:
    try:
        with dev_run(account="nobody" if ROOT else "") as run:
            survive(run, ROUNDS)
    except NoInterpreter as error:
        pytest.skip(f"{error} can run no Python here that has what the project needs")
