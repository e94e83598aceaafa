"""What webhooks cost a login that no webhook hears of: nothing (decision 19)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.login_world import World
from tests.webhook_world import Hooks, hooks_of


@pytest.fixture
def hooks(world: World) -> Iterator[Hooks]:
    with hooks_of(world.service) as made:
        yield made


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement about outbox and webhooks that a request sends, and every transaction it opens."""
    sent: list[str] = []
    execute, transaction = psycopg.Cursor.execute, psycopg.Connection.transaction

    def recorded(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        if "process_request_thread" in threading.current_thread().name and "development_clock" not in str(query):
            sent.append(str(query))
        return execute(cursor, query, *arguments, **options)

    def opened(connection: Any, *arguments: Any, **options: Any) -> Any:
        if "process_request_thread" in threading.current_thread().name:
            sent.append("BEGIN")
        return transaction(connection, *arguments, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", recorded)
    monkeypatch.setattr(psycopg.Connection, "transaction", opened)
    return sent


def test_a_login_of_which_nobody_hears_is_one_read_and_one_write(world: World, statements: list[str]) -> None:
    world.logged_in("alice")
    statements.clear()
    world.logged_in("alice")
    assert len(statements) == 2, statements


def test_so_is_one_where_webhooks_hear_of_other_things_only(world: World, hooks: Hooks, statements: list[str]) -> None:
    hooks.add("user.create")
    hooks.switch_on("user.create")
    world.logged_in("alice")
    statements.clear()
    world.logged_in("alice")
    assert len(statements) == 2, statements


def test_a_webhook_that_is_new_is_heard_by_the_very_next_login(world: World, hooks: Hooks) -> None:
    hooks.switch_on("user.login.success")
    world.logged_in("alice")
    hook = hooks.add("user.login.success")
    world.logged_in("alice")
    hooks.deliver()
    assert hook.types == ["user.login.success"]
    assert world.service.call("DELETE", f"/api/webhook/{hook.id}").status_code == 200
    world.logged_in("alice")
    assert hooks.deliver() == 0
