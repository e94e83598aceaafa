"""Damage to a development database for the length of one call, so that 500 and 503 can be seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from identity.status_matrix.cases import Damage


@contextmanager
def damaged(database_url: str, damage: Damage | None, application_id: str) -> Iterator[None]:
    """The database with this damage inside the block, and mended after it."""
    if damage is None:
        yield
        return
    inflict, mend = {Damage.BROKEN_ROW: (_break_row, _mend_row), Damage.READ_ONLY: (_forbid, _allow)}[damage]
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute("SET default_transaction_read_only = off")
        inflict(conn, application_id)
        try:
            yield
        finally:
            mend(conn, application_id)


Connection = psycopg.Connection[tuple[object, ...]]


def _break_row(conn: Connection, application_id: str) -> None:
    """The settings become a list of themselves, which no code expects; the version tells the workers to read anew."""
    conn.execute("UPDATE applications SET settings = jsonb_build_array(settings) WHERE id = %s", (application_id,))
    _announce(conn)


def _mend_row(conn: Connection, application_id: str) -> None:
    conn.execute("UPDATE applications SET settings = settings -> 0 WHERE id = %s", (application_id,))
    _announce(conn)


def _announce(conn: Connection) -> None:
    conn.execute("UPDATE installation SET configuration_version = configuration_version + 1")


def _forbid(conn: Connection, _: str) -> None:
    _set_read_only(conn, "on")


def _allow(conn: Connection, _: str) -> None:
    _set_read_only(conn, "off")


def _set_read_only(conn: Connection, value: str) -> None:
    """For new sessions; the present ones of the service are ended, so that it comes back with new ones."""
    name = sql.Identifier(conn.info.dbname)
    conn.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = {}").format(name, sql.SQL(value)))
    conn.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
        (conn.info.dbname,),
    )
