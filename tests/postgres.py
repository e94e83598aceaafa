"""One embedded PostgreSQL per test run, shared by all of its workers, and a database of its own for whoever asks.

The schema is migrated once into a template; a database is a copy of it. The server syncs nothing to disk, which is
for tests only.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from psycopg import sql

from identity.store.embedded import EmbeddedPostgres

PREFIX = "identity-tests-"
ABANDONED_AFTER = 600
"""Seconds after which the folder of a run that nobody uses any more is swept away."""
OPTIONS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off"}


@dataclass(frozen=True, slots=True)
class Server:
    """The server of this run. `url` is that of its first database, which stays empty."""

    url: str
    home: Path


def home_of(run: str) -> Path:
    """Not below pytest's own folder: that one is closed to the account PostgreSQL runs as when root runs the tests."""
    return Path(tempfile.gettempdir()) / f"{PREFIX}{os.getuid()}-{run}"


@contextmanager
def server(run: str) -> Iterator[Server]:
    """The server of the named run; the last of its users stops it."""
    home = home_of(run)
    embedded = EmbeddedPostgres(home, options=OPTIONS)
    url = embedded.start(lambda _: None)
    try:
        yield Server(url, home)
    finally:
        embedded.stop()


def sweep(run: str) -> None:
    """Remove the folder of this run, and those that runs which were killed have left with a server in them."""
    for home in Path(tempfile.gettempdir()).glob(f"{PREFIX}{os.getuid()}-*"):
        with suppress(FileNotFoundError):  # another run that ends now sweeps too
            abandoned = time.time() - home.stat().st_mtime > ABANDONED_AFTER
            if (home == home_of(run) or abandoned) and EmbeddedPostgres(home).stop():
                shutil.rmtree(home, ignore_errors=True)


def template(server: Server, name: str, migrate: Callable[[str], object]) -> str:
    """A database that `migrate` was applied to once in this run; nobody connects to it, it is copied."""
    with _only_one(server.home / f"{name}.lock"), psycopg.connect(server.url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            unfinished = f"{name}_{uuid4().hex}"
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unfinished)))
            migrate(with_database(server.url, unfinished))
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            connection.execute(rename.format(sql.Identifier(unfinished), sql.Identifier(name)))
    return name


def fresh_database(server: Server, template: str = "template1") -> str:
    """The URL of a new copy of the template, nobody else's."""
    name = f"test_{uuid4().hex}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    # One copy at a time: PostgreSQL refuses to copy a database that another session is connected to.
    with _only_one(server.home / "copy.lock"), psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(create)
    return with_database(server.url, name)


def drop_database(server: Server, url: str) -> None:
    """Also when a session of the test is still open."""
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(urlsplit(url).path.lstrip("/")))
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(drop)


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    parts = urlsplit(url)
    # Without an authority urlunsplit drops the slashes: `postgresql://user@/name` always has one here.
    return urlunsplit(parts._replace(path=f"/{name}"))


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
