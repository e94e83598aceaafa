"""docs/rocketchat.md: its commands work as they are written, beside what `make run` starts.

Those of its section on tokens and users go on from a login; test_page.py runs them.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dev_run import DevRun, dev_run

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rocketchat.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def running() -> Iterator[DevRun]:
    with dev_run() as run:
        run.start()
        yield run


def gist(line: str) -> Any:
    """What an answer of the door comes to: the user's name, the error, or the other members' names."""
    body = json.loads(line)
    if "error" in body:
        return body["error"]
    if "me" in body.get("data", {}):
        return body["data"]["me"]["username"]
    return body.get("username") or sorted(body)


@pytest.mark.slow
@pytest.mark.xdist_group("dev")
@pytest.mark.skipif(shutil.which("curl") is None, reason="the commands of the page use curl")
def test_the_commands_run_from_top_to_bottom(running: DevRun, tmp_path: Path) -> None:
    before, _, rest = PAGE.partition("\n## Tokens and users\n")
    page = before + rest.partition("\n## ")[2]
    commands = "\n".join(re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    commands = commands.replace(".identity/dev.env", str(running.home / "dev.env"))
    commands = commands.replace(".venv/bin/python", sys.executable)
    done = subprocess.run(
        ["sh", "-euc", commands],
        cwd=tmp_path,
        env=running.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    assert [gist(answer) for answer in done.stdout.splitlines()] == [
        *["demo"] * 4,  # by JSON, by a form, by a digest, and me
        ["count", "offset", "success", "total", "users"],
        "demo",  # by the token
        ["success"],
        "totp-required",
        "pia",
        "alice",  # by X
        "mary",  # by Facebook
        "Unauthorized",
        ["data", "status"],
        "You must be logged in to do this.",
    ]


def test_every_setting_of_the_door_is_on_the_page() -> None:
    known = tomllib.loads((ROOT / "config" / "default.toml").read_text(encoding="utf-8"))["rocketchat"]
    named = set(re.findall(r"(?:IDENTITY_ROCKETCHAT_|\.\.\._)([A-Z_]+)", PAGE))
    assert named == {name.upper() for name in known}
