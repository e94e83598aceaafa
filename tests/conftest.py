"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from uuid import uuid4

import pytest

from identity.runtime import Runtime
from identity.store.migrate import migrate
from tests import postgres

RUN = os.environ.setdefault("TEST_RUN", uuid4().hex)
"""The name of this run, inherited by its workers."""


def pytest_unconfigure(config: pytest.Config) -> None:
    """The process that outlives the workers removes what the run has left."""
    if not hasattr(config, "workerinput"):
        postgres.sweep(RUN)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """The one embedded PostgreSQL of this run."""
    with postgres.server(RUN) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_template(postgres_server: postgres.Server) -> str:
    """The name of a migrated database that copies are made of."""
    return postgres.template(postgres_server, "migrated", lambda url: migrate(url, now=Runtime().now()))


@pytest.fixture(scope="session")
def shared_database(postgres_server: postgres.Server, migrated_template: str) -> str:
    """The URL of a migrated database of this worker: for tests that roll back what they do."""
    return postgres.fresh_database(postgres_server, migrated_template)


@pytest.fixture
def database_url(postgres_server: postgres.Server, migrated_template: str) -> Iterator[str]:
    """The URL of a migrated database of this test alone."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    yield url
    postgres.drop_database(postgres_server, url)
