"""Tests of the Rocket.Chat door: a whole service, real HTTP, real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import postgres
from tests.login_world import World, login_world
from tests.rocketchat.client import Chat, chat_world
from tests.snapshot import Snapshot


@pytest.fixture(scope="module")
def chat(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Chat]:
    """One service for a module, whose tests keep to people of their own and leave tenant and application alone."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with chat_world(url) as made:
        yield made
    postgres.drop_database(postgres_server, url)


@pytest.fixture(scope="session")
def everyones_chat(postgres_server: postgres.Server, migrated_template: str) -> Iterator[tuple[Chat, Snapshot]]:
    """One service for all tests of this process that change tenant, application or provider."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with chat_world(url) as made, Snapshot(url) as beginning:
        yield made, beginning
    postgres.drop_database(postgres_server, url)


@pytest.fixture
def own_chat(everyones_chat: tuple[Chat, Snapshot]) -> Chat:
    """A service as it was when it began: to be changed at will."""
    made, beginning = everyones_chat
    made.world.begin_again(beginning)
    return made


@pytest.fixture(scope="module")
def closed(postgres_server: postgres.Server, migrated_template: str) -> Iterator[World]:
    """A service whose door nobody has opened."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with login_world(url) as world:
        yield world
    postgres.drop_database(postgres_server, url)
