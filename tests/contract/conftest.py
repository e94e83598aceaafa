"""Contract tests speak HTTP to a whole service over a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import postgres
from tests.fakes.graph import GraphEmulator
from tests.service import Service, running_service


@pytest.fixture(scope="module")
def shared_service(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Service]:
    """One service for all tests of a module that keep to objects of their own."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with running_service(url) as running:
        yield running
    postgres.drop_database(postgres_server, url)


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    """A service of this test's own."""
    with running_service(database_url) as running:
        yield running


@pytest.fixture
def graph() -> Iterator[GraphEmulator]:
    """The Graph emulator with one app."""
    with GraphEmulator() as emulator:
        yield emulator
