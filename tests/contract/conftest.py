"""Contract tests speak HTTP to a whole service over a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.service import Service, running_service


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    """A service of this test's own."""
    with running_service(database_url) as running:
        yield running
