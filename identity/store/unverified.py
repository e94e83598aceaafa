"""Users and registrations that nobody verified in the time their tenant or application gives them."""

from __future__ import annotations

from uuid import UUID

from identity.store.db import Connection

DAY = 86_400_000


def users(conn: Connection, now: int, most: int) -> list[tuple[UUID, UUID]]:
    """(tenant, user) by userDeletePolicy; in no order that a user who can not be deleted would hold up."""
    return conn.execute(
        """
        SELECT u.tenant_id, u.id
        FROM tenants t
        CROSS JOIN LATERAL (SELECT (t.settings #>> '{user_delete_policy,unverified,number_of_days_to_retain}')::bigint
            AS days) AS policy
        JOIN users u ON u.tenant_id = t.id AND NOT u.verified AND u.insert_instant < %(now)s - policy.days * %(day)s
        WHERE (t.settings #>> '{user_delete_policy,unverified,enabled}')::boolean
        ORDER BY random() LIMIT %(most)s
        """,
        {"now": now, "day": DAY, "most": most},
    ).fetchall()


def registrations(conn: Connection, now: int, most: int) -> list[tuple[UUID, UUID, UUID]]:
    """(tenant, user, application) by registrationDeletePolicy, likewise."""
    return conn.execute(
        """
        SELECT r.tenant_id, r.user_id, r.application_id
        FROM applications a
        CROSS JOIN LATERAL (
            SELECT (a.settings #>> '{registration_delete_policy,unverified,number_of_days_to_retain}')::bigint AS days
        ) AS policy
        JOIN registrations r ON r.tenant_id = a.tenant_id AND r.application_id = a.id AND NOT r.verified
            AND r.insert_instant < %(now)s - policy.days * %(day)s
        WHERE (a.settings #>> '{registration_delete_policy,unverified,enabled}')::boolean
        ORDER BY random() LIMIT %(most)s
        """,
        {"now": now, "day": DAY, "most": most},
    ).fetchall()
