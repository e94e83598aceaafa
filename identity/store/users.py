"""Users: one row per person and tenant. Login ids are compared by the canonical form the program hands in.

Law: a change of a user takes the user's row lock first (`lock`), then reads in a new statement, so that no writer
overwrites what another one has just written.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from psycopg.rows import args_row
from psycopg.types.json import Jsonb

from identity.domain.contact import canonical
from identity.domain.model import User
from identity.domain.rocketchat import chat_id
from identity.store import standings
from identity.store.db import Connection

FIELDS = tuple(column.name for column in fields(User))
_IN_EXTRAS = ("memberships", "two_factor_methods")
_IN_PASSWORDS = "password_last_update_instant"
PLAIN = tuple(name for name in FIELDS if name not in _IN_EXTRAS)
COLUMNS = tuple(name for name in PLAIN if name != _IN_PASSWORDS)
SELECTED = ", ".join(
    [
        *(f"users.{name}" if name in COLUMNS else f"passwords.last_update_instant AS {name}" for name in PLAIN),
        standings.SELECTED,
    ]
)
WIDTH = len(PLAIN) + 1
"""How many columns `SELECTED` has."""

JOIN = "LEFT JOIN passwords ON passwords.tenant_id = users.tenant_id AND passwords.user_id = users.id"
"""The fields of `User` in order, and the join that one of them needs, for any statement that names `users`."""

SELECT = f"SELECT {SELECTED} FROM users {JOIN} "  # noqa: S608 (constants only)
"""Every field of `User`; the callers below add their WHERE."""

_ID = PLAIN.index("id")
_INSERT = (
    f"INSERT INTO users ({', '.join(COLUMNS)}, email_canonical, username_canonical, rc_id) "  # noqa: S608 (constants)
    f"VALUES ({', '.join(f'%({name})s' for name in COLUMNS)}, %(email_canonical)s, %(username_canonical)s, "
    # Two ids in 2^98 share a short one: who comes second gets theirs when somebody asks (`store/rocketchat_ids.py`).
    "(SELECT %(rc_id)s::text WHERE NOT EXISTS (SELECT 1 FROM users other WHERE other.rc_id = %(rc_id)s)))"
)


def made(*columns: Any) -> User:
    """The user of one row's `SELECTED` columns."""
    *plain, extras = columns
    rest: tuple[Any, ...] = (standings.memberships(plain[_ID], extras), standings.methods(extras))
    return User(*plain, *rest)


def get(conn: Connection, tenant_id: UUID | None, user_id: UUID) -> User | None:
    """The user; None when absent or of another tenant. Without a tenant the id alone decides."""
    with conn.cursor(row_factory=args_row(made)) as cursor:
        return cursor.execute(
            SELECT + "WHERE users.id = %(id)s AND (%(tenant)s::uuid IS NULL OR users.tenant_id = %(tenant)s)",
            {"id": user_id, "tenant": tenant_id},
        ).fetchone()


def find_by_canonical(
    conn: Connection, tenant_id: UUID, *, email: str | None = None, username: str | None = None
) -> User | None:
    """The user with this e-mail, else the one with this username; both in canonical form, None is not looked for."""
    with conn.cursor(row_factory=args_row(made)) as cursor:
        return cursor.execute(
            SELECT  # noqa: S608 (constants only)
            + "WHERE users.tenant_id = %(tenant)s "
            + "AND (email_canonical = %(email)s OR username_canonical = %(username)s) "
            + "ORDER BY (email_canonical IS NOT DISTINCT FROM %(email)s) DESC LIMIT 1",
            {"tenant": tenant_id, "email": email, "username": username},
        ).fetchone()


def find_by_login_id(conn: Connection, tenant_id: UUID, login_id: str, types: Container[str]) -> User | None:
    """The user with this login id, in canonical form, of these types (`email`, `username`)."""
    email, username = (login_id if kind in types else None for kind in ("email", "username"))
    return find_by_canonical(conn, tenant_id, email=email, username=username)


def existing(conn: Connection, tenant_id: UUID | None, user_ids: Sequence[UUID]) -> list[UUID]:
    """Those of these ids that name a user, each once, in their order."""
    rows = conn.execute(
        "SELECT id FROM users WHERE id = ANY(%(ids)s) AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)",
        {"ids": list(user_ids), "tenant": tenant_id},
    ).fetchall()
    found = {row[0] for row in rows}
    return [user_id for user_id in dict.fromkeys(user_ids) if user_id in found]


def lock(conn: Connection, tenant_id: UUID | None, user_id: UUID) -> bool:
    """Hold the user's row until the transaction ends; False when there is none."""
    row = conn.execute(
        """
        SELECT 1 FROM users
        WHERE id = %(id)s AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s) FOR UPDATE
        """,
        {"id": user_id, "tenant": tenant_id},
    ).fetchone()
    return row is not None


def add(conn: Connection, user: User) -> None:
    """Raises UniqueConflict at the end of the transaction's block: id, e-mail or username is taken."""
    conn.execute(_INSERT, _parameters(user))


