"""Flow tests run whole logins: real PostgreSQL, real HTTP, real OAuth signatures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import postgres
from tests.login_world import World, login_world, world_for_a_module
from tests.sessions import Sessions


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A login world of this test's own."""
    with login_world(database_url) as made:
        yield made


@pytest.fixture(scope="module")
def sessions(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Sessions]:
    """One login world for a module; its clock only moves forward, and each test brings its own people."""
    with world_for_a_module(postgres_server, migrated_template) as world:
        yield Sessions(world)
