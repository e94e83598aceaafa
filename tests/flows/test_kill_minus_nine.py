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

from identity.dev.folder import read_dev_env
from identity.store.embedded import EmbeddedPostgres
from tests.dev_run import DevEnded, DevRun, NoInterpreter, dev_run

pytestmark = [pytest.mark.xdist_group("kill_minus_nine"), pytest.mark.slow]

ROOT = os.geteuid() == 0
RECOVERY = 10.0
ROUNDS = 20
BUDGET = 150.0
"""Seconds after which the rounds end early, on a slow machine; never before each kind of death had its turn."""


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
    began = time.monotonic()
    for number in range(rounds):
        if number >= len(DEATHS) and time.monotonic() - began > BUDGET:
            break
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


@pytest.fixture(scope="module")
def running() -> Iterator[DevRun]:
    with dev_run() as run:
        run.start()
        yield run


def test_a_second_start_in_the_same_directory_says_where_the_first_one_runs(running: DevRun) -> None:
    second = DevRun(running.home, running.account, running.command)
    with pytest.raises(DevEnded, match=f"already running .*{running.url}"):
        second.start()


def test_a_taken_port_is_said_with_a_way_out(running: DevRun) -> None:
    with dev_run() as second:
        second.port = running.port
        with pytest.raises(DevEnded, match="choose another IDENTITY_PORT"):
            second.start()


def test_the_secrets_of_the_installation_are_for_its_owner_only(running: DevRun) -> None:
    for name in ("dev.env", "secret.keys", "x-emulator.json"):
        assert (running.home / name).stat().st_mode & 0o777 == 0o600
    said = running.said()
    assert read_dev_env(running.home)["IDENTITY_API_KEY"] not in said


def test_the_x_emulator_comes_back_on_its_port(running: DevRun) -> None:
    url = read_dev_env(running.home)["IDENTITY_X_EMULATOR_URL"]
    emulator = running.child("identity.emulators.x")
    emulator.kill()
    emulator.wait(5)
    deadline = time.monotonic() + RECOVERY
    while True:
        with suppress(requests.ConnectionError):
            assert requests.get(f"{url}/control/settings", timeout=5).status_code == 200
            break
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_restart_keeps_key_url_and_credentials_and_is_quick() -> None:
    with dev_run() as run:
        run.start()
        before = read_dev_env(run.home), (run.home / "x-emulator.json").read_text()
        assert run.stop() == 0
        assert run.start() < RECOVERY
        assert (read_dev_env(run.home), (run.home / "x-emulator.json").read_text()) == before
        assert Writer(run).write()


def test_it_stops_at_once_although_it_was_just_started() -> None:
    with dev_run() as run:
        run.start()
        processes = run.everything()
        began = time.monotonic()
        assert run.stop() == 0
        assert time.monotonic() - began < 5
        assert psutil.wait_procs(processes, timeout=5)[1] == []
