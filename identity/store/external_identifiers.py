"""External identifiers: ids that grant something for a while, handed out once and stored as a hash only.

They are what FusionAuth's externalIdentifierConfiguration is about. A kind that works once is taken: the statement that
removes the row decides who was first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import UNIQUE, Enum, verify
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from identity.store.db import Connection

_COLUMNS = "tenant_id, user_id, application_id, data, state, insert_instant, expiry"
_REPLACED = ", ".join(f"{name} = excluded.{name}" for name in ("kind", *_COLUMNS.split(", ")))
_NAMED = "id_hash = %s AND kind = %s AND expiry > %s"


@verify(UNIQUE)
class Kind(Enum):
    """What an id grants. The value is the column's."""

    AUTHORIZATION_CODE = "authorization code"
    CHANGE_PASSWORD = "change password"  # noqa: S105 (no secret)
    EMAIL_VERIFICATION = "e-mail verification"
    EXTERNAL_AUTHENTICATION = "external authentication"
    EXTERNAL_AUTHENTICATION_RETURN = "return from an external authentication"
    ONE_TIME_PASSWORD = "one-time password"  # noqa: S105
    PROVED_LOGIN = "proved login"
    REGISTRATION_VERIFICATION = "registration verification"
    SETUP_PASSWORD = "setup password"  # noqa: S105
    SPENT_AUTHORIZATION_CODE = "spent authorization code"
    TRUST_TOKEN = "trust token"  # noqa: S105
    TWO_FACTOR = "two-factor"
    TWO_FACTOR_TRUST = "two-factor trust"


SETS_PASSWORD = (Kind.CHANGE_PASSWORD, Kind.SETUP_PASSWORD)
VERIFIES = (Kind.EMAIL_VERIFICATION, Kind.REGISTRATION_VERIFICATION)


@dataclass(frozen=True, slots=True)
class ExternalIdentifier:
    """What is known of an id. Instants in epoch milliseconds; `data` holds no secret in clear: hash or seal it."""

    kind: Kind
    tenant_id: UUID
    insert_instant: int
    expiry: int
    user_id: UUID | None = None
    application_id: UUID | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    state: str | None = None
    """The client's own JSON text, byte for byte (decision 13)."""


def hash_of(secret: str) -> bytes:
    """What is stored of an id or of a code that belongs to one."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def add(conn: Connection, secret: str, identifier: ExternalIdentifier) -> None:
    """Raises InUse at the end of the transaction's block: user or application were removed meanwhile."""
    _insert(conn, secret, identifier)


def put(conn: Connection, secret: str, identifier: ExternalIdentifier) -> None:
    """As `add`, in place of whatever the secret stood for: for secrets that are derived, and so come again.

    Who waits for the lock of what was there gets the lock of what is there now.
    """
    _insert(conn, secret, identifier, f"ON CONFLICT (id_hash) DO UPDATE SET {_REPLACED}")


def _insert(conn: Connection, secret: str, identifier: ExternalIdentifier, otherwise: str = "") -> None:
    conn.execute(
        f"""
        INSERT INTO external_identifiers (id_hash, kind, {_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        {otherwise}
        """,  # noqa: S608 (constants only)
        (
            hash_of(secret),
            identifier.kind.value,
            identifier.tenant_id,
            identifier.user_id,
            identifier.application_id,
            Jsonb(dict(identifier.data)),
            identifier.state,
            identifier.insert_instant,
            identifier.expiry,
        ),
    )


def find(conn: Connection, kind: Kind, secret: str, now: int) -> ExternalIdentifier | None:
    """None when it is unknown, has expired, or is of another kind."""
    return _read(conn, f"SELECT {_COLUMNS} FROM external_identifiers WHERE {_NAMED}", kind, secret, now)  # noqa: S608


def find_of(
    conn: Connection, kinds: Iterable[Kind], secret: str, now: int, tenant_id: UUID | None
) -> ExternalIdentifier | None:
    """As `find`, of any of these kinds and, if it is named, of this tenant."""
    for kind in kinds:
        found = find(conn, kind, secret, now)
        if found is not None and tenant_id in (None, found.tenant_id):
            return found
    return None


def lock(conn: Connection, kind: Kind, secret: str, now: int) -> ExternalIdentifier | None:
    """As `find`, and nobody else uses it before this transaction ends."""
    query = f"SELECT {_COLUMNS} FROM external_identifiers WHERE {_NAMED} FOR UPDATE"  # noqa: S608
    return _read(conn, query, kind, secret, now)


def take(conn: Connection, kind: Kind, secret: str, now: int) -> ExternalIdentifier | None:
    """As `find`, and it is gone: of several takers one gets it."""
    return _read(conn, f"DELETE FROM external_identifiers WHERE {_NAMED} RETURNING {_COLUMNS}", kind, secret, now)  # noqa: S608


def change(conn: Connection, kind: Kind, secret: str, data: Mapping[str, Any], *, at_least_until: int = 0) -> None:
    """Replace what is kept with the id, which may be needed for longer than was thought; for who holds its lock."""
    conn.execute(
        "UPDATE external_identifiers SET data = %s, expiry = greatest(expiry, %s) WHERE id_hash = %s AND kind = %s",
        (Jsonb(dict(data)), at_least_until, hash_of(secret), kind.value),
    )


def remove_of_user(conn: Connection, kind: Kind, tenant_id: UUID, user_id: UUID) -> None:
    """All of the user's ids of this kind stop working."""
    conn.execute(
        "DELETE FROM external_identifiers WHERE tenant_id = %s AND user_id = %s AND kind = %s",
        (tenant_id, user_id, kind.value),
    )


def remove_codes(conn: Connection, tenant_id: UUID, user_id: UUID | None, application_id: UUID | None) -> None:
    """Authorization codes stop working: those of the user, of the application, or of the user for the application."""
    conn.execute(
        """
        DELETE FROM external_identifiers WHERE tenant_id = %(tenant)s AND kind = %(kind)s
            AND (%(user)s::uuid IS NULL OR user_id = %(user)s)
            AND (%(application)s::uuid IS NULL OR application_id = %(application)s)
        """,
        {
            "tenant": tenant_id,
            "kind": Kind.AUTHORIZATION_CODE.value,
            "user": user_id,
            "application": application_id,
        },
    )


def prune(conn: Connection, now: int, batch: int) -> int:
    """Remove what has expired, at most `batch` ids; returns how many."""
    removed = conn.execute(
        """
        DELETE FROM external_identifiers WHERE id_hash IN (
            SELECT id_hash FROM external_identifiers WHERE expiry <= %s ORDER BY expiry LIMIT %s
            FOR UPDATE SKIP LOCKED)
        """,
        (now, batch),
    )
    return removed.rowcount


def _read(conn: Connection, query: str, kind: Kind, secret: str, now: int) -> ExternalIdentifier | None:
    row = conn.execute(query, (hash_of(secret), kind.value, now)).fetchone()
    if row is None:
        return None
    tenant_id, user_id, application_id, data, state, insert_instant, expiry = row
    return ExternalIdentifier(kind, tenant_id, insert_instant, expiry, user_id, application_id, data, state)
