"""A database's rows as they were at one moment, to go back to between the tests that share it."""

from __future__ import annotations

from typing import Any, Self

import psycopg
from psycopg import sql

Connection = psycopg.Connection[Any]


class Snapshot:
    """Taken when made; `restore` brings every row of every table back, and nothing else.

    The server keeps the plans of a procedure for as long as a session lasts, so one session stays open: a new one for
    each test would spend thirty times as much, on catalogues and plans.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        with psycopg.connect(url) as conn:
            tables = _tables(conn)
            conn.execute("CREATE SCHEMA snapshot")
            for table in tables:
                conn.execute(_sql("CREATE TABLE snapshot.{table} AS TABLE public.{table}", table))
            steps = [_sql("DELETE FROM public.{table};", table) for table in tables]
            steps += [_sql(BRING_BACK, table) for table in tables if _has_rows(conn, table)]
            body = sql.SQL("BEGIN {} END").format(sql.Composed([sql.SQL(RISE), *steps]))
            create = sql.SQL("CREATE PROCEDURE snapshot.restore() LANGUAGE plpgsql AS {}")
            conn.execute(create.format(sql.Literal(body.as_string(conn))))
        self._session = self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def restore(self) -> None:
        """The version of the configuration only rises, so that no copy of it in memory passes for current."""
        try:
            self._session.execute("CALL snapshot.restore()")
        except psycopg.OperationalError:  # a test has ended all sessions of its database
            self._session.close()
            self._session = self._connect()
            self._session.execute("CALL snapshot.restore()")

    def _connect(self) -> Connection:
        conn = psycopg.connect(self._url, autocommit=True)
        conn.execute("SET session_replication_role = replica")  # rows go and come in any order
        return conn


RISE = """
UPDATE snapshot.installation SET configuration_version = 1 + (SELECT configuration_version FROM public.installation);
"""
BRING_BACK = "INSERT INTO public.{table} OVERRIDING SYSTEM VALUE SELECT * FROM snapshot.{table};"


def _has_rows(conn: Connection, table: str) -> bool:
    return conn.execute(_sql("SELECT 1 FROM public.{table} LIMIT 1", table)).fetchone() is not None


def _tables(conn: Connection) -> list[str]:
    rows = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename").fetchall()
    return [name for (name,) in rows]


def _sql(text: str, table: str) -> sql.Composed:
    return sql.SQL(text).format(table=sql.Identifier(table))
