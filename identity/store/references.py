"""What other configuration a tenant or an application may name by id: keys, lambdas, templates, messengers, connectors.

In a transaction, nobody deletes what was found before the end.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from psycopg.types.json import Jsonb

from identity.store.db import Connection


def keys_that_sign(conn: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Those of `ids` that are keys with a private half or a shared secret, and are not deleted."""
    rows = conn.execute(
        """
        SELECT id FROM keys
        WHERE id = ANY(%s) AND deleted_instant IS NULL AND (private_key IS NOT NULL OR secret IS NOT NULL)
        FOR KEY SHARE
        """,
        (list(ids),),
    ).fetchall()
    return {row[0] for row in rows}


def lambda_types(conn: Connection, ids: Collection[UUID]) -> dict[UUID, str]:
    """The type of each of `ids` that is a lambda."""
    rows = conn.execute("SELECT id, type FROM lambdas WHERE id = ANY(%s) FOR KEY SHARE", (list(ids),)).fetchall()
    return dict(rows)


def email_templates(conn: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Those of `ids` that are templates of mails."""
    rows = conn.execute("SELECT id FROM email_templates WHERE id = ANY(%s) FOR KEY SHARE", (list(ids),)).fetchall()
    return {row[0] for row in rows}


def message_templates(conn: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Those of `ids` that are templates of messages."""
    rows = conn.execute("SELECT id FROM message_templates WHERE id = ANY(%s) FOR KEY SHARE", (list(ids),)).fetchall()
    return {row[0] for row in rows}


def messengers(conn: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Those of `ids` that are messengers."""
    rows = conn.execute("SELECT id FROM messengers WHERE id = ANY(%s) FOR KEY SHARE", (list(ids),)).fetchall()
    return {row[0] for row in rows}


def connectors(conn: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Those of `ids` that are connectors, the built-in one aside."""
    rows = conn.execute("SELECT id FROM connectors WHERE id = ANY(%s) FOR KEY SHARE", (list(ids),)).fetchall()
    return {row[0] for row in rows}


def is_named_in_settings(conn: Connection, id: UUID) -> bool:
    """Whether a tenant, an application or a user action names it, where no reference is checked by the database."""
    query = """
        SELECT 1 FROM tenants WHERE jsonb_path_exists(settings, '$.** ? (@ == $id)', %(id)s)
        UNION ALL SELECT 1 FROM applications WHERE jsonb_path_exists(settings, '$.** ? (@ == $id)', %(id)s)
        UNION ALL SELECT 1 FROM user_actions
            WHERE %(plain)s IN (start_email_template_id, modify_email_template_id, cancel_email_template_id,
                                end_email_template_id)
        LIMIT 1
        """
    return conn.execute(query, {"id": Jsonb({"id": str(id)}), "plain": id}).fetchone() is not None
