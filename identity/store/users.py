"""Users: one row per person and tenant. Login ids are compared by the canonical form the program hands in.

Law: a change of a user takes the user's row lock first (`lock`), then reads in a new statement, so that no writer
overwrites what another one has just written.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from identity.domain.contact import canonical
from identity.domain.model import User
from identity.store.db import Connection

SELECT = """
    SELECT users.tenant_id, users.id, email, username, active, verified, verified_instant, verified_reason, expiry,
           birth_date, first_name, full_name, image_url, last_name, middle_name, mobile_phone, parent_email, timezone,
           preferred_languages, clean_speak_id, connector_id, password_change_required, data, last_login_instant,
           users.insert_instant, users.last_update_instant,
           passwords.last_update_instant AS password_last_update_instant
    FROM users LEFT JOIN passwords ON passwords.tenant_id = users.tenant_id AND passwords.user_id = users.id
    """
"""Every column of `User`; the callers below add their WHERE."""


def get(conn: Connection, tenant_id: UUID | None, user_id: UUID) -> User | None:
    """The user; None when absent or of another tenant. Without a tenant the id alone decides."""
    with conn.cursor(row_factory=class_row(User)) as cursor:
        return cursor.execute(
            SELECT + "WHERE users.id = %(id)s AND (%(tenant)s::uuid IS NULL OR users.tenant_id = %(tenant)s)",
            {"id": user_id, "tenant": tenant_id},
        ).fetchone()


def find_by_canonical(
    conn: Connection, tenant_id: UUID, *, email: str | None = None, username: str | None = None
) -> User | None:
    """The user with this e-mail, else the one with this username; both in canonical form, None is not looked for."""
    with conn.cursor(row_factory=class_row(User)) as cursor:
        return cursor.execute(
            SELECT  # noqa: S608 (constants only)
            + "WHERE users.tenant_id = %(tenant)s "
            + "AND (email_canonical = %(email)s OR username_canonical = %(username)s) "
            + "ORDER BY (email_canonical IS NOT DISTINCT FROM %(email)s) DESC LIMIT 1",
            {"tenant": tenant_id, "email": email, "username": username},
        ).fetchone()


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
    conn.execute(
        """
        INSERT INTO users (tenant_id, id, email, email_canonical, username, username_canonical, active, verified,
            verified_instant, verified_reason, expiry, birth_date, first_name, full_name, image_url, last_name,
            middle_name, mobile_phone, parent_email, timezone, preferred_languages, clean_speak_id, connector_id,
            password_change_required, data, last_login_instant, insert_instant, last_update_instant)
        VALUES (%(tenant_id)s, %(id)s, %(email)s, %(email_canonical)s, %(username)s, %(username_canonical)s, %(active)s,
            %(verified)s, %(verified_instant)s, %(verified_reason)s, %(expiry)s, %(birth_date)s, %(first_name)s,
            %(full_name)s, %(image_url)s, %(last_name)s, %(middle_name)s, %(mobile_phone)s, %(parent_email)s,
            %(timezone)s, %(preferred_languages)s, %(clean_speak_id)s, %(connector_id)s, %(password_change_required)s,
            %(data)s, %(last_login_instant)s, %(insert_instant)s, %(last_update_instant)s)
        """,
        _parameters(user),
    )


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
            password_change_required = %(password_change_required)s, data = %(data)s,
            last_update_instant = %(last_update_instant)s
        WHERE tenant_id = %(tenant_id)s AND id = %(id)s
        """,
        _parameters(user),
    )


def remove(conn: Connection, user: User) -> None:
    """Registrations, links, password and tokens go with the row; login records have no row to hang on."""
    conn.execute("DELETE FROM login_records WHERE tenant_id = %s AND user_id = %s", (user.tenant_id, user.id))
    conn.execute("DELETE FROM users WHERE tenant_id = %s AND id = %s", (user.tenant_id, user.id))


def _parameters(user: User) -> dict[str, Any]:
    values = {column.name: getattr(user, column.name) for column in fields(user)}
    values["data"] = Jsonb(user.data)
    values["email_canonical"] = canonical(user.email) if user.email else None
    values["username_canonical"] = canonical(user.username) if user.username else None
    return values
