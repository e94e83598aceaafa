"""Flow tests run whole logins: real PostgreSQL, real HTTP, real OAuth signatures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.login_world import World, login_world


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A login world of this test's own."""
    with login_world(database_url) as made:
        yield made
