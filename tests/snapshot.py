"""A database's rows as they were at one moment, to go back to between the tests that share it."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

Connection = psycopg.Connection[Any]


class Snapshot:
    """Taken when made; `restore` brings every row of every table back, and nothing else."""

    def __init__(self, url: str) -> None:
        self._url = url
        with psycopg.connect(url) as conn:
            self._tables = _tables(conn)
            conn.execute("CREATE SCHEMA snapshot")
            for table in self._tables:
                conn.execute(_sql("CREATE TABLE snapshot.{table} AS TABLE public.{table}", table))

    def restore(self) -> None:
        """The version of the configuration only rises, so that no copy of it in memory passes for current."""
        with psycopg.connect(self._url) as conn:
            conn.execute("SET session_replication_role = replica")  # rows go and come in any order
            conn.execute("UPDATE snapshot.installation SET configuration_version = 1 + (SELECT configuration_version"
                         " FROM public.installation)")  # fmt: skip
            for table in self._tables:
                conn.execute(_sql("DELETE FROM public.{table}", table))
                conn.execute(
                    _sql("INSERT INTO public.{table} OVERRIDING SYSTEM VALUE SELECT * FROM snapshot.{table}", table)
                )


def _tables(conn: Connection) -> list[str]:
    rows = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename").fetchall()
    return [name for (name,) in rows]


def _sql(text: str, table: str) -> sql.Composed:
    return sql.SQL(text).format(table=sql.Identifier(table))
