"""The statements of a login: one that reads all facts once the provider has answered, one that completes it.

Both prove what they stand on (decision 19): the facts come with the version of the configuration, and the completing
statement writes nothing unless the user may still log in under that very configuration. Zero rows mean: begin again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from identity.domain.model import Registration, User
from identity.domain.reconcile import USER_SETTABLE
from identity.domain.standing import NO_STANDING, Standing
from identity.store import registrations, standings, users
from identity.store.db import Connection

COLUMNS = f"{users.SELECTED}, users.login_version, {registrations.SELECTED}"
JOINS = f"""
    {users.JOIN}
    LEFT JOIN registrations ON registrations.tenant_id = users.tenant_id AND registrations.user_id = users.id"""
"""What `known_user` reads, and the joins it needs, for a statement that names `users`."""

_FIND = f"SELECT {COLUMNS} FROM users {JOINS} WHERE users.tenant_id = %s AND "  # noqa: S608 (constants only)
_FACTS = f"""
    SELECT i.configuration_version, {COLUMNS}
    FROM installation i
    LEFT JOIN links l ON l.tenant_id = %s AND l.identity_provider_id = %s AND l.identity_provider_user_id = %s
    LEFT JOIN users ON users.tenant_id = l.tenant_id AND users.id = l.user_id
    {JOINS}"""  # noqa: S608 (constants only)
_KEY_COLUMNS = {"email": "email_canonical", "username": "username_canonical"}


@dataclass(frozen=True, slots=True)
class KnownUser:
    """A user as a login sees them: with every registration, ordered by application, and how they stand."""

    user: User
    registrations: tuple[Registration, ...]
    standing: Standing = NO_STANDING

    def registration_for(self, application_id: UUID) -> Registration | None:
        return next((item for item in self.registrations if item.application_id == application_id), None)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database knows of the person who came in. `linked` is None when there is no link yet."""

    configuration_version: int
    linked: KnownUser | None


def read_facts(conn: Connection, tenant_id: UUID, provider_id: UUID, subject: str) -> Facts:
    """The configuration's version and the user behind the link, in one statement."""
    rows = conn.execute(_FACTS, (tenant_id, provider_id, subject)).fetchall()
    return Facts(rows[0][0], known_user([row[1:] for row in rows]))


def find_by_key(conn: Connection, tenant_id: UUID, key: str, canonical: str) -> KnownUser | None:
    """The user of a tenant by canonical e-mail or user name; `key` is "email" or "username"."""
    return known_user(conn.execute(f"{_FIND} users.{_KEY_COLUMNS[key]} = %s", (tenant_id, canonical)).fetchall())


def find_by_id(conn: Connection, tenant_id: UUID, user_id: UUID) -> KnownUser | None:
    return known_user(conn.execute(f"{_FIND} users.id = %s", (tenant_id, user_id)).fetchall())


def known_user(rows: Sequence[Sequence[Any]]) -> KnownUser | None:
    """One user from the rows of a join with their registrations; None when there was no user."""
    if not rows or rows[0][0] is None:
        return None
    *user, extras, login_version = rows[0][: users.WIDTH + 1]
    registered = users.WIDTH + 1
    found = (Registration(*row[registered:]) for row in rows if row[registered] is not None)
    return KnownUser(
        users.made(*user, extras),
        tuple(sorted(found, key=lambda item: str(item.application_id))),
        standings.standing(login_version, extras),
    )


def lock_user(conn: Connection, tenant_id: UUID, user_id: UUID, now: int) -> bool:
    """Lock the user against other logins while links are counted; False when they may not log in any more."""
    row = conn.execute(
        """
        SELECT 1 FROM users WHERE tenant_id = %s AND id = %s AND active AND (expiry IS NULL OR expiry > %s) FOR UPDATE
        """,
        (tenant_id, user_id, now),
    ).fetchone()
    return row is not None


def holds_still(conn: Connection, tenant_id: UUID, user_id: UUID, login_version: int) -> bool:
    """Whether what a login stood on is still so; if it is, it stays so until this transaction ends.

    To be asked before anything else is locked: who changes a user locks them first, too.
    """
    row = conn.execute(
        """
        SELECT 1 FROM users WHERE tenant_id = %s AND id = %s AND active AND login_version = %s FOR SHARE
        """,
        (tenant_id, user_id, login_version),
    ).fetchone()
    return row is not None


LAMBDA_COLUMNS = (*USER_SETTABLE, "last_update_instant")
"""What a reconcile lambda may change of a stored user."""


def update_user(conn: Connection, user: User) -> None:
    """Store what a lambda changed of an existing user."""
    values = {name: getattr(user, name) for name in LAMBDA_COLUMNS} | {"data": Jsonb(dict(user.data))}
    assignments = ", ".join(f"{name} = %({name})s" for name in LAMBDA_COLUMNS)
    conn.execute(
        f"UPDATE users SET {assignments} WHERE tenant_id = %(tenant_id)s AND id = %(id)s",  # noqa: S608
        values | {"tenant_id": user.tenant_id, "id": user.id},
    )


PLANTED = (
    "passwords",
    "previous_passwords",
    "refresh_tokens",
    "rocketchat_tokens",
    "two_factor_methods",
    "two_factor_recovery_codes",
    "two_factor_codes",
    "external_identifiers",
)
"""Where somebody may have left something on a user that is not theirs: all of these tables name tenant and user."""


