"""Messengers, which all tenants share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from identity.domain.messengers import Messenger
from identity.store.db import Connection

COLUMNS = sql.SQL("id, name, url, settings, sealed, data, insert_instant, last_update_instant")


def find(conn: Connection, messenger_id: UUID) -> Messenger | None:
    query = sql.SQL("SELECT {} FROM messengers WHERE id = %s").format(COLUMNS)
    return conn.cursor(row_factory=class_row(Messenger)).execute(query, (messenger_id,)).fetchone()


def lock(conn: Connection, messenger_id: UUID) -> Messenger | None:
    """As `find`, and nobody else changes it before this transaction ends."""
    query = sql.SQL("SELECT {} FROM messengers WHERE id = %s FOR UPDATE").format(COLUMNS)
    return conn.cursor(row_factory=class_row(Messenger)).execute(query, (messenger_id,)).fetchone()


def every(conn: Connection) -> list[Messenger]:
    query = sql.SQL("SELECT {} FROM messengers ORDER BY name").format(COLUMNS)
    return conn.cursor(row_factory=class_row(Messenger)).execute(query).fetchall()


def insert(conn: Connection, new: Messenger) -> None:
    """Raises UniqueConflict, when the transaction ends: messengers_pkey, messengers_name_key."""
    conn.execute(
        """
        INSERT INTO messengers (id, name, url, settings, sealed, data, insert_instant, last_update_instant)
        VALUES (%(id)s, %(name)s, %(url)s, %(settings)s, %(sealed)s, %(data)s, %(insert_instant)s,
                %(last_update_instant)s)
        """,
        _values(new),
    )


def update(conn: Connection, changed: Messenger) -> None:
    """Replace a messenger that this transaction has locked. Raises UniqueConflict, when the transaction ends."""
    conn.execute(
        """
        UPDATE messengers SET name = %(name)s, url = %(url)s, settings = %(settings)s, sealed = %(sealed)s,
               data = %(data)s, last_update_instant = %(last_update_instant)s
        WHERE id = %(id)s
        """,
        _values(changed),
    )


def delete(conn: Connection, messenger_id: UUID) -> bool:
    """Whether there was such a messenger."""
    return conn.execute("DELETE FROM messengers WHERE id = %s", (messenger_id,)).rowcount == 1


def _values(messenger: Messenger) -> dict[str, Any]:
    return {
        "id": messenger.id,
        "name": messenger.name,
        "url": messenger.url,
        "settings": Jsonb(messenger.settings),
        "sealed": messenger.sealed,
        "data": Jsonb(messenger.data),
        "insert_instant": messenger.insert_instant,
        "last_update_instant": messenger.last_update_instant,
    }
