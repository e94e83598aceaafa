"""Refresh tokens: only hashes are stored (decision 24). One row is one token record; a one-time token changes its hash.

Who wins a race for a one-time token is decided by one conditional UPDATE (security T10). Hashes that were replaced stay
in `spent_refresh_tokens` as long as the record lives, so that a reuse is recognised however old the token is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from identity.store import external_identifiers, rocketchat_tokens
from identity.store.db import Connection


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """One stored record; the token itself is not in it."""

    tenant_id: UUID
    id: UUID
    user_id: UUID
    application_id: UUID | None
    authentication_type: str
    auth_instant: int
    start_instant: int
    rotated_instant: int | None
    meta_data: Mapping[str, Any]
    last_accessed_instant: int
    last_accessed_address: str | None
    data: Mapping[str, Any] = field(default_factory=dict)
    insert_instant: int = 0


COLUMNS = """t.tenant_id, t.id, t.user_id, t.application_id, t.authentication_type, t.auth_instant, t.start_instant,
    t.rotated_instant, t.meta_data, t.last_accessed_instant, t.last_accessed_address, t.data, t.insert_instant"""


def hash_of(token: str) -> bytes:
    """What is stored instead of the token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def get(conn: Connection, token_id: UUID, tenant_id: UUID | None) -> RefreshToken | None:
    with conn.cursor(row_factory=class_row(RefreshToken)) as cursor:
        return cursor.execute(
            f"""
            SELECT {COLUMNS} FROM refresh_tokens t
            WHERE t.id = %(id)s AND (%(tenant)s::uuid IS NULL OR t.tenant_id = %(tenant)s)
            """,  # noqa: S608 (a constant column list)
            {"id": token_id, "tenant": tenant_id},
        ).fetchone()


def of_user(conn: Connection, user_id: UUID, tenant_id: UUID | None) -> list[RefreshToken]:
    """The user's records, oldest first."""
    with conn.cursor(row_factory=class_row(RefreshToken)) as cursor:
        return cursor.execute(
            f"""
            SELECT {COLUMNS} FROM refresh_tokens t JOIN users u ON u.tenant_id = t.tenant_id AND u.id = t.user_id
            WHERE u.id = %(user)s AND (%(tenant)s::uuid IS NULL OR u.tenant_id = %(tenant)s)
            ORDER BY t.insert_instant, t.id
            """,  # noqa: S608 (a constant column list)
            {"user": user_id, "tenant": tenant_id},
        ).fetchall()


def find(conn: Connection, token: str) -> RefreshToken | None:
    """The record whose current token this is."""
    with conn.cursor(row_factory=class_row(RefreshToken)) as cursor:
        return cursor.execute(
            f"SELECT {COLUMNS} FROM refresh_tokens t WHERE t.token_hash = %s",  # noqa: S608
            (hash_of(token),),
        ).fetchone()


@dataclass(frozen=True, slots=True)
class SpentToken:
    """A token that was replaced: the record it belonged to, and when it was replaced."""

    record: RefreshToken
    spent_instant: int
    successor_hash: bytes
    """The hash of the record's current token."""


def find_spent(conn: Connection, token: str) -> SpentToken | None:
    """The record of which this was a token once."""
    row = conn.execute(
        f"""
        SELECT s.spent_instant, t.token_hash, {COLUMNS}
        FROM spent_refresh_tokens s JOIN refresh_tokens t ON t.id = s.refresh_token_id
        WHERE s.token_hash = %s
        """,  # noqa: S608 (a constant column list)
        (hash_of(token),),
    ).fetchone()
    return None if row is None else SpentToken(RefreshToken(*row[2:]), row[0], bytes(row[1]))


def rotate(conn: Connection, record: RefreshToken, token: str, successor: str, now: int) -> bool:
    """Replace a one-time token by its successor; False when somebody else did so first."""
    cursor = conn.execute(
        """
        WITH spent AS (
            UPDATE refresh_tokens SET token_hash = %(new)s, rotated_instant = %(now)s
            WHERE id = %(id)s AND token_hash = %(old)s RETURNING id)
        INSERT INTO spent_refresh_tokens (token_hash, refresh_token_id, spent_instant)
        SELECT %(old)s, id, %(now)s FROM spent
        """,
        {"id": record.id, "old": hash_of(token), "new": hash_of(successor), "now": now},
    )
    return cursor.rowcount == 1


def touch(conn: Connection, record: RefreshToken, start_instant: int, now: int, address: str | None) -> None:
    """Note a use: a sliding policy's new start, and when and from where it was last used."""
    conn.execute(
        """
        UPDATE refresh_tokens SET start_instant = greatest(start_instant, %s), last_accessed_instant = %s,
            last_accessed_address = coalesce(%s, last_accessed_address)
        WHERE id = %s
        """,
        (start_instant, now, address, record.id),
    )


def revoke(conn: Connection, token_id: UUID) -> bool:
    return conn.execute("DELETE FROM refresh_tokens WHERE id = %s", (token_id,)).rowcount == 1


def revoke_of_user(conn: Connection, tenant_id: UUID, user_id: UUID, application_id: UUID | None = None) -> int:
    """Revoke the user's tokens, only those for one application if it is given. Returns how many there were.

    Codes that are still to become tokens go first: one that is being redeemed has become its token then. Whoever is
    logged in at the Rocket.Chat door is logged out there too; those tokens count for nothing here.
    """
    external_identifiers.remove_codes(conn, tenant_id, user_id, application_id)
    rocketchat_tokens.remove_logins(conn, tenant_id, user_id, application_id)
    return conn.execute(
        """
        DELETE FROM refresh_tokens WHERE tenant_id = %(tenant)s AND user_id = %(user)s
            AND (%(application)s::uuid IS NULL OR application_id = %(application)s)
        """,
        {"tenant": tenant_id, "user": user_id, "application": application_id},
    ).rowcount


def revoke_of_application(conn: Connection, tenant_id: UUID, application_id: UUID) -> int:
    external_identifiers.remove_codes(conn, tenant_id, None, application_id)
    rocketchat_tokens.remove_logins_at(conn, tenant_id, application_id)
    return conn.execute(
        "DELETE FROM refresh_tokens WHERE tenant_id = %s AND application_id = %s", (tenant_id, application_id)
    ).rowcount


def add(conn: Connection, record: RefreshToken, token: str) -> None:
    """Insert a record whose current token this is."""
    conn.execute(
        """
        INSERT INTO refresh_tokens (tenant_id, id, user_id, application_id, token_hash, authentication_type,
            auth_instant, start_instant, meta_data, last_accessed_instant, last_accessed_address, data, insert_instant)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            record.tenant_id,
            record.id,
            record.user_id,
            record.application_id,
            hash_of(token),
            record.authentication_type,
            record.auth_instant,
            record.start_instant,
            Jsonb(dict(record.meta_data)),
            record.last_accessed_instant,
            record.last_accessed_address,
            Jsonb(dict(record.data)),
            record.insert_instant,
        ),
    )


def prune_spent(conn: Connection, before: int, batch: int) -> int:
    """Forget one-time tokens that were spent before this instant, at most `batch`; returns how many."""
    removed = conn.execute(
        """
        DELETE FROM spent_refresh_tokens WHERE token_hash IN (
            SELECT token_hash FROM spent_refresh_tokens WHERE spent_instant < %s ORDER BY spent_instant LIMIT %s
            FOR UPDATE SKIP LOCKED)
        """,
        (before, batch),
    )
    return removed.rowcount