SECOND_FACTORS = frozenset({"two_factor_methods", "two_factor_recovery_codes", "two_factor_codes"})


def strip_credentials(
    conn: Connection, tenant_id: UUID, user_id: UUID, now: int, *, second_factors: bool = True
) -> None:
    """Remove what somebody else may have planted on an unproved user (T5, decision 12): passwords, second factors,
    refresh tokens, pending verifications and password changes, trusted computers, links that they made themselves."""
    for table in PLANTED:
        if table in SECOND_FACTORS and not second_factors:
            continue
        conn.execute(f"DELETE FROM {table} WHERE tenant_id = %s AND user_id = %s", (tenant_id, user_id))  # noqa: S608
    conn.execute("DELETE FROM links WHERE tenant_id = %s AND user_id = %s AND NOT vouched", (tenant_id, user_id))
    conn.execute(
        """
        UPDATE users SET password_change_required = false, password_change_reason = NULL, last_update_instant = %s,
            login_version = login_version + 1
        WHERE tenant_id = %s AND id = %s
        """,
        (now, tenant_id, user_id),
    )


@dataclass(frozen=True, slots=True)
class Completion:
    """What the completing statement writes. Tokens are sealed, the refresh token is a hash."""

    configuration_version: int
    now: int
    tenant_id: UUID
    user_id: UUID
    login_version: int
    application_id: UUID | None
    record_id: UUID
    ip_address: str | None
    user_agent: str | None
    authentication_type: str
    refresh_token_id: UUID | None = None
    refresh_token_hash: bytes | None = field(default=None, repr=False)
    last_accessed_address: str | None = None
    meta_data: Mapping[str, Any] = field(default_factory=dict)
    link: LinkUse | None = None
    """The link that the login came by, if it came by one."""


@dataclass(frozen=True, slots=True)
class LinkUse:
    """The link a login came by, and what the provider said this time. Tokens are sealed."""

    provider_id: UUID
    subject: str
    display_name: str | None
    token: str | None = field(repr=False)
    token_secret: str | None = field(repr=False)
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Members that the link's data gets; the others stay as they are."""


# A row is named by its whole key in parameters, never by a join with `person`: the plan is then the index whatever
# the statistics say.
_PROVED = """
          AND EXISTS (SELECT 1 FROM links WHERE tenant_id = %(tenant_id)s AND identity_provider_id = %(provider_id)s
                      AND identity_provider_user_id = %(subject)s AND user_id = %(user_id)s)"""
_USE_LINK = """
    link AS (
        UPDATE links SET token = %(token)s, token_secret = %(token_secret)s, display_name = %(display_name)s,
            data = data || %(data)s, last_login_instant = %(now)s
        WHERE tenant_id = %(tenant_id)s AND identity_provider_id = %(provider_id)s
          AND identity_provider_user_id = %(subject)s AND EXISTS (SELECT 1 FROM person)),"""


def _completing(proved: str, use_link: str) -> str:
    return f"""
    WITH person AS (
        UPDATE users SET last_login_instant = %(now)s
        WHERE tenant_id = %(tenant_id)s AND id = %(user_id)s AND active AND (expiry IS NULL OR expiry > %(now)s)
          AND login_version = %(login_version)s
          AND EXISTS (SELECT 1 FROM installation WHERE configuration_version = %(configuration_version)s){proved}
        RETURNING id),{use_link}
    registration AS (
        UPDATE registrations SET last_login_instant = %(now)s
        WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND application_id = %(application_id)s
          AND EXISTS (SELECT 1 FROM person)),
    refresh AS (
        INSERT INTO refresh_tokens (tenant_id, id, user_id, application_id, token_hash, authentication_type,
            auth_instant, start_instant, meta_data, last_accessed_instant, last_accessed_address, insert_instant)
        SELECT %(tenant_id)s, %(refresh_token_id)s, person.id, %(application_id)s, %(refresh_token_hash)s,
            %(authentication_type)s, %(now)s, %(now)s, %(meta_data)s, %(now)s, %(last_accessed_address)s, %(now)s
        FROM person WHERE %(refresh_token_id)s::uuid IS NOT NULL)
    INSERT INTO login_records (tenant_id, user_id, instant, id, application_id, ip_address, authentication_type,
        user_agent)
    SELECT %(tenant_id)s, id, %(now)s, %(record_id)s, %(application_id)s, %(ip_address)s, %(authentication_type)s,
        %(user_agent)s
    FROM person"""  # noqa: S608 (constants only)


_COMPLETE = _completing("", "")
_COMPLETE_BY_LINK = _completing(_PROVED, _USE_LINK)


def complete(conn: Connection, completion: Completion) -> bool:
    """Rows 25 to 32 of login contract 3.5 in one statement; False when the user, link or configuration changed."""
    values = {item.name: getattr(completion, item.name) for item in fields(Completion) if item.name != "link"}
    values["meta_data"] = Jsonb(dict(completion.meta_data))
    if completion.link is None:
        return conn.execute(_COMPLETE, values).rowcount == 1
    values |= {item.name: getattr(completion.link, item.name) for item in fields(LinkUse)}
    values["data"] = Jsonb(dict(completion.link.data))
    return conn.execute(_COMPLETE_BY_LINK, values).rowcount == 1
