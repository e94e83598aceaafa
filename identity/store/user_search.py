"""Searching users with the database alone: by ids, or by one term that equals a whole value.

Source: supporting contract 3.5, column "database engine".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import sql
from psycopg.rows import args_row

from identity.domain.contact import canonical
from identity.domain.model import User
from identity.store.db import Connection
from identity.store.users import SELECT, made

EVERYBODY = "*"
TOTAL_CAP = 10_000
SORT_COLUMNS = {
    "birthDate": "birth_date",
    "email": "email",
    "fullName": "full_name",
    "id": "users.id",
    "insertInstant": "users.insert_instant",
    "lastLoginInstant": "last_login_instant",
    "login": "coalesce(email, username)",
    "tenantId": "users.tenant_id",
    "username": "username",
}
"""The wire names one may sort by."""

MATCHING = """
    (%(tenant)s::uuid IS NULL OR users.tenant_id = %(tenant)s)
    AND (%(term)s = '*' OR email_canonical = %(canonical)s OR username_canonical = %(canonical)s
         OR lower(first_name) = lower(%(term)s) OR lower(last_name) = lower(%(term)s)
         OR lower(full_name) = lower(%(term)s))
    """


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort field: a key of SORT_COLUMNS."""

    name: str
    descending: bool = False
    missing_first: bool = False


def by_ids(conn: Connection, tenant_id: UUID | None, ids: Sequence[UUID]) -> list[User]:
    """Those that exist, in the order asked for; no paging, no sorting."""
    with conn.cursor(row_factory=args_row(made)) as cursor:
        rows = cursor.execute(
            SELECT + "WHERE users.id = ANY(%(ids)s) AND (%(tenant)s::uuid IS NULL OR users.tenant_id = %(tenant)s)",
            {"ids": list(ids), "tenant": tenant_id},
        ).fetchall()
    found = {user.id: user for user in rows}
    return [found[user_id] for user_id in dict.fromkeys(ids) if user_id in found]


def by_term(
    conn: Connection, tenant_id: UUID | None, term: str, *, sort: Sequence[Sort], start_row: int, rows: int
) -> list[User]:
    """One page of the users that match."""
    parts = [_order(one) for one in sort] or [_order(Sort("login"))]
    query = sql.SQL("{select} WHERE {matching} ORDER BY {order}, users.id LIMIT %(rows)s OFFSET %(start)s").format(
        select=sql.SQL(SELECT), matching=sql.SQL(MATCHING), order=sql.SQL(", ").join(parts)
    )
    with conn.cursor(row_factory=args_row(made)) as cursor:
        return cursor.execute(query, {**_facts(tenant_id, term), "rows": rows, "start": start_row}).fetchall()


def count(conn: Connection, tenant_id: UUID | None, term: str, *, accurate: bool) -> int:
    """How many match; counting stops at 10,000 unless it must be accurate."""
    query = sql.SQL("SELECT count(*) FROM (SELECT 1 FROM users WHERE {matching} LIMIT %(cap)s) AS counted").format(
        matching=sql.SQL(MATCHING)
    )
    row = conn.execute(query, {**_facts(tenant_id, term), "cap": None if accurate else TOTAL_CAP}).fetchone()
    assert row is not None
    return int(row[0])


def _facts(tenant_id: UUID | None, term: str) -> dict[str, object]:
    return {"tenant": tenant_id, "term": term, "canonical": canonical(term)}


def _order(sort: Sort) -> sql.Composed:
    return sql.SQL("{column} {direction} NULLS {missing}").format(
        column=sql.SQL(SORT_COLUMNS[sort.name]),
        direction=sql.SQL("DESC" if sort.descending else "ASC"),
        missing=sql.SQL("FIRST" if sort.missing_first else "LAST"),
    )
