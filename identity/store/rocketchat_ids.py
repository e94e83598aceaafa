"""The short ids of users at the Rocket.Chat door: derived from the user's id, kept for the way back.

A new user gets theirs with the row (`store/users.py`); who is older gets it when somebody asks for it first.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from psycopg import errors

from identity.domain.model import User
from identity.domain.rocketchat import ID_LENGTH, chat_id
from identity.store import users
from identity.store.db import Connection
from identity.wire import parse_uuid


def rc_id_of(conn: Connection, user_id: UUID) -> str:
    """The user's short id, made now if there is none yet."""
    row = conn.execute("SELECT rc_id FROM users WHERE id = %s", (user_id,)).fetchone()
    return row[0] if row is not None and row[0] is not None else _given(conn, user_id)


def rc_ids_of(conn: Connection, user_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The short ids of several users."""
    rows = conn.execute("SELECT id, rc_id FROM users WHERE id = ANY(%s)", (list(user_ids),)).fetchall()
    return {user_id: rc_id or _given(conn, user_id) for user_id, rc_id in rows}


def find_user(conn: Connection, tenant_id: UUID, text: str) -> User | None:
    """The user of the tenant whose short id, or id, this is."""
    user_id = id_behind(conn, tenant_id, text)
    return None if user_id is None else users.get(conn, tenant_id, user_id)


def id_behind(conn: Connection, tenant_id: UUID, text: str) -> UUID | None:
    """The id that a short id stands for; an id stands for itself, whether or not somebody has it.

    Who is older than the short ids, and never was told theirs, is found by the id only.
    """
    if len(text) != ID_LENGTH or not text.isascii() or not text.isalnum():
        return parse_uuid(text)
    row = conn.execute("SELECT id FROM users WHERE rc_id = %s AND tenant_id = %s", (text, tenant_id)).fetchone()
    return None if row is None else row[0]


def _given(conn: Connection, user_id: UUID) -> str:
    """The first id that nobody else has. Of two who ask at once both are told the same.

    A database that takes no writes keeps none: then it is the one that the user will most likely get.
    """
    try:
        return _kept(conn, user_id)
    except errors.ReadOnlySqlTransaction:
        return chat_id(user_id)


def _kept(conn: Connection, user_id: UUID) -> str:
    attempt = 0
    while True:
        wanted = chat_id(user_id, attempt)
        taken, given = conn.execute(
            """
            WITH taken AS (SELECT 1 FROM users WHERE rc_id = %(wanted)s AND id <> %(id)s),
                 given AS (UPDATE users SET rc_id = coalesce(rc_id, %(wanted)s)
                           WHERE id = %(id)s AND NOT EXISTS (SELECT 1 FROM taken) RETURNING rc_id)
            SELECT EXISTS (SELECT 1 FROM taken), (SELECT rc_id FROM given)
            """,
            {"id": user_id, "wanted": wanted},
        ).fetchall()[0]
        if not taken:
            return given or wanted  # without a row somebody has removed the user just now
        attempt += 1
