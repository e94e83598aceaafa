"""The pool's child processes: how many there are, what they hold, and what happens when one dies or hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from identity.outbound.reconcile import LambdaFailed, LambdaPool
from identity.runtime import Runtime
from identity.settings import Lambda

GOOD = "function reconcile(user) { user.count = user.count + 1; console.info('done') }"
LOOP = "function reconcile(user) { while (true); }"
HANG = "function reconcile(user) { throw { toString() { while (true); } } }"
"""Runs where the engine's own time limit does not reach."""

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
Pools = Callable[..., LambdaPool]


@pytest.fixture
def pools() -> Iterator[Pools]:
    made: list[LambdaPool] = []

    def make(*, patience: float = 30.0, **settings: float) -> LambdaPool:
        made.append(LambdaPool(Lambda(**settings), Runtime(), patience=patience))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for pool in made:
        pool.close()


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.01)


def failure_kind(pool: LambdaPool, source: str) -> str:
    with pytest.raises(LambdaFailed) as caught:
        pool.call(source, "reconcile", [{}])
    return caught.value.kind


def counted(pool: LambdaPool, number: int) -> bool:
    result = pool.call(GOOD, "reconcile", [{"count": number}])
    return result.arguments == [{"count": number + 1}] and len(result.logs) == 1


def test_no_child_exists_before_the_first_call(pools: Pools) -> None:
    pool = pools()
    assert pool.process_ids() == []
    assert counted(pool, 1)
    assert len(pool.process_ids()) == 1


def test_one_child_serves_call_after_call(pools: Pools) -> None:
    pool = pools()
    assert counted(pool, 1)
    first = pool.process_ids()
    assert all(counted(pool, number) for number in range(20))
    assert pool.process_ids() == first


def test_while_one_lambda_loops_fifty_good_ones_finish_and_the_looping_child_is_replaced(pools: Pools) -> None:
    pool = pools(processes=2, cpu_seconds=60, wall_seconds=3)
    with ThreadPoolExecutor() as threads:
        looping = threads.submit(failure_kind, pool, LOOP)
        wait_until(pool.process_ids)
        (looping_pid,) = pool.process_ids()
        assert all(counted(pool, number) for number in range(50))
        assert not looping.done()
        assert looping.result() == "timeout"
    assert looping_pid not in pool.process_ids()
    assert not psutil.pid_exists(looping_pid)


def test_a_hang_beyond_the_engine_s_reach_is_killed_on_the_wall_clock(pools: Pools) -> None:
    pool = pools(wall_seconds=0.5, cpu_seconds=0.1)
    assert failure_kind(pool, HANG) == "timeout"
    assert pool.process_ids() == []
    assert counted(pool, 1)


def test_a_child_killed_during_a_call_fails_that_call_only(pools: Pools) -> None:
    pool = pools(processes=1, cpu_seconds=60, wall_seconds=60)
    with ThreadPoolExecutor() as threads:
        call = threads.submit(failure_kind, pool, LOOP)
        wait_until(pool.process_ids)
        (pid,) = pool.process_ids()
        os.kill(pid, signal.SIGKILL)
        assert call.result() == "crash"
    assert counted(pool, 1)
    assert pid not in pool.process_ids()


def test_a_child_that_died_while_idle_is_replaced_unnoticed(pools: Pools) -> None:
    pool = pools(processes=1)
    assert counted(pool, 1)
    (pid,) = pool.process_ids()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    assert counted(pool, 1)
    assert pid not in pool.process_ids()


def test_sixteen_threads_share_two_children(pools: Pools) -> None:
    pool = pools(processes=2)
    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(lambda number: counted(pool, number), range(16 * 50)))
    assert len(pool.process_ids()) <= 2


def test_good_and_bad_lambdas_do_not_disturb_each_other(pools: Pools) -> None:
    pool = pools(processes=2, cpu_seconds=0.1)
    bad = ["function reconcile() { throw 1 }", "function reconcile(u) { u.u = u }", LOOP]
    with ThreadPoolExecutor(16) as threads:
        failures = [threads.submit(failure_kind, pool, source) for source in bad * 3]
        assert all(threads.map(lambda number: counted(pool, number), range(200)))
        assert [failed.result() for failed in failures] == ["threw", "output", "timeout"] * 3


def test_a_call_that_gets_no_child_in_time_says_so(pools: Pools) -> None:
    pool = pools(processes=1, cpu_seconds=60, wall_seconds=1.5, patience=0.05)
    with ThreadPoolExecutor() as threads:
        looping = threads.submit(failure_kind, pool, LOOP)
        wait_until(pool.process_ids)
        assert failure_kind(pool, GOOD) == "busy"
        with pytest.raises(LambdaFailed, match="busy"):
            pool.check(GOOD, "reconcile")
        assert looping.result() == "timeout"
    assert counted(pool, 1)


