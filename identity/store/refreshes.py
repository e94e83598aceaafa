"""The one statement of a refresh: the token record, its user and the configuration's version, read together."""

from __future__ import annotations

from dataclasses import dataclass

from identity.store import logins
from identity.store.db import Connection
from identity.store.logins import KnownUser, known_user
from identity.store.refresh_tokens import COLUMNS, RefreshToken, hash_of

RECORD_WIDTH = 13


@dataclass(frozen=True, slots=True)
class RefreshFacts:
    """What the database knows of a refresh token that is current."""

    configuration_version: int
    record: RefreshToken
    known: KnownUser


def read_facts(conn: Connection, token: str) -> RefreshFacts | None:
    """None when no record has this token now: unknown, revoked or spent."""
    rows = conn.execute(
        f"""
        SELECT i.configuration_version, {COLUMNS}, {logins.COLUMNS}
        FROM installation i
        JOIN refresh_tokens t ON t.token_hash = %s
        JOIN users ON users.tenant_id = t.tenant_id AND users.id = t.user_id
        {logins.JOINS}
        """,  # noqa: S608 (constant column lists)
        (hash_of(token),),
    ).fetchall()
    if not rows:
        return None
    known = known_user([row[1 + RECORD_WIDTH :] for row in rows])
    assert known is not None  # the join with users is an inner one
    return RefreshFacts(rows[0][0], RefreshToken(*rows[0][1 : 1 + RECORD_WIDTH]), known)
