"""Second factors of users: methods, recovery codes, codes that were sent to set one up or to remove one.

Law: whoever changes them holds the user's row (`users.lock`) and bumps the user's login version. Secrets and recovery
codes come in and go out sealed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from uuid import UUID

from psycopg.types.json import Jsonb

from identity.domain.standing import TwoFactorMethod
from identity.sealing import Place
from identity.store.db import Connection
from identity.store.standings import method_of

_COLUMNS = ("id", "method", "email", "mobile_phone", "last_used", "name", "authenticator")
_OWNED = "tenant_id = %s AND user_id = %s"
_SELECT = f"SELECT secret, last_step, {', '.join(_COLUMNS)} FROM two_factor_methods"  # noqa: S608 (constants only)


@dataclass(frozen=True, slots=True)
class StoredMethod:
    """A method with what proves it. `last_step` is the time step of the last accepted code."""

    method: TwoFactorMethod
    secret: str | None = field(default=None, repr=False)
    """Sealed; only an authenticator has one."""

    last_step: int | None = None


@dataclass(frozen=True, slots=True)
class RecoveryCode:
    """A code that works once; sealed."""

    id: UUID
    code: str = field(repr=False)


def secret_place(user_id: UUID, method_id: str) -> Place:
    return Place("two_factor_methods", f"{user_id}/{method_id}", "secret")


def recovery_place(user_id: UUID, code_id: UUID) -> Place:
    return Place("two_factor_recovery_codes", f"{user_id}/{code_id}", "code")


def methods_of(conn: Connection, tenant_id: UUID, user_id: UUID) -> list[StoredMethod]:
    """The user's methods, oldest first."""
    rows = conn.execute(f"{_SELECT} WHERE {_OWNED} ORDER BY insert_instant, id", (tenant_id, user_id)).fetchall()
    return [StoredMethod(method_of(dict(zip(_COLUMNS, row[2:], strict=True))), row[0], row[1]) for row in rows]


