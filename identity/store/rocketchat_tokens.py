"""Tokens of the Rocket.Chat door: those of logins, which end, and personal ones, which stay until they are removed.

Only hashes are stored. Law: a token is added under the user's row lock, so that nobody ever has too many.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum
from typing import Any
from uuid import UUID

from psycopg.rows import args_row

from identity.domain.rocketchat import MOST_LOGIN_TOKENS, token_hash
from identity.store import logins
from identity.store.db import Connection
from identity.store.logins import KnownUser, known_user


class TokenKind(Enum):
    """What a token is for."""

    LOGIN = "login"
    PERSONAL = "personal"


@dataclass(frozen=True, slots=True)
class ChatToken:
    """One stored token. Field names equal the columns' names."""

    tenant_id: UUID
    id: UUID
    user_id: UUID
    application_id: UUID
    kind: TokenKind
    name: str | None
    """None for the token of a login."""

    last_part: str
    bypass_two_factor: bool
    insert_instant: int
    expiry: int | None
    """None for a personal token."""


COLUMNS = ", ".join(f"t.{column.name}" for column in fields(ChatToken))
_WIDTH = len(fields(ChatToken))


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """A token with its owner, and what of them only this door asks for."""

    token: ChatToken
    owner: KnownUser
    rc_id: str | None
    has_links: bool


def read_facts(conn: Connection, token: str) -> tuple[int, TokenFacts | None]:
    """The configuration's version, and what is known of the token and its owner, in one statement."""
    rows = conn.execute(
        f"""
        SELECT i.configuration_version, users.rc_id,
            EXISTS (SELECT 1 FROM links l WHERE l.tenant_id = users.tenant_id AND l.user_id = users.id),
            {COLUMNS}, {logins.COLUMNS}
        FROM installation i
        LEFT JOIN rocketchat_tokens t ON t.token_hash = %s
        LEFT JOIN users ON users.tenant_id = t.tenant_id AND users.id = t.user_id
        {logins.JOINS}
        """,  # noqa: S608 (constants only)
        (token_hash(token),),
    ).fetchall()
    version, rc_id, has_links, *rest = rows[0]
    owner = known_user([row[3 + _WIDTH :] for row in rows])
    return version, None if owner is None else TokenFacts(_made(*rest[:_WIDTH]), owner, rc_id, has_links)


def add(conn: Connection, stored: ChatToken, token: str) -> None:
    """To be called under the user's row lock. Of too many login tokens the oldest go.

    Raises UniqueConflict at the end of the transaction's block: the user has a personal token of this name.
    """
    values = {column.name: getattr(stored, column.name) for column in fields(ChatToken)}
    names = ", ".join(values)
    conn.execute(
        f"INSERT INTO rocketchat_tokens ({names}, token_hash) "  # noqa: S608 (constants only)
        f"VALUES ({', '.join(f'%({name})s' for name in values)}, %(token_hash)s)",
        values | {"kind": stored.kind.value, "token_hash": token_hash(token)},
    )
    if stored.kind is TokenKind.LOGIN:
        _remove_oldest(conn, stored)


def _remove_oldest(conn: Connection, newest: ChatToken) -> None:
    conn.execute(
        """
        DELETE FROM rocketchat_tokens WHERE id IN (
            SELECT id FROM rocketchat_tokens
            WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND kind = 'login' AND id <> %(newest)s
            ORDER BY insert_instant DESC, id OFFSET %(others)s)
        """,
        {
            "tenant": newest.tenant_id,
            "user": newest.user_id,
            "newest": newest.id,
            "others": MOST_LOGIN_TOKENS - 1,
        },
    )


def of_user(conn: Connection, tenant_id: UUID, user_id: UUID, application_id: UUID, kind: TokenKind) -> list[ChatToken]:
    """The user's tokens of this kind, oldest first."""
    with conn.cursor(row_factory=args_row(_made)) as cursor:
        return cursor.execute(
            f"""
            SELECT {COLUMNS} FROM rocketchat_tokens t
            WHERE t.tenant_id = %s AND t.user_id = %s AND t.application_id = %s AND t.kind = %s
            ORDER BY t.insert_instant, t.id
            """,  # noqa: S608 (constants only)
            (tenant_id, user_id, application_id, kind.value),
        ).fetchall()


def exists(conn: Connection, token_id: UUID) -> bool:
    return conn.execute("SELECT 1 FROM rocketchat_tokens WHERE id = %s", (token_id,)).fetchone() is not None


def is_logged_in(conn: Connection, tenant_id: UUID, user_id: UUID) -> bool:
    """Whether the user has any login here."""
    row = conn.execute(
        "SELECT 1 FROM rocketchat_tokens WHERE tenant_id = %s AND user_id = %s AND kind = 'login' LIMIT 1",
        (tenant_id, user_id),
    )
    return row.fetchone() is not None


def remove(conn: Connection, token_id: UUID) -> bool:
    """False when it was gone already."""
    return conn.execute("DELETE FROM rocketchat_tokens WHERE id = %s", (token_id,)).rowcount == 1


def remove_logins(
    conn: Connection,
    tenant_id: UUID,
    user_id: UUID,
    application_id: UUID | None = None,
    *,
    but: UUID | None = None,
) -> int:
    """End the logins of a user; only those at one application if it is given, and all but one."""
    return conn.execute(
        """
        DELETE FROM rocketchat_tokens WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND kind = 'login'
            AND (%(application)s::uuid IS NULL OR application_id = %(application)s)
            AND (%(but)s::uuid IS NULL OR id <> %(but)s)
        """,
        {"tenant": tenant_id, "user": user_id, "application": application_id, "but": but},
    ).rowcount


def remove_logins_at(conn: Connection, tenant_id: UUID, application_id: UUID) -> int:
    """End everybody's logins at an application."""
    return conn.execute(
        "DELETE FROM rocketchat_tokens WHERE tenant_id = %s AND application_id = %s AND kind = 'login'",
        (tenant_id, application_id),
    ).rowcount


def remove_all(conn: Connection, tenant_id: UUID, user_id: UUID) -> int:
    """Every token of the user, personal ones too."""
    removed = conn.execute("DELETE FROM rocketchat_tokens WHERE tenant_id = %s AND user_id = %s", (tenant_id, user_id))
    return removed.rowcount


def prune(conn: Connection, now: int, batch: int) -> int:
    """Remove tokens that have expired, at most `batch`; returns how many."""
    removed = conn.execute(
        """
        DELETE FROM rocketchat_tokens WHERE id IN (
            SELECT id FROM rocketchat_tokens WHERE expiry <= %s ORDER BY expiry LIMIT %s FOR UPDATE SKIP LOCKED)
        """,
        (now, batch),
    )
    return removed.rowcount


def _made(*columns: Any) -> ChatToken:
    values = dict(zip((column.name for column in fields(ChatToken)), columns, strict=True))
    return ChatToken(**(values | {"kind": TokenKind(values["kind"])}))