@linux_only
def test_a_child_holds_its_pipes_and_nothing_else_of_the_service(pools: Pools, tmp_path: Path) -> None:
    with open(tmp_path / "secret", "w") as file:
        os.set_inheritable(file.fileno(), True)
        pool = pools()
        assert counted(pool, 1)
        (pid,) = pool.process_ids()
        held = {entry.name: str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    assert sorted(held) == ["0", "1", "2"]
    assert held["0"].startswith("pipe:")
    assert held["1"].startswith("pipe:")
    assert held["2"] == "/dev/null"
    assert Path(f"/proc/{pid}/environ").read_bytes() == b""
    assert str(Path(f"/proc/{pid}/cwd").readlink()) == "/"


@linux_only
def test_a_child_can_open_start_and_write_nothing(pools: Pools) -> None:
    pool = pools(memory_mib=64)
    assert counted(pool, 1)
    (pid,) = pool.process_ids()
    limits = {kind: psutil.Process(pid).rlimit(kind) for kind in (
        psutil.RLIMIT_NOFILE, psutil.RLIMIT_NPROC, psutil.RLIMIT_FSIZE, psutil.RLIMIT_CORE, psutil.RLIMIT_CPU
    )}  # fmt: skip
    assert limits[psutil.RLIMIT_NOFILE] == (3, 3)
    assert limits[psutil.RLIMIT_NPROC] == limits[psutil.RLIMIT_FSIZE] == limits[psutil.RLIMIT_CORE] == (0, 0)
    assert limits[psutil.RLIMIT_CPU] == (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY)
    assert psutil.Process(pid).rlimit(psutil.RLIMIT_AS)[1] <= 200 << 20
    assert psutil.Process(pid).num_threads() == 1
    assert os.getsid(pid) == pid


def test_the_memory_of_a_child_stays_bounded(pools: Pools) -> None:
    pool = pools(processes=1)
    source = "function reconcile(user) { user.n = 'x'.repeat(1 << 18).split('').length; globalThis.left = user }"

    def resident() -> int:
        (pid,) = pool.process_ids()
        return int(psutil.Process(pid).memory_info().rss)

    for _ in range(20):
        pool.call(source, "reconcile", [{}])
    warm = resident()
    for _ in range(60):
        pool.call(source, "reconcile", [{}])
    for number in range(1000):
        assert counted(pool, number)
    assert resident() < warm + (4 << 20)
    assert resident() < 110 << 20


def test_closing_ends_the_children_and_what_they_are_doing(pools: Pools) -> None:
    pool = pools(processes=2, cpu_seconds=60, wall_seconds=60)
    with ThreadPoolExecutor() as threads:
        looping = threads.submit(failure_kind, pool, LOOP)
        wait_until(pool.process_ids)
        assert counted(pool, 1)
        pids = pool.process_ids()
        assert len(pids) == 2
        pool.close()
        assert looping.result() == "crash"
    assert pool.process_ids() == []
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert failure_kind(pool, GOOD) == "busy"


FORKING = """
import os, sys
from identity.outbound.reconcile import LambdaPool
from identity.runtime import Runtime
from identity.settings import Lambda

source = "function reconcile(user) { user.ok = true }"
pool = LambdaPool(Lambda(), Runtime())
pool.call(source, "reconcile", [{}])
of_parent = pool.process_ids()
child = os.fork()
if child == 0:
    if pool.process_ids():
        os._exit(2)
    result = pool.call(source, "reconcile", [{}]).arguments
    shared = set(pool.process_ids()) & set(of_parent)
    pool.close()
    os._exit(0 if result == [{"ok": True}] and not shared else 3)
status = os.waitpid(child, 0)[1]
still = pool.call(source, "reconcile", [{}]).arguments == [{"ok": True}] and pool.process_ids() == of_parent
pool.close()
sys.exit(0 if status == 0 and still else 1)
"""


def test_a_forked_process_has_children_of_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", FORKING],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


ABANDONING = """
import os, signal, sys, threading, time
from identity.outbound.reconcile import LambdaPool
from identity.runtime import Runtime
from identity.settings import Lambda

pool = LambdaPool(Lambda(wall_seconds=0.5, cpu_seconds=0.4), Runtime())
pool.call("function reconcile() {}", "reconcile", [])
print(*pool.process_ids(), flush=True)
threading.Thread(target=pool.call, args=(sys.argv[1], "reconcile", [{}]), daemon=True).start()
time.sleep(0.05)  # the call is under way
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("source", [GOOD, LOOP, HANG], ids=["idle", "loop", "hang"])
def test_children_do_not_outlive_a_service_that_was_killed(source: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ABANDONING, source], check=False, capture_output=True, text=True, timeout=60
    )
    pid = int(done.stdout)
    wait_until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
