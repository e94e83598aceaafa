"""Registrations: a user's place in an application. Its tokens are sealed in the row and in clear outside.

Law: the user's row lock guards the user's registrations too (`store.users.lock`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from identity.domain.model import Registration
from identity.domain.reconcile import REGISTRATION_SETTABLE
from identity.sealing import Place, Sealer
from identity.store.db import Connection

COLUMNS = tuple(column.name for column in fields(Registration))
SELECTED = ", ".join(f"registrations.{name}" for name in COLUMNS)
SELECT = f"SELECT {SELECTED} FROM registrations "  # noqa: S608 (constants only)
"""Every field of `Registration`; the callers below add their WHERE."""

_INSERT = f"INSERT INTO registrations ({', '.join(COLUMNS)}) VALUES ({', '.join(f'%({name})s' for name in COLUMNS)})"  # noqa: S608
_CHANGED_BY_LOGINS = (*REGISTRATION_SETTABLE, "last_update_instant")
_PUT = (
    f"{_INSERT} ON CONFLICT (tenant_id, user_id, application_id) "
    f"DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _CHANGED_BY_LOGINS)}"
)


def of_user(conn: Connection, sealer: Sealer, tenant_id: UUID, user_id: UUID) -> list[Registration]:
    """All of the user's registrations, by application id, inactive applications included."""
    return of_users(conn, sealer, [user_id]).get((tenant_id, user_id), [])


def of_users(conn: Connection, sealer: Sealer, user_ids: Sequence[UUID]) -> dict[tuple[UUID, UUID], list[Registration]]:
    """The registrations of several users, keyed by (tenant, user)."""
    found: dict[tuple[UUID, UUID], list[Registration]] = {}
    with conn.cursor(row_factory=class_row(Registration)) as cursor:
        rows = cursor.execute(SELECT + "WHERE user_id = ANY(%s) ORDER BY application_id", (list(user_ids),))
        for row in rows:
            found.setdefault((row.tenant_id, row.user_id), []).append(opened(row, sealer))
    return found


def get(conn: Connection, sealer: Sealer, tenant_id: UUID, user_id: UUID, application_id: UUID) -> Registration | None:
    with conn.cursor(row_factory=class_row(Registration)) as cursor:
        row = cursor.execute(
            SELECT + "WHERE tenant_id = %s AND user_id = %s AND application_id = %s",
            (tenant_id, user_id, application_id),
        ).fetchone()
    return None if row is None else opened(row, sealer)


def add(conn: Connection, sealer: Sealer, registration: Registration) -> None:
    """Raises UniqueConflict at the end of the transaction's block: the id or the pair is taken."""
    conn.execute(_INSERT, _parameters(registration, sealer))


def add_many(conn: Connection, sealer: Sealer, new: Sequence[Registration]) -> None:
    """As `add`, for many at a time."""
    with conn.cursor() as cursor:
        cursor.executemany(_INSERT, [_parameters(registration, sealer) for registration in new])


def tenants_of(conn: Connection, pairs: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], UUID]:
    """The tenants of those (user, application) pairs that are registrations."""
    rows = conn.execute(
        """
        SELECT r.user_id, r.application_id, r.tenant_id
        FROM unnest(%s::uuid[], %s::uuid[]) AS asked (user_id, application_id)
        JOIN users u ON u.id = asked.user_id
        JOIN registrations r ON r.tenant_id = u.tenant_id AND r.user_id = u.id
            AND r.application_id = asked.application_id
        """,
        ([user_id for user_id, _ in pairs], [application_id for _, application_id in pairs]),
    )
    return {(user_id, application_id): tenant_id for user_id, application_id, tenant_id in rows}


def put(conn: Connection, registration: Registration) -> None:
    """Insert the registration, or store what a lambda may change of it. Its authentication token stays as it is."""
    conn.execute(_PUT, _values(registration))


def update(conn: Connection, sealer: Sealer, registration: Registration) -> None:
    conn.execute(
        """
        UPDATE registrations SET username = %(username)s, roles = %(roles)s, timezone = %(timezone)s,
            preferred_languages = %(preferred_languages)s, authentication_token = %(authentication_token)s,
            tokens = %(tokens)s, clean_speak_id = %(clean_speak_id)s, verified = %(verified)s,
            verified_instant = %(verified_instant)s, data = %(data)s, last_update_instant = %(last_update_instant)s
        WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND application_id = %(application_id)s
        """,
        _parameters(registration, sealer),
    )


def remove(conn: Connection, tenant_id: UUID, user_id: UUID, application_id: UUID) -> bool:
    """False when there is none."""
    cursor = conn.execute(
        "DELETE FROM registrations WHERE tenant_id = %s AND user_id = %s AND application_id = %s",
        (tenant_id, user_id, application_id),
    )
    return cursor.rowcount == 1


def opened(registration: Registration, sealer: Sealer) -> Registration:
    """A row as read, with its authentication token and its tokens of providers in clear."""
    token = registration.authentication_token
    if token is None and not registration.tokens:
        return registration
    return replace(
        registration,
        authentication_token=None if token is None else sealer.open(token, _place(registration.id)),
        tokens={
            name: sealer.open(text, _tokens_place(registration.id, name)) for name, text in registration.tokens.items()
        },
    )


def _parameters(registration: Registration, sealer: Sealer) -> dict[str, Any]:
    values = _values(registration)
    values["tokens"] = Jsonb(
        {name: sealer.seal(text, _tokens_place(registration.id, name)) for name, text in registration.tokens.items()}
    )
    if registration.authentication_token is not None:
        values["authentication_token"] = sealer.seal(registration.authentication_token, _place(registration.id))
    return values


def _values(registration: Registration) -> dict[str, Any]:
    values = {name: getattr(registration, name) for name in COLUMNS}
    return values | {"data": Jsonb(registration.data), "tokens": Jsonb(registration.tokens)}


def _place(registration_id: UUID) -> Place:
    return Place("registrations", registration_id, "authentication_token")


def _tokens_place(registration_id: UUID, name: str) -> Place:
    return Place("registrations", registration_id, f"tokens.{name}")
