"""Themes: rows that hosted pages take their colours from."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from identity.domain.theme import Theme
from identity.store.db import Connection
from identity.store.listing import Page, name_pattern, order_clause

COLUMNS = sql.SQL("id, name, type, settings, data, insert_instant, last_update_instant")
ORDERS = {"id": "id", "insertInstant": "insert_instant", "lastUpdateInstant": "last_update_instant", "name": "name"}
MATCHING = sql.SQL(
    "FROM themes WHERE (%(name)s::text IS NULL OR name ILIKE %(name)s) AND (%(type)s::text IS NULL OR type = %(type)s)"
)


def find(conn: Connection, theme_id: UUID, *, lock: bool = False) -> Theme | None:
    """With `lock` nobody else changes it before this transaction ends."""
    query = sql.SQL("SELECT {} FROM themes WHERE id = %s {}").format(
        COLUMNS, sql.SQL("FOR NO KEY UPDATE" if lock else "")
    )
    row = conn.execute(query, (theme_id,)).fetchone()
    return None if row is None else Theme(*row)


def list_all(conn: Connection) -> list[Theme]:
    """All themes, by name."""
    return [Theme(*row) for row in conn.execute(sql.SQL("SELECT {} FROM themes ORDER BY name").format(COLUMNS))]


def search(conn: Connection, page: Page, *, name: str | None, type: str | None) -> tuple[list[Theme], int]:
    """One page, and how many there are in all. Raises UnknownOrder."""
    values: dict[str, Any] = {
        "name": name_pattern(name),
        "type": type,
        "most": page.number_of_results,
        "start": page.start_row,
    }
    query = sql.SQL("SELECT {} {} ORDER BY {} LIMIT %(most)s OFFSET %(start)s")
    found = conn.execute(query.format(COLUMNS, MATCHING, order_clause(page.order_by, ORDERS, "name")), values)
    total = conn.execute(sql.SQL("SELECT count(*) {}").format(MATCHING), values).fetchone()
    assert total is not None
    return [Theme(*row) for row in found], int(total[0])


def insert(conn: Connection, new: Theme) -> None:
    """Raises UniqueConflict: themes_pkey, themes_name_key."""
    conn.execute(
        """
        INSERT INTO themes (id, name, type, settings, data, insert_instant, last_update_instant)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        """,
        (
            new.id,
            new.name,
            new.type,
            Jsonb(dict(new.settings)),
            Jsonb(dict(new.data)),
            new.insert_instant,
            new.last_update_instant,
        ),
    )


def update(conn: Connection, changed: Theme) -> None:
    """Replace a theme that this transaction has locked; type and insert instant stay. Raises UniqueConflict."""
    conn.execute(
        "UPDATE themes SET name = %s, settings = %s, data = %s, last_update_instant = %s WHERE id = %s",
        (
            changed.name,
            Jsonb(dict(changed.settings)),
            Jsonb(dict(changed.data)),
            changed.last_update_instant,
            changed.id,
        ),
    )


def delete(conn: Connection, theme_id: UUID) -> bool:
    """Whether there was such a theme."""
    return conn.execute("DELETE FROM themes WHERE id = %s", (theme_id,)).rowcount == 1


def is_used(conn: Connection, theme_id: UUID) -> bool:
    """Whether a tenant or an application names it: they do so in their settings, where no reference is checked."""
    query = """
        SELECT 1 FROM tenants WHERE settings ->> 'theme_id' = %(id)s
        UNION ALL SELECT 1 FROM applications WHERE settings ->> 'theme_id' = %(id)s LIMIT 1
        """
    return conn.execute(query, {"id": str(theme_id)}).fetchone() is not None
