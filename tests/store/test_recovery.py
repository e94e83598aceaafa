"""The pool finds back to a database that was away, however many asked in vain meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from identity.store.db import Database, StoreUnavailable
from tests import postgres

RECOVERY = 10.0
MANY = 250
"""More than the pool lets wait."""


@contextmanager
def closed(server: postgres.Server, url: str) -> Iterator[None]:
    """The database lets nobody in, and has thrown everybody out."""
    name = urlsplit(url).path.lstrip("/")
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(server.url, autocommit=True) as conn:
        conn.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            conn.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


def test_many_who_waited_in_vain_do_not_keep_the_pool_from_connecting_again(
    postgres_server: postgres.Server, database_url: str
) -> None:
    database = Database(database_url, pool_size=2)
    database.open()
    try:
        with database.read() as conn:
            conn.execute("SELECT 1")
        with closed(postgres_server, database_url):
            threads = [threading.Thread(target=_refused, args=(database,)) for _ in range(MANY)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        began = time.monotonic()
        while not _answers(database):
            assert time.monotonic() - began < RECOVERY
    finally:
        database.close()


def _refused(database: Database) -> None:
    with pytest.raises(StoreUnavailable), database.read() as conn:
        conn.execute("SELECT 1")


def _answers(database: Database) -> bool:
    try:
        with database.read() as conn:
            conn.execute("SELECT 1")
    except StoreUnavailable:
        return False
    return True
