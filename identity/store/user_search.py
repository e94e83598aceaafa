"""Searching users with the database alone: by ids, or by one term that equals a whole value.

A page begins where the one before ended: the index of the first sort field is entered at that user, so that the cost
does not depend on how deep the page is. Users without a value in that field come in a scan of their own, before or
after the others. Over several tenants each is walked in the same order and the heads are merged.

Source: supporting contract 3.5, column "database engine".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import args_row

from identity.domain.contact import canonical
from identity.domain.model import User
from identity.domain.user_order import NEVER_MISSING, Place, Search, Sort
from identity.store.db import Connection
from identity.store.users import SELECT, made

EVERYBODY = "*"
CONNECTOR = re.compile(r"connectorId:([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})")
"""The one term with a field's name: whoever belongs to a connector, as FusionAuth's search engine is asked for it."""

TOTAL_CAP = 10_000
_COLUMNS = {
    "birthDate": ("users.birth_date", "text"),
    "email": ("users.email_canonical", "text"),
    "fullName": ("users.full_name", "text"),
    "id": ("users.id", "uuid"),
    "insertInstant": ("users.insert_instant", "bigint"),
    "lastLoginInstant": ("users.last_login_instant", "bigint"),
    "login": ("coalesce(users.email_canonical, users.username_canonical)", "text"),
    "tenantId": ("users.tenant_id", "uuid"),
    "username": ("users.username_canonical", "text"),
}
_TERM = sql.SQL(
    """
    (email_canonical = %(canonical)s OR username_canonical = %(canonical)s
     OR lower(first_name) = lower(%(term)s) OR lower(last_name) = lower(%(term)s)
     OR lower(full_name) = lower(%(term)s))
    """
)
_TENANTS = sql.SQL("SELECT id FROM tenants WHERE %(tenant)s::uuid IS NULL OR id = %(tenant)s")


def by_ids(conn: Connection, tenant_id: UUID | None, ids: Sequence[UUID]) -> list[User]:
    """Those that exist, in the order asked for; no paging, no sorting."""
    with conn.cursor(row_factory=args_row(made)) as cursor:
        rows = cursor.execute(
            SELECT + "WHERE users.id = ANY(%(ids)s) AND (%(tenant)s::uuid IS NULL OR users.tenant_id = %(tenant)s)",
            {"ids": list(ids), "tenant": tenant_id},
        ).fetchall()
    found = {user.id: user for user in rows}
    return [found[user_id] for user_id in dict.fromkeys(ids) if user_id in found]


def page(
    conn: Connection, tenant_id: UUID | None, search: Search, *, start_row: int = 0, after: Place | None = None
) -> tuple[list[User], Place | None]:
    """One page of the users that match, and the place where the next one begins, if there is one.

    `start_row` counts from the beginning, or from `after`.
    """
    places = _places(conn, tenant_id, search, start_row, after)
    users = by_ids(conn, tenant_id, [place.user_id for place in places[: search.rows]])
    return users, places[search.rows - 1] if len(places) > search.rows else None


def count(conn: Connection, tenant_id: UUID | None, term: str, *, accurate: bool) -> int:
    """How many match; counting stops at 10,000 unless it must be accurate."""
    query = sql.SQL("SELECT count(*) FROM (SELECT 1 FROM users WHERE {} LIMIT %(cap)s) AS counted").format(
        sql.SQL(" AND ").join(_matching(tenant_id, term))
    )
    row = conn.execute(query, {**_facts(tenant_id, term), "cap": None if accurate else TOTAL_CAP}).fetchone()
    assert row is not None
    return int(row[0])


def ids_of(conn: Connection, tenant_id: UUID | None, term: str, most: int) -> list[UUID]:
    """The ids of up to `most` users that match, by id."""
    search = Search(term, (Sort("id"),), most)
    return [place.user_id for place in _places(conn, tenant_id, search, 0, None)[:most]]


def _places(
    conn: Connection, tenant_id: UUID | None, search: Search, start_row: int, after: Place | None
) -> list[Place]:
    """The page and one more: those with a value in the first sort field and those without, in the order asked for."""
    first = search.sort[0]
    scans = [True] if first.name in NEVER_MISSING else [not first.missing_first, first.missing_first]
    if after is not None:  # what is before the scan that `after` is in is over
        scans = scans[scans.index(after.values[0] is not None) :]
    found: list[Place] = []
    wanted = start_row + search.rows + 1
    for number, present in enumerate(scans):
        scan = _Scan(search, present, after if number == 0 else None)
        rows = conn.execute(scan.statement(tenant_id), scan.values(tenant_id, wanted - len(found))).fetchall()
        found += [Place(tuple(row[1:]), row[0]) for row in rows]
        if len(found) >= wanted:
            break
    return found[start_row:]


@dataclass(frozen=True, slots=True)
class _Scan:
    """A walk along the users who have a value in the first sort field, or along those who have none."""

    search: Search
    present: bool
    after: Place | None

    def statement(self, tenant_id: UUID | None) -> sql.Composed:
        columns = sql.SQL(", ").join(
            sql.SQL("{} AS s{}").format(_column(sort), sql.SQL(str(number)))
            for number, sort in enumerate(self.search.sort)
        )
        walk = sql.SQL("SELECT users.id, {} FROM users WHERE {} ORDER BY {} LIMIT %(most)s")
        conditions = [sql.SQL("users.tenant_id = tenant.id"), *_matching(None, self.search.term), *self._conditions()]
        inner = walk.format(columns, sql.SQL(" AND ").join(conditions), self._order(_column))
        outer = "SELECT found.* FROM ({}) AS tenant CROSS JOIN LATERAL ({}) AS found ORDER BY {} LIMIT %(most)s"
        numbers = {sort: number for number, sort in enumerate(self.search.sort)}
        merged = self._order(lambda sort: sql.SQL(f"found.s{numbers[sort]}"), "found.id")
        return sql.SQL(outer).format(_TENANTS, inner, merged)

    def values(self, tenant_id: UUID | None, most: int) -> dict[str, Any]:
        after = () if self.after is None else self.after.values
        places = {f"v{number}": value for number, value in enumerate(after)}
        last = {} if self.after is None else {"after": self.after.user_id}
        return {**_facts(tenant_id, self.search.term), **places, **last, "most": most}

    def _conditions(self) -> list[sql.Composable]:
        first = self.search.sort[0]
        found: list[sql.Composable] = []
        if first.name not in NEVER_MISSING:
            found.append(sql.SQL("{} IS NOT NULL" if self.present else "{} IS NULL").format(_column(first)))
        if self.after is not None:
            found.append(self._behind(0 if self.present else 1))
        return found

    def _order(self, column: Any, user_id: str = "users.id") -> sql.Composed:
        first, *rest = self.search.sort
        terms: list[sql.Composable] = []
        if self.present:  # without a word on missing values, as the index has them
            terms.append(sql.SQL("{} {}").format(column(first), _direction(first)))
        terms += [
            sql.SQL("{} {} NULLS {}").format(
                column(sort), _direction(sort), sql.SQL("FIRST" if sort.missing_first else "LAST")
            )
            for sort in rest
        ]
        return sql.SQL(", ").join([*terms, sql.SQL("{} {}").format(sql.SQL(user_id), _direction(first))])

    def _behind(self, number: int) -> sql.Composable:
        """The condition of coming after the place, by the sort fields from this one on."""
        assert self.after is not None
        sorts, value = self.search.sort, self.after.values
        sign = _sign(sorts[0])
        if number == len(sorts):
            return sql.SQL("users.id {} %(after)s").format(sign)
        column, given = _column(sorts[number]), _given(sorts[number], number)
        if number == 0 and len(sorts) == 1:
            return sql.SQL("({}, users.id) {} ({}, %(after)s)").format(column, sign, given)
        rest = self._behind(number + 1)
        behind = _strictly_behind(sorts[number], column, given, value[number])
        if value[number] is None:
            return sql.SQL("({} OR ({} IS NULL AND {}))").format(behind, column, rest)
        whole = sql.SQL("({} OR ({} = {} AND {}))").format(behind, column, given, rest)
        if number > 0:
            return whole
        return sql.SQL("({} {}= {} AND {})").format(column, sign, given, whole)


def _strictly_behind(sort: Sort, column: sql.SQL, given: sql.Composed, value: Any) -> sql.Composable:
    if value is None:
        return sql.SQL("{} IS NOT NULL").format(column) if sort.missing_first else sql.SQL("false")
    behind = sql.SQL("{} {} {}").format(column, _sign(sort), given)
    if sort.missing_first or sort.name in NEVER_MISSING:
        return behind
    return sql.SQL("({} OR {} IS NULL)").format(behind, column)


def _column(sort: Sort) -> sql.SQL:
    return sql.SQL(_COLUMNS[sort.name][0])


def _given(sort: Sort, number: int) -> sql.Composed:
    return sql.SQL("%(v{})s::{}").format(sql.SQL(str(number)), sql.SQL(_COLUMNS[sort.name][1]))


def _direction(sort: Sort) -> sql.SQL:
    return sql.SQL("DESC" if sort.descending else "ASC")


def _sign(sort: Sort) -> sql.SQL:
    return sql.SQL("<" if sort.descending else ">")


def _matching(tenant_id: UUID | None, term: str) -> list[sql.Composable]:
    scope = [] if tenant_id is None else [sql.SQL("users.tenant_id = %(tenant)s")]
    if CONNECTOR.fullmatch(term):
        return [*scope, sql.SQL("users.connector_id = %(connector)s")]
    return [sql.SQL("true"), *scope, *([] if term == EVERYBODY else [_TERM])]


def _facts(tenant_id: UUID | None, term: str) -> dict[str, object]:
    named = CONNECTOR.fullmatch(term)
    connector_id = UUID(named[1]) if named else None
    return {"tenant": tenant_id, "term": term, "canonical": canonical(term), "connector": connector_id}
