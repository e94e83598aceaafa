"""Flow tests run whole logins: real PostgreSQL, real HTTP, real OAuth signatures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import postgres
from tests.facebook_world import FacebookWorld, facebook_world
from tests.fakes.slapd import Slapd, running_slapd
from tests.login_world import World, login_world, world_for_a_module
from tests.sessions import Sessions
from tests.snapshot import Snapshot


@pytest.fixture(scope="session")
def everyones_world(postgres_server: postgres.Server, migrated_template: str) -> Iterator[tuple[World, Snapshot]]:
    """One service and emulator for all tests of this process: starting them takes a second."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with login_world(url) as made, Snapshot(url) as beginning:
        yield made, beginning
    postgres.drop_database(postgres_server, url)


@pytest.fixture
def world(everyones_world: tuple[World, Snapshot]) -> World:
    """A login world as it was when it began: no people, the provider as `World.configure` leaves it, no faults."""
    made, beginning = everyones_world
    made.begin_again(beginning)
    return made


@pytest.fixture(scope="session")
def facebooks_world(
    postgres_server: postgres.Server, migrated_template: str
) -> Iterator[tuple[FacebookWorld, Snapshot]]:
    url = postgres.fresh_database(postgres_server, migrated_template)
    with facebook_world(url) as made, Snapshot(url) as beginning:
        yield made, beginning
    postgres.drop_database(postgres_server, url)


@pytest.fixture
def facebook(facebooks_world: tuple[FacebookWorld, Snapshot]) -> FacebookWorld:
    """As `world`, with Facebook as the provider, beside that of X."""
    made, beginning = facebooks_world
    made.begin_again(beginning)
    return made


@pytest.fixture(scope="module")
def shared_slapd() -> Iterator[Slapd]:
    """A directory that every test of a file leaves as it was."""
    with running_slapd() as slapd:
        yield slapd


@pytest.fixture(scope="module")
def sessions(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Sessions]:
    """One login world for a module; its clock only moves forward, and each test brings its own people."""
    with world_for_a_module(postgres_server, migrated_template) as world:
        yield Sessions(world)
