"""Action logs: what was done to users. A login reads those that prevent it (`identity/store/standings.py`)."""

from __future__ import annotations

from dataclasses import asdict, fields
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from identity.domain.action_logs import ActionLog
from identity.store.db import Connection

FIELDS = tuple(item.name for item in fields(ActionLog))
COLUMNS = ", ".join(FIELDS)
CHANGING = (
    "actioner_user_id",
    "comment",
    "email_user_on_end",
    "ended",
    "end_event_sent",
    "expiry",
    "history",
    "localized_option",
    "localized_reason",
    "notify_user_on_end",
    "option",
    "reason",
    "reason_code",
)
"""What may change after an action was taken."""

_INSERT = f"""
    INSERT INTO user_action_logs ({COLUMNS}) VALUES ({", ".join(f"%({name})s" for name in FIELDS)})
    """  # noqa: S608 (constant column lists)
_UPDATE = f"""
    UPDATE user_action_logs SET {", ".join(f"{name} = %({name})s" for name in CHANGING)}
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    """  # noqa: S608
_ONE = f"""
    SELECT {COLUMNS} FROM user_action_logs WHERE id = %(id)s AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
    """  # noqa: S608
_OF_USER = f"""
    SELECT {COLUMNS} FROM user_action_logs WHERE tenant_id = %s AND actionee_user_id = %s
    ORDER BY insert_instant DESC, id
    """  # noqa: S608
_DUE = f"""
    SELECT {COLUMNS} FROM user_action_logs
    WHERE temporal AND NOT ended AND expiry <= %(now)s AND (expiry, id) > (%(expiry)s, %(id)s)
    ORDER BY expiry, id LIMIT %(most)s
    """  # noqa: S608
_NOBODY = UUID(int=0)


def get(conn: Connection, log_id: UUID, tenant_id: UUID | None) -> ActionLog | None:
    """The log; None when absent or of another tenant."""
    return _one(conn, _ONE, log_id, tenant_id)


def lock(conn: Connection, log_id: UUID, tenant_id: UUID | None) -> ActionLog | None:
    """As `get`, and nobody else changes it before this transaction ends."""
    return _one(conn, f"{_ONE} FOR UPDATE", log_id, tenant_id)


def of_user(conn: Connection, tenant_id: UUID, user_id: UUID) -> list[ActionLog]:
    """Everything that was done to the user, newest first."""
    with conn.cursor(row_factory=class_row(ActionLog)) as cursor:
        return cursor.execute(_OF_USER, (tenant_id, user_id)).fetchall()


def holds(conn: Connection, tenant_id: UUID, user_id: UUID, user_action_id: UUID, now: int) -> bool:
    """Whether an action of this kind prevents the user's logins now."""
    row = conn.execute(
        """
        SELECT 1 FROM user_action_logs
        WHERE tenant_id = %s AND actionee_user_id = %s AND user_action_id = %s AND prevents_login AND NOT ended
          AND (expiry IS NULL OR expiry > %s)
        LIMIT 1
        """,
        (tenant_id, user_id, user_action_id, now),
    ).fetchone()
    return row is not None


def due(conn: Connection, now: int, most: int, after: ActionLog | None = None) -> list[ActionLog]:
    """Actions whose end has come and was not noted yet, the oldest ends first; those after `after`, if it is given."""
    values = {"now": now, "most": most, "expiry": -1, "id": _NOBODY}
    if after is not None:
        values |= {"expiry": after.expiry, "id": after.id}
    with conn.cursor(row_factory=class_row(ActionLog)) as cursor:
        return cursor.execute(_DUE, values).fetchall()


def end(conn: Connection, log: ActionLog, now: int, *, event_sent: bool) -> bool:
    """Note that the action is over; False when it no longer ends now, or somebody has noted it already."""
    cursor = conn.execute(
        """
        UPDATE user_action_logs SET ended = true, end_event_sent = %s
        WHERE tenant_id = %s AND id = %s AND NOT ended AND expiry <= %s
        """,
        (event_sent, log.tenant_id, log.id, now),
    )
    return cursor.rowcount == 1


def insert(conn: Connection, new: ActionLog) -> None:
    """Raises InUse at the end of the transaction: the user or the definition was removed meanwhile."""
    conn.execute(_INSERT, _values(new))


def update(conn: Connection, changed: ActionLog) -> None:
    """Store the next step of an action that this transaction has locked."""
    conn.execute(_UPDATE, _values(changed))


def _one(conn: Connection, query: str, log_id: UUID, tenant_id: UUID | None) -> ActionLog | None:
    with conn.cursor(row_factory=class_row(ActionLog)) as cursor:
        return cursor.execute(query, {"id": log_id, "tenant": tenant_id}).fetchone()


def _values(log: ActionLog) -> dict[str, object]:
    return asdict(log) | {"history": Jsonb(log.history)}
