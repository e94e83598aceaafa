"""User actions: the definitions that administrators have made, for all tenants."""

from __future__ import annotations

from dataclasses import asdict, fields
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from identity.domain.user_actions import UserAction
from identity.store.db import Connection

COLUMNS = ", ".join(item.name for item in fields(UserAction))
_INSERT = f"""
    INSERT INTO user_actions ({COLUMNS}) VALUES ({", ".join(f"%({item.name})s" for item in fields(UserAction))})
    """  # noqa: S608 (constant column lists)
_UPDATE = f"""
    UPDATE user_actions SET {", ".join(f"{item.name} = %({item.name})s" for item in fields(UserAction))}
    WHERE id = %(id)s
    """  # noqa: S608


def every(conn: Connection, *, active: bool) -> list[UserAction]:
    """All definitions that are active, or all that are not, by name."""
    with conn.cursor(row_factory=class_row(UserAction)) as cursor:
        query = f"SELECT {COLUMNS} FROM user_actions WHERE active = %s ORDER BY name"  # noqa: S608
        return cursor.execute(query, (active,)).fetchall()


def get(conn: Connection, user_action_id: UUID) -> UserAction | None:
    return _one(conn, user_action_id, "")


def lock(conn: Connection, user_action_id: UUID) -> UserAction | None:
    """As `get`, and nobody else changes it before this transaction ends."""
    return _one(conn, user_action_id, "FOR NO KEY UPDATE")


def share(conn: Connection, user_action_id: UUID) -> UserAction | None:
    """As `get`, and nobody changes or removes it before this transaction ends."""
    return _one(conn, user_action_id, "FOR SHARE")


def insert(conn: Connection, new: UserAction) -> None:
    """Raises UniqueConflict, when the transaction ends: user_actions_pkey, user_actions_name."""
    conn.execute(_INSERT, _values(new))


def update(conn: Connection, changed: UserAction) -> None:
    """Replace a definition that this transaction has locked. Raises UniqueConflict: user_actions_name."""
    conn.execute(_UPDATE, _values(changed))


def delete(conn: Connection, user_action_id: UUID) -> bool:
    """Whether there was such a definition. What was done by it goes with it."""
    return conn.execute("DELETE FROM user_actions WHERE id = %s", (user_action_id,)).rowcount == 1


def _one(conn: Connection, user_action_id: UUID, locking: str) -> UserAction | None:
    with conn.cursor(row_factory=class_row(UserAction)) as cursor:
        query = f"SELECT {COLUMNS} FROM user_actions WHERE id = %s {locking}"  # noqa: S608
        return cursor.execute(query, (user_action_id,)).fetchone()


def _values(action: UserAction) -> dict[str, object]:
    documents = {"localized_names": Jsonb(dict(action.localized_names)), "options": Jsonb(action.options)}
    return asdict(action) | documents
