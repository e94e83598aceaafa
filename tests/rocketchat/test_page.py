"""docs/rocketchat.md: each command of its section on tokens and users runs, and answers what the page shows."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import postgres
from tests.password_door import PASSWORD
from tests.rocketchat.client import chat_world

PAGE = Path(__file__).parents[2] / "docs" / "rocketchat.md"
SECTION = PAGE.read_text(encoding="utf-8").partition("\n### Personal access tokens\n")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"```sh\n(.*?)```(?:\n```json\n(.*?)```)?", SECTION, re.DOTALL)
SECRET = "of the operator"
Environment = dict[str, str]


@pytest.fixture(scope="module")
def environment(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Environment]:
    """A user and an admin who have logged in."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with chat_world(url, create_token_secret=SECRET) as chat:
        session, admin = chat.somebody(username="ada", fullName="Ada Lovelace"), chat.admin()
        yield {
            **os.environ,
            "URL": chat.world.service.url,
            "USER_ID": session.user_id,
            "TOKEN": session.token,
            "PASSWORD": PASSWORD,
            "ADMIN_ID": admin.user_id,
            "ADMIN_TOKEN": admin.token,
            "SECRET": SECRET,
        }
    postgres.drop_database(postgres_server, url)


def shape(value: Any) -> Any:
    """The members and the kinds of their values, in any order."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value).__name__


def test_every_command_answers_what_the_page_shows(environment: Environment) -> None:
    assert len(BLOCKS) == 8
    for command, shown in BLOCKS:
        ran = subprocess.run(["bash", "-euc", command], env=environment, capture_output=True, text=True, check=True)
        if shown:
            assert shape(json.loads(ran.stdout)) == shape(json.loads(shown)), command
        else:
            assert ran.stdout.strip() == ">AL<"
