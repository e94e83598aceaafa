"""Lambdas: JavaScript programs that take part in a login."""

from __future__ import annotations

from uuid import UUID

from psycopg.rows import class_row

from identity.domain.model import Lambda
from identity.store.db import Connection

COLUMNS = "id, name, type, body, debug, engine_type, insert_instant, last_update_instant"


def find(conn: Connection, lambda_id: UUID) -> Lambda | None:
    with conn.cursor(row_factory=class_row(Lambda)) as cursor:
        return cursor.execute(f"SELECT {COLUMNS} FROM lambdas WHERE id = %s", (lambda_id,)).fetchone()  # noqa: S608


def add(conn: Connection, source: Lambda) -> None:
    """Raises UniqueConflict, when the transaction ends: lambdas_pkey."""
    conn.execute(
        f"INSERT INTO lambdas ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",  # noqa: S608
        (
            source.id,
            source.name,
            source.type,
            source.body,
            source.debug,
            source.engine_type,
            source.insert_instant,
            source.last_update_instant,
        ),
    )
