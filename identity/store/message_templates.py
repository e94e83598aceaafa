"""Templates of messages to phones, which all tenants share."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from identity.domain.mail import MessageTemplate
from identity.store.db import Connection

MEMBERS = ("id", "name", "default_template", "localized_templates", "data", "insert_instant", "last_update_instant")
COLUMNS = sql.SQL(", ").join(map(sql.Identifier, MEMBERS))


def find(conn: Connection, template_id: UUID) -> MessageTemplate | None:
    query = sql.SQL("SELECT {} FROM message_templates WHERE id = %s").format(COLUMNS)
    return conn.cursor(row_factory=class_row(MessageTemplate)).execute(query, (template_id,)).fetchone()


def lock(conn: Connection, template_id: UUID) -> MessageTemplate | None:
    """As `find`, and nobody else changes it before this transaction ends."""
    query = sql.SQL("SELECT {} FROM message_templates WHERE id = %s FOR UPDATE").format(COLUMNS)
    return conn.cursor(row_factory=class_row(MessageTemplate)).execute(query, (template_id,)).fetchone()


def every(conn: Connection) -> list[MessageTemplate]:
    query = sql.SQL("SELECT {} FROM message_templates ORDER BY name").format(COLUMNS)
    return conn.cursor(row_factory=class_row(MessageTemplate)).execute(query).fetchall()


def insert(conn: Connection, new: MessageTemplate) -> None:
    """Raises UniqueConflict, when the transaction ends: message_templates_pkey, message_templates_name_key."""
    query = sql.SQL("INSERT INTO message_templates ({}) VALUES ({})").format(
        COLUMNS, sql.SQL(", ").join(map(sql.Placeholder, MEMBERS))
    )
    conn.execute(query, _values(new))


def update(conn: Connection, changed: MessageTemplate) -> None:
    """Replace a template that this transaction has locked. Raises UniqueConflict, when the transaction ends."""
    assignments = (sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in MEMBERS)
    query = sql.SQL("UPDATE message_templates SET {} WHERE id = %(id)s").format(sql.SQL(", ").join(assignments))
    conn.execute(query, _values(changed))


def delete(conn: Connection, template_id: UUID) -> bool:
    """Whether there was such a template."""
    return conn.execute("DELETE FROM message_templates WHERE id = %s", (template_id,)).rowcount == 1


def _values(template: MessageTemplate) -> dict[str, Any]:
    return {name: Jsonb(value) if isinstance(value, dict) else value for name, value in asdict(template).items()}
