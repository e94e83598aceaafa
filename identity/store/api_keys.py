"""API keys: found by the hash of the key; the key itself is kept, sealed, only when it is retrievable (decision 25)."""

from __future__ import annotations

import hashlib
from uuid import UUID

from identity.domain.access import Caller
from identity.store.db import Connection


def hash_of(key: str) -> bytes:
    """What is stored and looked up instead of the key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def find_caller(conn: Connection, key: str, now: int) -> Caller | None:
    """The caller behind a key that has not expired at `now` (epoch milliseconds)."""
    row = conn.execute(
        """
        SELECT id, tenant_id, key_manager, permissions FROM api_keys
        WHERE key_hash = %s AND (expiration_instant IS NULL OR expiration_instant > %s)
        """,
        (hash_of(key), now),
    ).fetchone()
    return None if row is None else caller_of(*row)


def caller_of(
    key_id: UUID, tenant_id: UUID | None, key_manager: bool, permissions: dict[str, list[str]] | None
) -> Caller:
    return Caller(
        key_id, tenant_id, key_manager, {endpoint: frozenset(verbs) for endpoint, verbs in (permissions or {}).items()}
    )
