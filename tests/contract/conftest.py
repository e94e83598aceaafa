"""Contract tests speak HTTP to a whole service over a real PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.service import Service, new_database, running_service


@pytest.fixture
def service() -> Iterator[Service]:
    """A service of this test's own; IDENTITY_TEST_DATABASE is a conninfo that may create databases."""
    admin = os.environ["IDENTITY_TEST_DATABASE"]
    with new_database(admin) as database_url, running_service(database_url) as running:
        yield running
