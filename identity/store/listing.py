"""Searching lists of configuration: a name pattern, an order and a page. Source: supporting contract 1.1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg import sql

DIRECTIONS = {"ASC": "ASC NULLS FIRST", "DESC": "DESC NULLS LAST"}
"""Absent values count as smaller than all others."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list, and in which order: `order_by` is `member` or `member ASC|DESC`, comma separated."""

    order_by: str | None = None
    start_row: int = 0
    number_of_results: int = 25


class UnknownOrder(Exception):
    """The order names a member that lists are not ordered by."""


def name_pattern(name: str | None) -> str | None:
    """For ILIKE: `*` stands for anything; a name without one may stand anywhere. None matches every row."""
    if name is None:
        return None
    escaped = name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%") if "*" in name else f"%{escaped}%"


def order_clause(order_by: str | None, columns: Mapping[str, str], default: str) -> sql.Composed:
    """ORDER BY over the named columns; the id comes last, so that pages never overlap. Raises UnknownOrder."""
    terms: list[sql.Composable] = []
    for term in (order_by or default).split(","):
        member, _, direction = term.strip().partition(" ")
        direction = direction.strip().upper() or "ASC"
        if member not in columns or direction not in DIRECTIONS:
            raise UnknownOrder(term)
        terms.append(sql.SQL("{} {}").format(sql.Identifier(columns[member]), sql.SQL(DIRECTIONS[direction])))
    return sql.SQL(", ").join([*terms, sql.Identifier("id")])
