"""Who is in which group. The roles that a membership brings are read with its user (`store/users.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import args_row
from psycopg.types.json import Jsonb

from identity.domain.model import Membership
from identity.store.db import Connection
from identity.store.listing import Page, order_clause

_COLUMNS = sql.SQL("id, group_id, user_id, insert_instant, data")
ORDERS = {"groupId": "group_id", "id": "id", "insertInstant": "insert_instant", "userId": "user_id"}


def put(conn: Connection, tenant_id: UUID, membership: Membership) -> Membership:
    """Add it; somebody who is in the group already keeps id and instant and takes the data.

    Raises InUse at the end of the transaction's block when user or group are gone, UniqueConflict when the id is taken.
    """
    query = sql.SQL(
        """
        INSERT INTO group_members (tenant_id, {}) VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (tenant_id, user_id, group_id) DO UPDATE SET data = excluded.data RETURNING {}
        """
    )
    with conn.cursor(row_factory=args_row(Membership)) as cursor:
        stored = cursor.execute(
            query.format(_COLUMNS, _COLUMNS),
            (
                tenant_id,
                membership.id,
                membership.group_id,
                membership.user_id,
                membership.insert_instant,
                Jsonb(membership.data),
            ),
        ).fetchone()
    assert stored is not None
    return stored


def add_many(conn: Connection, tenant_id: UUID, memberships: Sequence[Membership]) -> None:
    """The memberships of users whom this transaction has just added."""
    with conn.cursor() as cursor:
        cursor.executemany(
            sql.SQL("INSERT INTO group_members (tenant_id, {}) VALUES (%s, %s, %s, %s, %s, %s)").format(_COLUMNS),
            [
                (tenant_id, each.id, each.group_id, each.user_id, each.insert_instant, Jsonb(each.data))
                for each in memberships
            ],
        )


def remove(
    conn: Connection,
    tenant_id: UUID | None,
    *,
    ids: Sequence[UUID] | None = None,
    group_id: UUID | None = None,
    user_ids: Sequence[UUID] | None = None,
) -> list[Membership]:
    """Remove the memberships that are all of what is given, and say which they were."""
    given = {
        "tenant_id = %(tenant)s": tenant_id,
        "id = ANY(%(ids)s)": None if ids is None else list(ids),
        "group_id = %(group)s": group_id,
        "user_id = ANY(%(users)s)": None if user_ids is None else list(user_ids),
    }
    conditions = [sql.SQL(text) for text, value in given.items() if value is not None]
    query = sql.SQL("DELETE FROM group_members WHERE {} RETURNING {}").format(
        sql.SQL(" AND ").join(conditions), _COLUMNS
    )
    with conn.cursor(row_factory=args_row(Membership)) as cursor:
        values = dict(zip(("tenant", "ids", "group", "users"), given.values(), strict=True))
        return cursor.execute(query, values).fetchall()


def remove_all_but(conn: Connection, tenant_id: UUID, group_id: UUID, user_ids: Sequence[UUID]) -> None:
    conn.execute(
        "DELETE FROM group_members WHERE tenant_id = %s AND group_id = %s AND NOT user_id = ANY(%s)",
        (tenant_id, group_id, list(user_ids)),
    )


def search(
    conn: Connection, tenant_id: UUID | None, group_id: UUID | None, user_id: UUID | None, page: Page
) -> tuple[list[Membership], int]:
    """One page, and how many there are in all. Raises UnknownOrder."""
    given = {"tenant_id": tenant_id, "group_id": group_id, "user_id": user_id}
    conditions = [sql.SQL("{} = %({})s").format(sql.Identifier(name), sql.SQL(name)) for name in given if given[name]]
    where = sql.SQL(" AND ").join([sql.SQL("true"), *conditions])
    query = sql.SQL("SELECT {} FROM group_members WHERE {} ORDER BY {} LIMIT %(most)s OFFSET %(start)s").format(
        _COLUMNS, where, order_clause(page.order_by, ORDERS, "insertInstant")
    )
    values: dict[str, Any] = {**given, "most": page.number_of_results, "start": page.start_row}
    with conn.cursor(row_factory=args_row(Membership)) as cursor:
        found = cursor.execute(query, values).fetchall()
    total = conn.execute(sql.SQL("SELECT count(*) FROM group_members WHERE {}").format(where), values).fetchone()
    assert total is not None
    return found, int(total[0])


def users_of_tenant(conn: Connection, tenant_id: UUID, user_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these ids that name a user of the tenant."""
    rows = conn.execute("SELECT id FROM users WHERE tenant_id = %s AND id = ANY(%s)", (tenant_id, list(user_ids)))
    return {row[0] for row in rows}
