"""`identity status-matrix`: every status on what `make run` starts, by the curl it prints; and docs/outcomes.md."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from identity.dev import read_dev_env
from identity.status_matrix import page
from identity.status_matrix.cases import CASES, Case
from tests.dev_run import DevRun, dev_run

PAGE = Path(__file__).parents[2] / "docs" / "outcomes.md"
pytestmark = [pytest.mark.xdist_group("status-matrix"), pytest.mark.slow]


@pytest.fixture(scope="module")
def running() -> Iterator[DevRun]:
    with dev_run() as run:
        run.start()
        yield run


def test_the_page_is_what_the_command_prints() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: identity status-matrix --page > docs/outcomes.md"


def test_identity_status_matrix_runs_its_curls_against_a_fresh_make_run(running: DevRun) -> None:
    done = running.command_line("status-matrix")
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    reached = [int(status) for status in re.findall(r"^# ok: (\d+)", done.stdout, re.MULTILINE)]
    assert reached == [case.status for case in CASES]
    tenants = running.request("GET", "/api/tenant").json()["tenants"]
    assert [tenant["name"] for tenant in tenants] == ["Default"], "it clears away what it made"


def test_identity_status_matrix_exits_non_zero_if_one_status_differs_from_its_title(running: DevRun) -> None:
    x = read_dev_env(running.home)["IDENTITY_X_EMULATOR_URL"]
    fault = requests.post(f"{x}/control/faults", json={"kind": "garbage", "endpoint": "verify_credentials"}, timeout=10)
    try:
        done = running.command_line("status-matrix", "200", "400")
    finally:
        requests.delete(f"{x}/control/faults/{fault.json()['id']}", timeout=10)
    assert done.returncode == 1
    assert "# WRONG: 401" in done.stdout
    assert "# ok: 400" in done.stdout


def test_no_key_and_no_token_is_printed(running: DevRun) -> None:
    done = running.command_line("status-matrix", "200", "242")
    told = read_dev_env(running.home)
    assert told["IDENTITY_API_KEY"] not in done.stdout + done.stderr
    assert "eyJ" not in done.stdout + done.stderr


def test_identity_check_in_development_mode_looks_at_what_make_run_has_started(running: DevRun) -> None:
    done = running.command_line("check", IDENTITY_MODE="development")
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    assert "migrations: all applied" in done.stdout


def test_without_a_running_service_it_says_what_to_do() -> None:
    with dev_run() as run:
        done = run.command_line("status-matrix")
        assert done.returncode == 2
        assert "make run" in done.stderr


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page is followed with curl")
@pytest.mark.parametrize("case", [case for case in CASES if case.damage is None], ids=lambda case: str(case.status))
def test_a_section_of_the_page_ends_with_its_status(running: DevRun, case: Case) -> None:
    text = PAGE.read_text(encoding="utf-8")
    first, *sections = re.split(r"\n## ", text)
    [section] = [each for each in sections if each.startswith(str(case.status))]
    commands, *undo = _blocks(section)
    scene, clearing = _blocks(first)[0], _blocks(sections[-1])[0]
    scene = scene.replace(".identity/dev.env", str(running.home / "dev.env"))
    script = "\n".join([scene, "echo ---", commands, "echo ---", *undo, clearing])
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split("---\n")[1].rstrip().endswith(f" {case.status}"), f"{done.stdout}{done.stderr}"


def _blocks(text: str) -> list[str]:
    return re.findall(r"```sh\n(.*?)\n```", text, re.DOTALL)
