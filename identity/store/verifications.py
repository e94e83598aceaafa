"""Outstanding verifications of a user: live external identifiers of one kind, for one application or for the user.

Their `data` hold the address that was written to and, where a code is needed, its hash and the wrong guesses so far.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from identity.store.db import Connection
from identity.store.external_identifiers import Kind

_OF_USER = "tenant_id = %(tenant)s AND user_id = %(user)s AND kind = %(kind)s"
_OF_APPLICATION = f"{_OF_USER} AND (%(application)s::uuid IS NULL OR application_id = %(application)s)"


def newest(
    conn: Connection, kind: Kind, tenant_id: UUID, user_id: UUID, application_id: UUID | None, now: int
) -> Mapping[str, Any] | None:
    """What is kept with the user's youngest live id; None when there is none. Without an application any one counts."""
    row = conn.execute(
        f"""
        SELECT data FROM external_identifiers WHERE {_OF_APPLICATION} AND expiry > %(now)s
        ORDER BY insert_instant DESC LIMIT 1
        """,  # noqa: S608 (constants only)
        _parameters(kind, tenant_id, user_id, application_id) | {"now": now},
    ).fetchone()
    return None if row is None else row[0]


def recode(
    conn: Connection, kind: Kind, tenant_id: UUID, user_id: UUID, application_id: UUID | None, code: Mapping[str, Any]
) -> None:
    """Every live id that needs a code takes this one from now on. The guesses that were spent stay spent."""
    conn.execute(
        f"UPDATE external_identifiers SET data = data || %(code)s WHERE {_OF_APPLICATION} AND data ? 'code'",  # noqa: S608
        _parameters(kind, tenant_id, user_id, application_id) | {"code": Jsonb(dict(code))},
    )


def count_wrong(
    conn: Connection, kind: Kind, tenant_id: UUID, user_id: UUID, application_id: UUID | None, most: int
) -> None:
    """A wrong code counts for every id that takes the code: what has had the most guesses is gone."""
    parameters = _parameters(kind, tenant_id, user_id, application_id) | {"most": most}
    conn.execute(
        f"""
        UPDATE external_identifiers
        SET data = data || jsonb_build_object('guesses', coalesce((data ->> 'guesses')::integer, 0) + 1)
        WHERE {_OF_APPLICATION} AND data ? 'code'
        """,  # noqa: S608 (constants only)
        parameters,
    )
    conn.execute(
        f"DELETE FROM external_identifiers WHERE {_OF_APPLICATION} AND (data ->> 'guesses')::integer >= %(most)s",  # noqa: S608
        parameters,
    )


def remove(conn: Connection, kind: Kind, tenant_id: UUID, user_id: UUID, application_id: UUID | None) -> None:
    """What was to be verified is verified, or changed: the ids stop working."""
    conn.execute(
        f"DELETE FROM external_identifiers WHERE {_OF_APPLICATION}",  # noqa: S608 (constants only)
        _parameters(kind, tenant_id, user_id, application_id),
    )


def _parameters(kind: Kind, tenant_id: UUID, user_id: UUID, application_id: UUID | None) -> dict[str, Any]:
    return {"kind": kind.value, "tenant": tenant_id, "user": user_id, "application": application_id}
