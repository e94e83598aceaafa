"""Pending links: what a 232 hands out, so that somebody may tie the outside person to a user later.

Only a hash of the id is stored. The id is bound to tenant, application, provider and outside person, works once, and
ends after the tenant's time to live (security T6).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from uuid import UUID

from psycopg.rows import class_row

from identity.store.db import Connection

PRUNE_BATCH = 20


@dataclass(frozen=True, slots=True)
class PendingLink:
    """One stored pending link. Token and secret are sealed for the link they will become."""

    tenant_id: UUID
    application_id: UUID
    identity_provider_id: UUID
    identity_provider_user_id: str
    display_name: str | None
    email: str | None
    username: str | None
    token: str | None = field(repr=False)
    token_secret: str | None = field(repr=False)
    insert_instant: int
    expiry: int


COLUMNS = """tenant_id, application_id, identity_provider_id, identity_provider_user_id, display_name, email, username,
    token, token_secret, insert_instant, expiry"""


def hash_of(pending_id: str) -> bytes:
    return hashlib.sha256(pending_id.encode("utf-8", "surrogatepass")).digest()


def add(conn: Connection, pending_id: str, pending: PendingLink) -> None:
    """Store it, and clear away a few that ended long ago."""
    conn.execute(
        f"INSERT INTO pending_links (id_hash, {COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",  # noqa: S608
        (
            hash_of(pending_id),
            pending.tenant_id,
            pending.application_id,
            pending.identity_provider_id,
            pending.identity_provider_user_id,
            pending.display_name,
            pending.email,
            pending.username,
            pending.token,
            pending.token_secret,
            pending.insert_instant,
            pending.expiry,
        ),
    )
    conn.execute(
        """
        DELETE FROM pending_links WHERE id_hash IN (
            SELECT id_hash FROM pending_links WHERE expiry < %s ORDER BY expiry LIMIT %s FOR UPDATE SKIP LOCKED)
        """,
        (pending.insert_instant, PRUNE_BATCH),
    )


def find(conn: Connection, pending_id: str, tenant_id: UUID | None, now: int) -> PendingLink | None:
    """The pending link that still lives at `now`, within the tenant if one is given. Reading does not consume it."""
    with conn.cursor(row_factory=class_row(PendingLink)) as cursor:
        return cursor.execute(
            f"""
            SELECT {COLUMNS} FROM pending_links
            WHERE id_hash = %(hash)s AND expiry > %(now)s AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
            """,  # noqa: S608 (a constant column list)
            {"hash": hash_of(pending_id), "now": now, "tenant": tenant_id},
        ).fetchone()


def take(conn: Connection, pending_id: str, tenant_id: UUID | None, now: int) -> PendingLink | None:
    """As find, but of all who try at once only one gets it."""
    with conn.cursor(row_factory=class_row(PendingLink)) as cursor:
        return cursor.execute(
            f"""
            DELETE FROM pending_links
            WHERE id_hash = %(hash)s AND expiry > %(now)s AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
            RETURNING {COLUMNS}
            """,  # noqa: S608 (a constant column list)
            {"hash": hash_of(pending_id), "now": now, "tenant": tenant_id},
        ).fetchone()


def prune(conn: Connection, now: int, batch: int) -> int:
    """Remove what has expired, at most `batch` of them; returns how many."""
    removed = conn.execute(
        """
        DELETE FROM pending_links WHERE id_hash IN (
            SELECT id_hash FROM pending_links WHERE expiry <= %s ORDER BY expiry LIMIT %s FOR UPDATE SKIP LOCKED)
        """,
        (now, batch),
    )
    return removed.rowcount
