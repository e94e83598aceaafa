"""Tests of the Rocket.Chat door: a whole service, real HTTP, real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import postgres
from tests.rocketchat.client import Chat, chat_world


@pytest.fixture(scope="module")
def chat(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Chat]:
    """One service for a module, whose tests keep to people of their own."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with chat_world(url) as made:
        yield made
    postgres.drop_database(postgres_server, url)
