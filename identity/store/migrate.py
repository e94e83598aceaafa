"""Forward-only migrations: `migrations/NNNN_name.sql`, each applied once, in order, with its checksum.

A file runs in one transaction together with its record. A file whose first line is `-- no-transaction` holds one
idempotent statement that must run outside (an index built concurrently, decision 23). Start-up refuses a changed or an
unknown recorded migration: the program is then older than the database, or a file was edited after it ran.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from identity.settings import data_folder
from identity.store.db import StoreUnavailable

LOCK = 0x1DE7717  # any constant: one advisory lock for all migrators of a database
NO_TRANSACTION = "-- no-transaction"
TIMEOUTS = "SET lock_timeout = '10s'; SET statement_timeout = '10min'"
TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version text PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_instant bigint NOT NULL)"""


class MigrationRefused(Exception):
    """The database and the program do not fit together; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    version: str
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()


def available(folder: Path | None = None) -> list[Migration]:
    """The migrations of this program, in order."""
    files = sorted((folder or data_folder("migrations")).glob("[0-9][0-9][0-9][0-9]_*.sql"))
    return [Migration(file.name[:4], file.stem[5:], file.read_text(encoding="utf-8")) for file in files]


def migrate(url: str, *, now: int, folder: Path | None = None) -> list[str]:
    """Apply what is missing and return the names applied. Safe to call from several processes at once.

    `now` is epoch milliseconds. Raises MigrationRefused, StoreUnavailable.
    """
    known = available(folder)
    with _connected(url) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        connection.execute(TIMEOUTS)
        connection.execute(TABLE)
        recorded = _recorded(connection)
        _refuse_misfits(known, recorded)
        missing = [migration for migration in known if migration.version not in recorded]
        for migration in missing:
            _apply(connection, migration, now)
        return [f"{migration.version}_{migration.name}" for migration in missing]


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection[Any]]:
    """Raises StoreUnavailable, also for what goes wrong while the connection is used."""
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise StoreUnavailable(str(error)) from error


def pending(connection: psycopg.Connection[Any], folder: Path | None = None) -> list[str]:
    """The versions this program has and the database lacks. Raises MigrationRefused."""
    known = available(folder)
    exists = connection.execute("SELECT to_regclass('schema_migrations') IS NOT NULL AS there").fetchone()
    recorded = _recorded(connection) if exists and exists[0] else {}
    _refuse_misfits(known, recorded)
    return [migration.version for migration in known if migration.version not in recorded]


def _recorded(connection: psycopg.Connection[Any]) -> dict[str, str]:
    rows = connection.execute("SELECT version, checksum FROM schema_migrations").fetchall()
    return {version: checksum for version, checksum in rows}  # noqa: C416 (rows are any sequence)


def _refuse_misfits(known: list[Migration], recorded: dict[str, str]) -> None:
    by_version = {migration.version: migration for migration in known}
    if newer := sorted(set(recorded) - set(by_version)):
        raise MigrationRefused(
            f"The database has migration {newer[-1]}, which this program does not know: a newer release used it. "
            "Install that release, or restore a backup made before the upgrade."
        )
    for version, checksum in recorded.items():
        if by_version[version].checksum != checksum:
            raise MigrationRefused(
                f"The migration {version}_{by_version[version].name} was changed after it had been applied. "
                "Restore the file; a change to the schema needs a new migration."
            )


def _apply(connection: psycopg.Connection[Any], migration: Migration, now: int) -> None:
    record = "INSERT INTO schema_migrations (version, name, checksum, applied_instant) VALUES (%s, %s, %s, %s)"
    values = (migration.version, migration.name, migration.checksum, now)
    if migration.text.startswith(NO_TRANSACTION):
        connection.execute(migration.text.encode())
        connection.execute(record, values)
        return
    with connection.transaction():
        connection.execute(migration.text.encode())
        connection.execute(record, values)
