"""Numbers for reports: logins and registrations by hour, people by day or month, totals.

An interval is counted in the time zone of reports: its number is how many such intervals lie between the epoch and it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from uuid import UUID

from identity.store.db import Connection

_LOCAL = "(to_timestamp({} / 1000.0) AT TIME ZONE %(zone)s)"
INTERVALS = {
    "hour": "floor(extract(epoch FROM {}) / 3600)::bigint",
    "day": "floor(extract(epoch FROM {}) / 86400)::bigint",
    "month": "((extract(year FROM {0}) - 1970) * 12 + extract(month FROM {0}) - 1)::bigint",
}
_LOGINS = """
    FROM login_records WHERE instant >= %(start)s AND instant < %(end)s
      AND (%(tenant_id)s::uuid IS NULL OR tenant_id = %(tenant_id)s)
      AND (%(application_id)s::uuid IS NULL OR application_id = %(application_id)s)
      AND (%(user_id)s::uuid IS NULL OR user_id = %(user_id)s)
    GROUP BY 1 ORDER BY 1"""
_REGISTRATIONS = """
    FROM registrations WHERE insert_instant >= %(start)s AND insert_instant < %(end)s
      AND (%(tenant_id)s::uuid IS NULL OR tenant_id = %(tenant_id)s)
      AND (%(application_id)s::uuid IS NULL OR application_id = %(application_id)s)
    GROUP BY 1 ORDER BY 1"""
_USERS = """
    FROM users WHERE insert_instant >= %(start)s AND insert_instant < %(end)s
      AND (%(tenant_id)s::uuid IS NULL OR tenant_id = %(tenant_id)s)
    GROUP BY 1 ORDER BY 1"""


@dataclass(frozen=True, slots=True)
class Span:
    """What is counted. `start` is inclusive, `end` is not, both epoch milliseconds; `zone` is an IANA time zone."""

    start: int
    end: int
    zone: str
    tenant_id: UUID | None = None
    application_id: UUID | None = None
    user_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Count:
    interval: int
    count: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Of one application."""

    application_id: UUID
    logins: int
    registrations: int


def logins(conn: Connection, span: Span) -> list[Count]:
    """Logins by hour."""
    return _counts(conn, f"SELECT {_interval('hour', 'instant')}, count(*) {_LOGINS}", span)


def active_users(conn: Connection, span: Span, interval: str) -> list[Count]:
    """How many different users logged in, by `day` or `month`."""
    return _counts(conn, f"SELECT {_interval(interval, 'instant')}, count(DISTINCT user_id) {_LOGINS}", span)


def registrations(conn: Connection, span: Span) -> list[Count]:
    """New registrations for the application by hour; without one, new users."""
    source = _USERS if span.application_id is None else _REGISTRATIONS
    return _counts(conn, f"SELECT {_interval('hour', 'insert_instant')}, count(*) {source}", span)


def totals(conn: Connection, tenant_id: UUID | None) -> tuple[list[Totals], int]:
    """Logins and registrations of each application, and how many users there are."""
    rows = conn.execute(
        """
        SELECT a.id,
            (SELECT count(*) FROM login_records r WHERE r.tenant_id = a.tenant_id AND r.application_id = a.id),
            (SELECT count(*) FROM registrations r WHERE r.tenant_id = a.tenant_id AND r.application_id = a.id)
        FROM applications a WHERE %(tenant_id)s::uuid IS NULL OR a.tenant_id = %(tenant_id)s ORDER BY a.id
        """,
        {"tenant_id": tenant_id},
    ).fetchall()
    users = conn.execute(
        "SELECT count(*) FROM users WHERE %(tenant_id)s::uuid IS NULL OR tenant_id = %(tenant_id)s",
        {"tenant_id": tenant_id},
    ).fetchone()
    assert users is not None
    return [Totals(*row) for row in rows], int(users[0])


def _interval(name: str, column: str) -> str:
    return INTERVALS[name].format(_LOCAL.format(column))


def _counts(conn: Connection, query: str, span: Span) -> list[Count]:
    return [Count(*row) for row in conn.execute(query.encode(), asdict(span)).fetchall()]
