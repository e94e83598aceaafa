"""Lambdas: the source texts that administrators have written."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg import sql

from identity.domain.lambdas import Lambda, LambdaType
from identity.store.db import Connection
from identity.store.listing import Page, name_pattern, order_clause

COLUMNS = sql.SQL("id, name, type, body, debug, engine_type, insert_instant, last_update_instant")
MATCHING = sql.SQL(
    """
    FROM lambdas WHERE (%(name)s::text IS NULL OR name ILIKE %(name)s)
    AND (%(body)s::text IS NULL OR body ILIKE %(body)s) AND (%(type)s::text IS NULL OR type = %(type)s)
    """
)
ORDERS = {"engineType": "engine_type", "id": "id", "insertInstant": "insert_instant", "name": "name"}


def find(conn: Connection, lambda_id: UUID) -> Lambda | None:
    row = conn.execute(sql.SQL("SELECT {} FROM lambdas WHERE id = %s").format(COLUMNS), (lambda_id,)).fetchone()
    return None if row is None else _lambda(row)


def lock(conn: Connection, lambda_id: UUID) -> Lambda | None:
    """As `find`, and nobody else changes it before this transaction ends."""
    query = sql.SQL("SELECT {} FROM lambdas WHERE id = %s FOR NO KEY UPDATE").format(COLUMNS)
    row = conn.execute(query, (lambda_id,)).fetchone()
    return None if row is None else _lambda(row)


def list_all(conn: Connection, type: LambdaType | None = None) -> list[Lambda]:
    """All lambdas, or those of one type, by name."""
    query = sql.SQL("SELECT {} FROM lambdas WHERE %(type)s::text IS NULL OR type = %(type)s ORDER BY name, id")
    return [_lambda(row) for row in conn.execute(query.format(COLUMNS), {"type": type.value if type else None})]


def search(
    conn: Connection, page: Page, *, name: str | None, body: str | None, type: LambdaType | None
) -> tuple[list[Lambda], int]:
    """One page, and how many there are in all. Raises UnknownOrder."""
    values = {
        "name": name_pattern(name),
        "body": name_pattern(body),
        "type": type.value if type else None,
        "most": page.number_of_results,
        "start": page.start_row,
    }
    query = sql.SQL("SELECT {} {} ORDER BY {} LIMIT %(most)s OFFSET %(start)s")
    found = conn.execute(query.format(COLUMNS, MATCHING, order_clause(page.order_by, ORDERS, "name")), values)
    total = conn.execute(sql.SQL("SELECT count(*) {}").format(MATCHING), values).fetchone()
    assert total is not None
    return [_lambda(row) for row in found], int(total[0])


def insert(conn: Connection, new: Lambda) -> None:
    """Raises UniqueConflict, when the transaction ends: lambdas_pkey."""
    conn.execute(
        """
        INSERT INTO lambdas (id, name, type, body, debug, engine_type, insert_instant, last_update_instant)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            new.id,
            new.name,
            new.type.value,
            new.body,
            new.debug,
            new.engine_type,
            new.insert_instant,
            new.last_update_instant,
        ),
    )


def update(conn: Connection, changed: Lambda) -> None:
    """Replace a lambda that this transaction has locked; its type and insert instant stay."""
    conn.execute(
        """
        UPDATE lambdas SET name = %s, body = %s, debug = %s, engine_type = %s, last_update_instant = %s WHERE id = %s
        """,
        (changed.name, changed.body, changed.debug, changed.engine_type, changed.last_update_instant, changed.id),
    )


def delete(conn: Connection, lambda_id: UUID) -> bool:
    """Whether there was such a lambda. Raises InUse, when a provider refers to it."""
    return conn.execute("DELETE FROM lambdas WHERE id = %s", (lambda_id,)).rowcount == 1


def _lambda(row: tuple[Any, ...]) -> Lambda:
    return Lambda(row[0], row[1], LambdaType(row[2]), *row[3:])
