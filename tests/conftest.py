"""What every test may ask for."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import hypothesis
import pytest

from identity.runtime import Runtime
from identity.store.migrate import migrate
from tests import postgres

RUN = os.environ.setdefault("TEST_RUN", uuid4().hex)
"""The name of this run, inherited by its workers."""

# Where the environment forbids compiled modules, every worker and each of the many processes that tests start would
# compile all it imports again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")

LOOPBACK = ("localhost", "")


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


def _only_loopback(connect: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
    """Tests talk to this machine only (decision 38): any other address is refused before a packet leaves."""

    def guarded(self: socket.socket, address: Any) -> Any:
        host = address[0] if isinstance(address, tuple) else "a path"
        if self.family in (socket.AF_INET, socket.AF_INET6) and host not in LOOPBACK and not _is_loopback(host):
            raise AssertionError(f"a test tried to reach {host}, which is not this machine")
        return connect(self, address)

    return guarded


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """No test of this process reaches beyond 127.0.0.1."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _only_loopback(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", _only_loopback(socket.socket.connect_ex))
        yield
