"""What searches have in common: wildcards, order and pages. Column names are our own, never a request's."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of the matches is wanted, in which order: `column` is a name of our own table."""

    column: str
    descending: bool = False
    start_row: int = 0
    number_of_results: int = 25

    def clause(self) -> sql.Composable:
        """ORDER BY, LIMIT and OFFSET. Absent values count as smaller than all others; the id decides between equals."""
        direction = "DESC NULLS LAST" if self.descending else "ASC NULLS FIRST"
        return sql.SQL("ORDER BY {} {}, id LIMIT {} OFFSET {}").format(
            sql.Identifier(self.column), sql.SQL(direction), self.number_of_results, self.start_row
        )


def pattern(text: str | None) -> str | None:
    """The ILIKE pattern of a search text: `*` is the wildcard; a text without one is looked for anywhere."""
    if not text:
        return None
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%") if "*" in text else f"%{escaped}%"
