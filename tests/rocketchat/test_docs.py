"""docs/rocketchat.md: its commands work as they are written, beside what `make run` starts.

Those of its section on tokens and users go on from a login of their own, which is tried here; test_page.py runs them.
That on directories needs one.
"""

from __future__ import annotations

import json
import os
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
from tests.fakes.slapd import running_slapd
from tests.ldap_world import LdapWorld
from tests.rocketchat.client import Chat

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rocketchat.md").read_text(encoding="utf-8")
SECTIONS = {
    title: "\n".join(re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    for title, text in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
}
"""The commands by section."""

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="the commands of the page use curl")


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
@needs_curl
def test_the_commands_run_from_top_to_bottom(running: DevRun, tmp_path: Path) -> None:
    apart = {"Tokens and users", "By a directory"}
    commands = "\n".join(text for title, text in SECTIONS.items() if title not in apart)
    again = SECTIONS["Tokens and users"].partition("\nCODE=")[0]
    commands += f'{again}\nchat me -H "X-Auth-Token: $ADMIN_TOKEN" -H "X-User-Id: $USER_ID"\n'
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
        "demo",  # in the section on tokens and users
    ]


@needs_curl
def test_the_command_of_a_directory_s_person_logs_her_in(own_chat: Chat) -> None:
    chat = re.search(r"^chat\(\) .*\njson=.*\n", SECTIONS["By password"], re.MULTILINE)
    assert chat is not None
    with running_slapd() as slapd:
        LdapWorld(own_chat.world, slapd).connect(securityMethod="StartTLS")
        done = subprocess.run(
            ["sh", "-euc", chat[0] + SECTIONS["By a directory"]],
            env={**os.environ, "IDENTITY_URL": own_chat.world.service.url},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    assert gist(done.stdout) == "ann"


def test_every_setting_of_the_door_is_on_the_page() -> None:
    known = tomllib.loads((ROOT / "config" / "default.toml").read_text(encoding="utf-8"))["rocketchat"]
    named = set(re.findall(r"(?:IDENTITY_ROCKETCHAT_|\.\.\._)([A-Z_]+)", PAGE))
    assert named == {name.upper() for name in known}
