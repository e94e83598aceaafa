"""API keys: found by the hash of the key; the key itself is kept, sealed, only when it is retrievable (decision 25)."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from identity.domain.access import Caller
from identity.domain.api_keys import ApiKey, Permissions
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
    return Caller(key_id, tenant_id, key_manager, _to_permissions(permissions))


def find(conn: Connection, key_id: UUID) -> ApiKey | None:
    row = conn.execute(
        """
        SELECT id, tenant_id, name, description, permissions, key_manager, retrievable, expiration_instant,
               ip_access_control_list_id, meta_data, insert_instant, last_update_instant
        FROM api_keys WHERE id = %s
        """,
        (key_id,),
    ).fetchone()
    return None if row is None else _to_key(row)


def lock(conn: Connection, key_id: UUID) -> ApiKey | None:
    """As `find`; nobody else changes the key until the transaction ends."""
    found = conn.execute("SELECT 1 FROM api_keys WHERE id = %s FOR UPDATE", (key_id,)).fetchone()
    return None if found is None else find(conn, key_id)


def find_by_text(conn: Connection, key: str) -> ApiKey | None:
    """The key with this text, expired or not."""
    row = conn.execute("SELECT id FROM api_keys WHERE key_hash = %s", (hash_of(key),)).fetchone()
    return None if row is None else find(conn, row[0])


def all_keys(conn: Connection) -> list[ApiKey]:
    """Every key, oldest first."""
    rows = conn.execute(
        """
        SELECT id, tenant_id, name, description, permissions, key_manager, retrievable, expiration_instant,
               ip_access_control_list_id, meta_data, insert_instant, last_update_instant
        FROM api_keys ORDER BY insert_instant, id
        """
    ).fetchall()
    return [_to_key(row) for row in rows]


def sealed_text(conn: Connection, key_id: UUID) -> str | None:
    """The sealed text of a retrievable key."""
    row = conn.execute("SELECT key_sealed FROM api_keys WHERE id = %s", (key_id,)).fetchone()
    return None if row is None else row[0]


def one_sealed_by_each(conn: Connection) -> list[tuple[UUID, str]]:
    """One key id with its sealed text for every encryption key in use: enough to know whether all of them open."""
    return conn.execute(
        """
        SELECT DISTINCT ON (split_part(key_sealed, '.', 2)) id, key_sealed FROM api_keys
        WHERE key_sealed IS NOT NULL ORDER BY split_part(key_sealed, '.', 2), id
        """
    ).fetchall()


def add(conn: Connection, key: ApiKey, text: str, sealed: str | None) -> None:
    """Raises UniqueConflict at the end of the transaction's block: api_keys_pkey, _key_hash_key or _name_key."""
    conn.execute(
        """
        INSERT INTO api_keys (id, key_hash, key_sealed, tenant_id, name, description, permissions, key_manager,
                              retrievable, expiration_instant, ip_access_control_list_id, meta_data,
                              insert_instant, last_update_instant)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            key.id,
            hash_of(text),
            sealed,
            key.tenant_id,
            key.name,
            key.description,
            _from_permissions(key.permissions),
            key.key_manager,
            key.retrievable,
            key.expiration_instant,
            key.ip_access_control_list_id,
            Jsonb(dict(key.attributes)),
            key.insert_instant,
            key.last_update_instant,
        ),
    )


def update(conn: Connection, key: ApiKey) -> None:
    """Everything that may change; text, tenant, key manager and retrievable stay."""
    conn.execute(
        """
        UPDATE api_keys SET name = %s, description = %s, permissions = %s, expiration_instant = %s,
               ip_access_control_list_id = %s, meta_data = %s, last_update_instant = %s
        WHERE id = %s
        """,
        (
            key.name,
            key.description,
            _from_permissions(key.permissions),
            key.expiration_instant,
            key.ip_access_control_list_id,
            Jsonb(dict(key.attributes)),
            key.last_update_instant,
            key.id,
        ),
    )


def delete(conn: Connection, key_id: UUID) -> None:
    conn.execute("DELETE FROM api_keys WHERE id = %s", (key_id,))


def _to_permissions(stored: dict[str, list[str]] | None) -> Permissions:
    return {endpoint: frozenset(methods) for endpoint, methods in (stored or {}).items()}


def _from_permissions(permissions: Permissions) -> Jsonb | None:
    return Jsonb({endpoint: sorted(methods) for endpoint, methods in permissions.items()}) if permissions else None


def _to_key(row: tuple[Any, ...]) -> ApiKey:
    key_id, tenant_id, name, description, permissions, *rest = row
    key_manager, retrievable, expiration, access_list, meta_data, insert_instant, last_update_instant = rest
    return ApiKey(
        id=key_id,
        tenant_id=tenant_id,
        name=name,
        description=description,
        permissions=_to_permissions(permissions),
        key_manager=key_manager,
        retrievable=retrievable,
        expiration_instant=expiration,
        ip_access_control_list_id=access_list,
        attributes=meta_data,
        insert_instant=insert_instant,
        last_update_instant=last_update_instant,
    )
