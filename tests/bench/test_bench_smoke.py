"""The benchmark itself: a quick run takes turns and ends well, and what would make its figures wrong ends it."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench.failure import BenchFailed
from tests.bench.pages import Figure as Page
from tests.bench.pages import refuse_heavy
from tests.bench.report import floor_digest
from tests.bench.search import ORDERS, Figure, refuse_rising
from tests.bench.turns import Turn, ratios, refuse_wrong_calls

ROOT = Path(__file__).resolve().parent.parent.parent
TURN = Turn(
    round=1,
    operation="login",
    target="floor",
    answers=100,
    refused=0,
    target_cpu=1.0,
    postgres_cpu=0.5,
    lambda_cpu=0.0,
    per_second=1.0,
    p50=1.0,
    p99=1.0,
    pss_mib=1.0,
    new_sockets_to_x=0,
)
SERVED = replace(TURN, target="service", target_cpu=2.0, postgres_cpu=1.0)


@pytest.mark.slow
def test_a_quick_run_takes_turns_and_exits_well() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--quick"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    cells = [[cell.strip() for cell in line.split("|")[1:3]] for line in done.stdout.splitlines() if line[:1] == "|"]
    for operation in ("login", "first login", "refresh", "link read"):
        assert [operation, "floor"] in cells and [operation, "service"] in cells, done.stdout
    assert re.search(r"login +\| (reached|MISSED) +\| \d+\.\d\d \(.*\) x floor over 1 rounds", done.stdout)


@pytest.mark.slow
def test_a_quick_run_of_the_search_finds_deep_pages_no_dearer_than_the_first() -> None:
    command = [sys.executable, "-m", "tests.bench", "search", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "| login                       | 19,950" in done.stdout, done.stderr
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_quick_run_of_the_pages_finds_them_light() -> None:
    command = [sys.executable, "-m", "tests.bench", "pages", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\| sign in +\| \d+\.\d\d ", done.stdout), done.stdout


@pytest.mark.parametrize(("cpu", "kilobytes"), [((9.0, 11.0, 12.0), 5.0), ((1.0,), 61.0)])
def test_a_page_that_costs_or_weighs_too_much_fails_the_run(cpu: tuple[float, ...], kilobytes: float) -> None:
    refuse_heavy([Page("sign in", (9.0, 10.0, 12.0), 1.0, 60.0, 3)])
    with pytest.raises(BenchFailed, match="sign in"):
        refuse_heavy([Page("sign in", cpu, 1.0, kilobytes, 3)])


def test_a_search_whose_pages_rise_with_their_depth_fails_the_run() -> None:
    flat = [Figure(order, depth, 5.0, 9.0) for order in ORDERS for depth in (0, 100)]
    refuse_rising(flat)
    with pytest.raises(BenchFailed, match=r"rise from 5\.0 to 16\.0 ms"):
        refuse_rising([*flat, Figure("fullName", 1000, 16.0, 17.0)])


def test_the_floor_is_the_reference_one_to_the_byte() -> None:
    assert floor_digest() == "45e8a581fd280f66de6ad16d7c27f24e725a61c19b2db7651a98f22e8397f68a"


def test_a_ratio_is_the_whole_cpu_of_both_in_the_same_round() -> None:
    turns = [TURN, SERVED, replace(SERVED, round=2, target_cpu=3.5), replace(TURN, round=2)]
    assert ratios(turns, "login") == [2.0, 3.0]


@pytest.mark.parametrize("turns", [[], [SERVED], [TURN, SERVED, replace(SERVED, round=2)]])
def test_without_a_turn_of_each_in_every_round_the_run_fails(turns: list[Turn]) -> None:
    with pytest.raises(BenchFailed, match="did not alternate"):
        ratios(turns, "login")


@pytest.mark.parametrize(
    "after",
    [
        {"/1.1/account/verify_credentials.json": 10 + 4},
        {"/1.1/account/verify_credentials.json": 10 + 6},
        {"/1.1/account/verify_credentials.json": 10 + 5, "/1.1/... refused: bad signature": 1},
        {"/1.1/account/verify_credentials.json": 10 + 5, "/oauth/access_token": 5},
    ],
)
def test_anything_but_one_accepted_call_to_x_for_each_login_fails_the_run(after: dict[str, int]) -> None:
    before = {"/1.1/account/verify_credentials.json": 10}
    with pytest.raises(BenchFailed, match="5 logins"):
        refuse_wrong_calls("login on service", before, after, 5)


def test_one_accepted_call_for_each_login_is_right() -> None:
    refuse_wrong_calls("login", {}, {"/1.1/account/verify_credentials.json": 5}, 5)
    refuse_wrong_calls("refresh", {"/x": 7}, {"/x": 7}, 0)


def test_a_floor_that_cannot_start_fails_the_run_with_its_words(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from tests.bench import __main__ as command
    from tests.bench import stage

    monkeypatch.setattr(stage, "FLOOR_APPLICATION", "floor_app:nothing_there")
    assert command.main(["--quick"]) == 1
    assert "bench failed: the floor did not start" in capfd.readouterr().err