def add_method(conn: Connection, tenant_id: UUID, user_id: UUID, stored: StoredMethod, now: int) -> None:
    method = stored.method
    conn.execute(
        """
        INSERT INTO two_factor_methods (tenant_id, user_id, id, method, email, mobile_phone, last_used, name,
            authenticator, secret, last_step, insert_instant)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            tenant_id,
            user_id,
            method.id,
            method.method,
            method.email,
            method.mobile_phone,
            method.last_used,
            method.name,
            Jsonb(asdict(method.authenticator)) if method.authenticator else None,
            stored.secret,
            stored.last_step,
            now,
        ),
    )


def rename_method(conn: Connection, tenant_id: UUID, user_id: UUID, method_id: str, name: str | None) -> bool:
    """False when the user has no such method."""
    query = f"UPDATE two_factor_methods SET name = %s WHERE {_OWNED} AND id = %s"  # noqa: S608 (constants only)
    return conn.execute(query, (name, tenant_id, user_id, method_id)).rowcount == 1


def remove_method(conn: Connection, tenant_id: UUID, user_id: UUID, method_id: str) -> bool:
    query = f"DELETE FROM two_factor_methods WHERE {_OWNED} AND id = %s"  # noqa: S608 (constants only)
    return conn.execute(query, (tenant_id, user_id, method_id)).rowcount == 1


def remove_methods(conn: Connection, tenant_id: UUID, user_id: UUID) -> None:
    """All methods, with the codes that replace or change them."""
    for table in ("two_factor_methods", "two_factor_recovery_codes", "two_factor_codes"):
        conn.execute(f"DELETE FROM {table} WHERE {_OWNED}", (tenant_id, user_id))  # noqa: S608 (constants only)


def use_step(conn: Connection, tenant_id: UUID, user_id: UUID, method_id: str, step: int) -> bool:
    """Spend a time step: False when it, or a later one, was spent before. One code works once."""
    query = f"""
        UPDATE two_factor_methods SET last_step = %s
        WHERE {_OWNED} AND id = %s AND (last_step IS NULL OR last_step < %s)"""  # noqa: S608 (constants only)
    return conn.execute(query, (step, tenant_id, user_id, method_id, step)).rowcount == 1


def mark_used(conn: Connection, tenant_id: UUID, user_id: UUID, method_id: str) -> None:
    """`last_used` is true on one method (decision 13)."""
    query = f"UPDATE two_factor_methods SET last_used = (id = %s) WHERE {_OWNED}"  # noqa: S608 (constants only)
    conn.execute(query, (method_id, tenant_id, user_id))


def recovery_codes(conn: Connection, tenant_id: UUID, user_id: UUID) -> list[RecoveryCode]:
    """What is left of them."""
    query = f"SELECT id, code FROM two_factor_recovery_codes WHERE {_OWNED} ORDER BY id"  # noqa: S608
    return [RecoveryCode(*row) for row in conn.execute(query, (tenant_id, user_id)).fetchall()]


def replace_recovery_codes(
    conn: Connection, tenant_id: UUID, user_id: UUID, codes: Iterable[RecoveryCode], now: int
) -> None:
    conn.execute(f"DELETE FROM two_factor_recovery_codes WHERE {_OWNED}", (tenant_id, user_id))  # noqa: S608
    for code in codes:
        conn.execute(
            """
            INSERT INTO two_factor_recovery_codes (tenant_id, user_id, id, code, insert_instant)
            VALUES (%s, %s, %s, %s, %s)
            """,
            (tenant_id, user_id, code.id, code.code, now),
        )


def take_recovery_code(conn: Connection, tenant_id: UUID, user_id: UUID, code_id: UUID) -> bool:
    """Use one up; False when somebody was faster."""
    query = f"DELETE FROM two_factor_recovery_codes WHERE {_OWNED} AND id = %s"  # noqa: S608 (constants only)
    return conn.execute(query, (tenant_id, user_id, code_id)).rowcount == 1


def save_code(conn: Connection, tenant_id: UUID, user_id: UUID, target: str, code_hash: bytes, expiry: int) -> None:
    """A code was sent: the ones before it, for the same target, stop working."""
    conn.execute(
        """
        INSERT INTO two_factor_codes (tenant_id, user_id, target, code_hash, expiry) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (tenant_id, user_id, target)
        DO UPDATE SET code_hash = excluded.code_hash, expiry = excluded.expiry
        """,
        (tenant_id, user_id, target, code_hash, expiry),
    )


def take_code(conn: Connection, tenant_id: UUID, user_id: UUID, target: str, code_hash: bytes, now: int) -> bool:
    """Use a sent code up; False when it is wrong, too old or spent."""
    query = f"""
        DELETE FROM two_factor_codes
        WHERE {_OWNED} AND target = %s AND code_hash = %s AND expiry > %s"""  # noqa: S608 (constants only)
    return conn.execute(query, (tenant_id, user_id, target, code_hash, now)).rowcount == 1


def note_change(conn: Connection, tenant_id: UUID, user_id: UUID, now: int) -> None:
    """A user's second factors are not what they were: logins under way begin again."""
    conn.execute(
        """
        UPDATE users SET login_version = login_version + 1, last_update_instant = %s WHERE tenant_id = %s AND id = %s
        """,
        (now, tenant_id, user_id),
    )


def prune_codes(conn: Connection, now: int, batch: int) -> int:
    """Remove sent codes that are too old, at most `batch`; returns how many."""
    removed = conn.execute(
        """
        DELETE FROM two_factor_codes WHERE (tenant_id, user_id, target) IN (
            SELECT tenant_id, user_id, target FROM two_factor_codes WHERE expiry <= %s ORDER BY expiry LIMIT %s
            FOR UPDATE SKIP LOCKED)
        """,
        (now, batch),
    )
    return removed.rowcount
