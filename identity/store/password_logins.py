"""The one statement that reads the facts of a password login: user, stored password, configuration's version."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from identity.hashing import Hashed
from identity.store import logins, users
from identity.store.db import Connection
from identity.store.logins import KnownUser, known_user

_OWN = """i.configuration_version, passwords.scheme, passwords.factor, passwords.salt, passwords.hash,
    (SELECT f.failures FROM login_failures f WHERE f.tenant_id = users.tenant_id AND f.user_id = users.id)"""
_OWN_WIDTH = 6
_ID = _OWN_WIDTH + users.FIELDS.index("id")


@dataclass(frozen=True, slots=True)
class PasswordFacts:
    """`known` is None when nobody has the login id, `hashed` when they have no password."""

    configuration_version: int
    known: KnownUser | None
    hashed: Hashed | None
    failures: int
    """Wrong passwords counted so far."""


def by_login_id(conn: Connection, tenant_id: UUID, *, email: str | None, username: str | None) -> PasswordFacts:
    """By the canonical e-mail, else by the canonical username; None is not looked for."""
    return _facts(
        conn,
        "users.email_canonical = %(email)s OR users.username_canonical = %(username)s",
        {"tenant_id": tenant_id, "email": email, "username": username},
    )


def by_id(conn: Connection, tenant_id: UUID, user_id: UUID) -> PasswordFacts:
    return _facts(conn, "users.id = %(user_id)s", {"tenant_id": tenant_id, "user_id": user_id, "email": None})


def _facts(conn: Connection, which: str, values: dict[str, object]) -> PasswordFacts:
    rows = conn.execute(
        f"""
        SELECT {_OWN}, {logins.COLUMNS}
        FROM installation i
        LEFT JOIN users ON users.tenant_id = %(tenant_id)s AND ({which})
        {logins.JOINS}
        ORDER BY coalesce(users.email_canonical = %(email)s, false) DESC, users.id
        """,  # noqa: S608 (constants only)
        values,
    ).fetchall()
    version, scheme, factor, salt, text, failures = rows[0][:_OWN_WIDTH]
    known = known_user([row[_OWN_WIDTH:] for row in rows if row[_ID] == rows[0][_ID]])
    hashed = None if scheme is None else Hashed(scheme, factor, salt, text)
    return PasswordFacts(version, known, hashed, failures or 0)
