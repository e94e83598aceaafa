"""Connection tests: kept until they expire, found by their id."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from psycopg.types.json import Jsonb

from identity.domain.connection_test import ConnectionTest, LoginStep
from identity.store.db import Connection

RESULT = ("success", "subject", "email", "username", "steps")


def insert(conn: Connection, test: ConnectionTest) -> None:
    """Add a test; those that have expired by its start are removed."""
    conn.execute("DELETE FROM connection_tests WHERE expiry <= %s", (test.insert_instant,))
    conn.execute(
        """
        INSERT INTO connection_tests (id, identity_provider_id, tenant_id, result, insert_instant, expiry)
        VALUES (%s, %s, %s, %s, %s, %s)
        """,
        (test.id, test.provider_id, test.tenant_id, _result(test), test.insert_instant, test.expiry),
    )


def find(conn: Connection, test_id: UUID, now: int) -> ConnectionTest | None:
    """None when there is none, or none any more."""
    row = conn.execute(
        """
        SELECT id, identity_provider_id, tenant_id, insert_instant, expiry, result FROM connection_tests
        WHERE id = %s AND expiry > %s
        """,
        (test_id, now),
    ).fetchone()
    if row is None:
        return None
    *columns, result = row
    return ConnectionTest(*columns, **result | {"steps": tuple(LoginStep(**step) for step in result["steps"])})


def record(conn: Connection, test: ConnectionTest) -> None:
    """Store what a login through the test came to."""
    conn.execute("UPDATE connection_tests SET result = %s WHERE id = %s", (_result(test), test.id))


def prune(conn: Connection, now: int, batch: int) -> int:
    """Remove tests that have expired, at most `batch`; returns how many."""
    removed = conn.execute(
        """
        DELETE FROM connection_tests WHERE id IN (
            SELECT id FROM connection_tests WHERE expiry <= %s ORDER BY expiry LIMIT %s FOR UPDATE SKIP LOCKED)
        """,
        (now, batch),
    )
    return removed.rowcount


def _result(test: ConnectionTest) -> Jsonb:
    whole = asdict(test)
    return Jsonb({name: whole[name] for name in RESULT})
