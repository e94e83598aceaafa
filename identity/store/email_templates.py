"""Templates of mails, which all tenants share."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from identity.domain.mail import EmailTemplate
from identity.store.db import Connection
from identity.store.listing import Page, name_pattern, order_clause

MEMBERS = (
    "id",
    "name",
    "from_email",
    "default_from_name",
    "default_subject",
    "default_text_template",
    "default_html_template",
    "localized_from_names",
    "localized_subjects",
    "localized_text_templates",
    "localized_html_templates",
    "insert_instant",
    "last_update_instant",
)
COLUMNS = sql.SQL(", ").join(map(sql.Identifier, MEMBERS))
ORDERS = {"id": "id", "insertInstant": "insert_instant", "lastUpdateInstant": "last_update_instant", "name": "name"}
MATCHING = sql.SQL("FROM email_templates WHERE %(name)s::text IS NULL OR name ILIKE %(name)s")


def find(conn: Connection, template_id: UUID) -> EmailTemplate | None:
    query = sql.SQL("SELECT {} FROM email_templates WHERE id = %s").format(COLUMNS)
    return conn.cursor(row_factory=class_row(EmailTemplate)).execute(query, (template_id,)).fetchone()


def lock(conn: Connection, template_id: UUID) -> EmailTemplate | None:
    """As `find`, and nobody else changes it before this transaction ends."""
    query = sql.SQL("SELECT {} FROM email_templates WHERE id = %s FOR UPDATE").format(COLUMNS)
    return conn.cursor(row_factory=class_row(EmailTemplate)).execute(query, (template_id,)).fetchone()


def every(conn: Connection) -> list[EmailTemplate]:
    query = sql.SQL("SELECT {} FROM email_templates ORDER BY name").format(COLUMNS)
    return conn.cursor(row_factory=class_row(EmailTemplate)).execute(query).fetchall()


def search(conn: Connection, name: str | None, page: Page) -> tuple[list[EmailTemplate], int]:
    """One page, and how many there are in all. Raises UnknownOrder."""
    values = {"name": name_pattern(name), "most": page.number_of_results, "start": page.start_row}
    query = sql.SQL("SELECT {} {} ORDER BY {} LIMIT %(most)s OFFSET %(start)s").format(
        COLUMNS, MATCHING, order_clause(page.order_by, ORDERS, "name")
    )
    found = conn.cursor(row_factory=class_row(EmailTemplate)).execute(query, values).fetchall()
    total = conn.execute(sql.SQL("SELECT count(*) {}").format(MATCHING), values).fetchone()
    assert total is not None
    return found, int(total[0])


def insert(conn: Connection, new: EmailTemplate) -> None:
    """Raises UniqueConflict, when the transaction ends: email_templates_pkey, email_templates_name_key."""
    query = sql.SQL("INSERT INTO email_templates ({}) VALUES ({})").format(
        COLUMNS, sql.SQL(", ").join(map(sql.Placeholder, MEMBERS))
    )
    conn.execute(query, _values(new))


def update(conn: Connection, changed: EmailTemplate) -> None:
    """Replace a template that this transaction has locked. Raises UniqueConflict, when the transaction ends."""
    assignments = (sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in MEMBERS)
    query = sql.SQL("UPDATE email_templates SET {} WHERE id = %(id)s").format(sql.SQL(", ").join(assignments))
    conn.execute(query, _values(changed))


def delete(conn: Connection, template_id: UUID) -> bool:
    """Whether there was such a template."""
    return conn.execute("DELETE FROM email_templates WHERE id = %s", (template_id,)).rowcount == 1


def _values(template: EmailTemplate) -> dict[str, Any]:
    return {name: Jsonb(value) if isinstance(value, dict) else value for name, value in asdict(template).items()}
