"""The Rocket.Chat door while the database is away, or takes no writes (decisions 22 and 56)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
import requests
from psycopg import sql

from tests import postgres
from tests.contract.test_read_only_database import set_read_only
from tests.password_door import PASSWORD
from tests.rocketchat.client import Chat, chat_world

UNAVAILABLE = {"success": False, "error": "The service is not available. Try again in a moment."}


@pytest.fixture
def limited(database_url: str) -> Iterator[Chat]:
    with chat_world(database_url, rate_limit_calls=100) as made:
        yield made


def is_unavailable(answer: requests.Response) -> bool:
    assert answer.headers["Content-Type"] == "application/json"
    assert int(answer.headers["Retry-After"]) > 0
    return answer.status_code == 503 and answer.json() == UNAVAILABLE


@contextmanager
def away(server_url: str, database_url: str) -> Iterator[None]:
    """Nobody gets a connection to the database meanwhile."""
    name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(allow.format(sql.Identifier(str(name)), sql.Literal(False)))
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            conn.execute(allow.format(sql.Identifier(str(name)), sql.Literal(True)))


def test_reads_answer_and_logins_are_503_while_nothing_can_be_written(limited: Chat, database_url: str) -> None:
    person = limited.person()
    person.add_user()
    session = limited.logged_in(person.email)
    set_read_only(database_url, True)
    assert session.is_alive
    assert is_unavailable(limited.login({"user": person.email, "password": PASSWORD}))
    assert is_unavailable(session.post("/api/v1/logout"))
    set_read_only(database_url, False)
    limited.world.until_it_reads()
    assert limited.logged_in(person.email).is_alive
    assert session.is_alive


def test_everything_is_503_while_the_database_is_away(
    limited: Chat, postgres_server: postgres.Server, database_url: str
) -> None:
    session = limited.somebody()
    with away(postgres_server.url, database_url):
        assert is_unavailable(session.get("/api/v1/me"))
        assert is_unavailable(limited.login({"user": "somebody", "password": PASSWORD}))
        assert limited.call("GET", "/api/v1/nothing").status_code == 404
    limited.world.until_it_reads()
    assert session.is_alive