def add_many(conn: Connection, new: Sequence[User]) -> None:
    """As `add`, for many at a time."""
    with conn.cursor() as cursor:
        cursor.executemany(_INSERT, [_parameters(user) for user in new])


@dataclass(frozen=True, slots=True)
class Taken:
    """What users have already: ids in any tenant, canonical e-mails and usernames by tenant."""

    ids: frozenset[UUID]
    emails: frozenset[tuple[UUID, str]]
    usernames: frozenset[tuple[UUID, str]]


def taken(conn: Connection, new: Sequence[User]) -> Taken:
    """What of these users is taken."""
    keys = [_parameters(user) for user in new]
    rows = conn.execute(
        """
        SELECT id, tenant_id, email_canonical, username_canonical FROM users WHERE id = ANY(%(ids)s)
        UNION ALL SELECT id, tenant_id, email_canonical, username_canonical FROM users
            WHERE tenant_id = ANY(%(tenants)s) AND email_canonical = ANY(%(emails)s)
        UNION ALL SELECT id, tenant_id, email_canonical, username_canonical FROM users
            WHERE tenant_id = ANY(%(tenants)s) AND username_canonical = ANY(%(usernames)s)
        """,
        {
            "ids": [user.id for user in new],
            "tenants": list({user.tenant_id for user in new}),
            "emails": [key["email_canonical"] for key in keys if key["email_canonical"]],
            "usernames": [key["username_canonical"] for key in keys if key["username_canonical"]],
        },
    ).fetchall()
    return Taken(
        ids=frozenset(row[0] for row in rows),
        emails=frozenset((row[1], row[2]) for row in rows),
        usernames=frozenset((row[1], row[3]) for row in rows),
    )


def add_unless_taken(conn: Connection, user: User) -> bool:
    """As `add`, but False when id, e-mail or username are taken: the loser of a race then finds the winner's user."""
    return conn.execute(_INSERT + " ON CONFLICT DO NOTHING", _parameters(user)).rowcount == 1


def update(conn: Connection, user: User) -> None:
    """Write what a client or an administrator may change; raises UniqueConflict as `add` does."""
    conn.execute(
        """
        UPDATE users SET email = %(email)s, email_canonical = %(email_canonical)s, username = %(username)s,
            username_canonical = %(username_canonical)s, active = %(active)s, verified = %(verified)s,
            verified_instant = %(verified_instant)s, verified_reason = %(verified_reason)s, expiry = %(expiry)s,
            birth_date = %(birth_date)s, first_name = %(first_name)s, full_name = %(full_name)s,
            image_url = %(image_url)s, last_name = %(last_name)s, middle_name = %(middle_name)s,
            mobile_phone = %(mobile_phone)s, parent_email = %(parent_email)s, timezone = %(timezone)s,
            preferred_languages = %(preferred_languages)s, clean_speak_id = %(clean_speak_id)s,
            password_change_required = %(password_change_required)s,
            password_change_reason = %(password_change_reason)s, data = %(data)s,
            last_update_instant = %(last_update_instant)s, login_version = login_version + 1
        WHERE tenant_id = %(tenant_id)s AND id = %(id)s
        """,
        _parameters(user),
    )


def give_to(conn: Connection, tenant_id: UUID, user_id: UUID, connector_id: UUID, now: int) -> None:
    """The user's password is checked by this connector from now on: logins under way begin again."""
    conn.execute(
        """
        UPDATE users SET connector_id = %s, last_update_instant = %s, login_version = login_version + 1
        WHERE tenant_id = %s AND id = %s
        """,
        (connector_id, now, tenant_id, user_id),
    )


def bump(conn: Connection, tenant_id: UUID, user_id: UUID) -> None:
    """Say that what a login of this user stands on has changed: logins under way begin again."""
    conn.execute(
        "UPDATE users SET login_version = login_version + 1 WHERE tenant_id = %s AND id = %s", (tenant_id, user_id)
    )


def note_change_reason(conn: Connection, tenant_id: UUID, user_id: UUID, reason: str) -> None:
    """Why a login has just demanded a new password; nothing that a login stands on changes by it."""
    conn.execute(
        "UPDATE users SET password_change_reason = %s WHERE tenant_id = %s AND id = %s", (reason, tenant_id, user_id)
    )


def remove(conn: Connection, user: User) -> None:
    """What hangs on the row goes with it; login records, traces and guesses have no row to hang on."""
    conn.execute("DELETE FROM login_traces WHERE user_id = %s", (user.id,))
    conn.execute("DELETE FROM login_records WHERE tenant_id = %s AND user_id = %s", (user.tenant_id, user.id))
    conn.execute("DELETE FROM login_failures WHERE tenant_id = %s AND user_id = %s", (user.tenant_id, user.id))
    conn.execute("DELETE FROM users WHERE tenant_id = %s AND id = %s", (user.tenant_id, user.id))


def _parameters(user: User) -> dict[str, Any]:
    values = {name: getattr(user, name) for name in COLUMNS}
    values["data"] = Jsonb(user.data)
    values["email_canonical"] = canonical(user.email) if user.email else None
    values["username_canonical"] = canonical(user.username) if user.username else None
    values["rc_id"] = chat_id(user.id)
    return values
