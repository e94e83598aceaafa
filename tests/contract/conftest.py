"""Contract tests speak HTTP to a whole service over a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import postgres
from tests.fakes.graph import GraphEmulator
from tests.service import Service, running_service
from tests.snapshot import Snapshot


@pytest.fixture(scope="module")
def shared_service(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Service]:
    """One service for all tests of a module that keep to objects of their own."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with running_service(url) as running:
        yield running
    postgres.drop_database(postgres_server, url)


@pytest.fixture(scope="session")
def everyones_service(postgres_server: postgres.Server, migrated_template: str) -> Iterator[tuple[Service, Snapshot]]:
    """One service for all tests of this process: a database and an application cost half a second."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with running_service(url) as running, Snapshot(url) as beginning:
        yield running, beginning
    postgres.drop_database(postgres_server, url)


@pytest.fixture
def service(everyones_service: tuple[Service, Snapshot]) -> Service:
    """A service as it was when it began: with a tenant, a key and nothing else."""
    running, beginning = everyones_service
    running.begin_again(beginning)
    return running


@pytest.fixture
def own_service(database_url: str) -> Iterator[Service]:
    """A service with a database of this test alone, for those who do harm to the database itself."""
    with running_service(database_url) as running:
        yield running


@pytest.fixture
def graph() -> Iterator[GraphEmulator]:
    """The Graph emulator with one app."""
    with GraphEmulator() as emulator:
        yield emulator
