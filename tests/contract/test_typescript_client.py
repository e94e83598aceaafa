"""The official TypeScript client, unchanged, against a running service and the X emulator.

The checks are written in JavaScript (typescript/checks/*.cjs) and run in one node process; each is one test here.
"""

from __future__ import annotations

import os

import pytest

from tests import postgres
from tests.contract.typescript_client import FOLDER, check_names, run_checks
from tests.login_world import login_world
from tests.node import MISSING, find_tools, install

pytestmark = pytest.mark.xdist_group("typescript")  # one worker, so that one node process serves all
NAMES = check_names()


@pytest.fixture(scope="module")
def problems(postgres_server: postgres.Server, migrated_template: str) -> dict[str, str | None]:
    """What each check found wrong."""
    tools = find_tools()
    if tools is None:
        assert not os.environ.get("CI"), MISSING
        pytest.skip(f"THE TYPESCRIPT CLIENT WAS NOT TESTED: {MISSING}")
    install(tools, FOLDER)
    url = postgres.fresh_database(postgres_server, migrated_template)
    with login_world(url) as world:
        found = run_checks(
            tools,
            {
                "url": world.service.url,
                "key": world.service.key,
                "tenantId": str(world.service.tenant_id),
                "applicationId": world.application_id,
                "x": {
                    "url": world.x.url,
                    "consumerKey": world.x.consumer_key,
                    "consumerSecret": world.x.consumer_secret,
                },
            },
        )
    postgres.drop_database(postgres_server, url)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_through_the_typescript_client(problems: dict[str, str | None], name: str) -> None:
    assert problems[name] is None, problems[name]


def test_every_check_that_ran_is_a_test_here(problems: dict[str, str | None]) -> None:
    assert list(problems) == NAMES
    assert len(set(NAMES)) == len(NAMES)
