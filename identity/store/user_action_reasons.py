"""The reasons for user actions that administrators have written, for all tenants."""

from __future__ import annotations

from dataclasses import asdict, fields
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from identity.domain.user_actions import UserActionReason
from identity.store.db import Connection

COLUMNS = ", ".join(item.name for item in fields(UserActionReason))
_INSERT = f"""
    INSERT INTO user_action_reasons ({COLUMNS})
    VALUES ({", ".join(f"%({item.name})s" for item in fields(UserActionReason))})
    """  # noqa: S608 (constant column lists)


def every(conn: Connection) -> list[UserActionReason]:
    """All reasons, by code."""
    with conn.cursor(row_factory=class_row(UserActionReason)) as cursor:
        return cursor.execute(f"SELECT {COLUMNS} FROM user_action_reasons ORDER BY code").fetchall()  # noqa: S608


def get(conn: Connection, reason_id: UUID) -> UserActionReason | None:
    return _one(conn, reason_id, "")


def lock(conn: Connection, reason_id: UUID) -> UserActionReason | None:
    """As `get`, and nobody else changes it before this transaction ends."""
    return _one(conn, reason_id, "FOR NO KEY UPDATE")


def insert(conn: Connection, new: UserActionReason) -> None:
    """Raises UniqueConflict: user_action_reasons_pkey, user_action_reasons_code, user_action_reasons_text."""
    conn.execute(_INSERT, _values(new))


def update(conn: Connection, changed: UserActionReason) -> None:
    """Replace a reason that this transaction has locked. Raises UniqueConflict as `insert` does."""
    conn.execute(
        """
        UPDATE user_action_reasons SET code = %(code)s, text = %(text)s, localized_texts = %(localized_texts)s,
            last_update_instant = %(last_update_instant)s
        WHERE id = %(id)s
        """,
        _values(changed),
    )


def delete(conn: Connection, reason_id: UUID) -> bool:
    """Whether there was such a reason. Actions keep the text of a reason that is no more."""
    return conn.execute("DELETE FROM user_action_reasons WHERE id = %s", (reason_id,)).rowcount == 1


def _one(conn: Connection, reason_id: UUID, locking: str) -> UserActionReason | None:
    with conn.cursor(row_factory=class_row(UserActionReason)) as cursor:
        query = f"SELECT {COLUMNS} FROM user_action_reasons WHERE id = %s {locking}"  # noqa: S608
        return cursor.execute(query, (reason_id,)).fetchone()


def _values(reason: UserActionReason) -> dict[str, object]:
    return asdict(reason) | {"localized_texts": Jsonb(dict(reason.localized_texts))}
