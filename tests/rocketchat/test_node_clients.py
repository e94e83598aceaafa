"""The npm clients of Rocket.Chat's REST API, unchanged, at the door.

The checks are written in JavaScript (node/*.cjs) and run in one node process; each is one test here.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import postgres
from tests.node import MISSING, find_tools, install
from tests.password_door import PASSWORD
from tests.rocketchat.client import Chat, chat_world
from tests.second_factors import with_phone

FOLDER = Path(__file__).parent / "node"
FILES = ("api_client.cjs", "sdk.cjs")
NAMES = [
    name
    for file in FILES
    for name in re.findall(r'^check\("(.+?)",', (FOLDER / file).read_text(encoding="utf-8"), re.MULTILINE)
]
PROMISED = {f"{client} logs in, reads me, lists users and logs out" for client in ("api-client", "sdk")}
pytestmark = pytest.mark.xdist_group("rocketchat-node")  # one worker, so that one node process serves all


@pytest.fixture(scope="module")
def problems(postgres_server: postgres.Server, migrated_template: str) -> dict[str, str | None]:
    """What each check found wrong."""
    tools = find_tools()
    if tools is None:
        assert not os.environ.get("CI"), MISSING
        pytest.skip(f"THE NODE CLIENTS OF ROCKET.CHAT WERE NOT RUN: {MISSING}")
    install(tools, FOLDER)
    url = postgres.fresh_database(postgres_server, migrated_template)
    with chat_world(url) as chat:
        done = subprocess.run(
            [tools.node, str(FOLDER / "run.cjs")],
            input=json.dumps(people(chat)),
            env=tools.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    postgres.drop_database(postgres_server, url)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return {line["name"]: line["problem"] for line in map(json.loads, done.stdout.splitlines())}


def people(chat: Chat) -> dict[str, Any]:
    """The service, somebody with a password, and somebody with an authenticator as well."""
    person, secured = chat.person(), chat.person()
    person.add_user(username="ada", verified=True)
    phone, _ = with_phone(chat.world, secured.add_user())
    return {
        "url": chat.world.service.url,
        "person": {"user": person.email, "username": "ada", "password": PASSWORD},
        "secured": {"user": secured.email, "password": PASSWORD, "code": phone.code()},
    }


@pytest.mark.parametrize("name", NAMES)
def test_through_the_node_clients(problems: dict[str, str | None], name: str) -> None:
    assert problems[name] is None, problems[name]


def test_every_check_that_ran_is_a_test_here(problems: dict[str, str | None]) -> None:
    assert list(problems) == NAMES
    assert set(NAMES) >= PROMISED
    assert len(set(NAMES)) == len(NAMES)
