"""SSO sessions: the refresh tokens of no application, which a browser's cookie holds.

They are read, listed and revoked as any refresh token (`refresh_tokens`); here is what only they need.
"""

from __future__ import annotations

from psycopg.types.json import Jsonb

from identity.domain.sso import IDLE_SECONDS
from identity.store.db import Connection
from identity.store.refresh_tokens import RefreshToken, hash_of


def add(conn: Connection, record: RefreshToken, token: str, login_version: int) -> bool:
    """Begin a session on the strength of a login; False when what the login stood on has changed since.

    The user is locked against changes meanwhile: who changes a password or deactivates somebody ends every session that
    was begun before, and keeps those from beginning that were not.
    """
    cursor = conn.execute(
        """
        WITH person AS (
            SELECT tenant_id, id FROM users
            WHERE tenant_id = %(tenant_id)s AND id = %(user_id)s AND active AND login_version = %(login_version)s
            FOR SHARE)
        INSERT INTO refresh_tokens (tenant_id, id, user_id, token_hash, authentication_type, auth_instant,
            start_instant, meta_data, last_accessed_instant, last_accessed_address, insert_instant)
        SELECT tenant_id, %(id)s, id, %(token_hash)s, %(authentication_type)s, %(auth_instant)s, %(now)s, %(meta_data)s,
            %(now)s, %(address)s, %(now)s
        FROM person
        """,
        {
            "tenant_id": record.tenant_id,
            "user_id": record.user_id,
            "login_version": login_version,
            "id": record.id,
            "token_hash": hash_of(token),
            "authentication_type": record.authentication_type,
            "auth_instant": record.auth_instant,
            "meta_data": Jsonb(dict(record.meta_data)),
            "address": record.last_accessed_address,
            "now": record.insert_instant,
        },
    )
    return cursor.rowcount == 1


def use(conn: Connection, record: RefreshToken, now: int, address: str | None) -> bool:
    """Note a use, which prolongs the session; False when it was ended meanwhile."""
    cursor = conn.execute(
        """
        UPDATE refresh_tokens SET start_instant = greatest(start_instant, %(now)s), last_accessed_instant = %(now)s,
            last_accessed_address = coalesce(%(address)s, last_accessed_address)
        WHERE id = %(id)s AND application_id IS NULL
        """,
        {"id": record.id, "now": now, "address": address},
    )
    return cursor.rowcount == 1


def prune(conn: Connection, now: int, batch: int) -> int:
    """Remove sessions that nobody used for as long as their tenant allows, at most `batch`; returns how many."""
    removed = conn.execute(
        """
        DELETE FROM refresh_tokens WHERE id IN (
            SELECT t.id FROM refresh_tokens t JOIN tenants n ON n.id = t.tenant_id
            WHERE t.application_id IS NULL AND t.start_instant
                + 1000 * coalesce((n.settings->>'http_session_max_inactive_interval')::bigint, %(idle)s) <= %(now)s
            ORDER BY t.start_instant LIMIT %(batch)s FOR UPDATE OF t SKIP LOCKED)
        """,
        {"now": now, "batch": batch, "idle": IDLE_SECONDS},
    )
    return removed.rowcount
