"""Links: which person at a provider is which user. One person at a provider is at most one user of a tenant.

The provider's token and token secret are sealed, bound to the link's key. Owner and outside id never change: a link is
only created, refreshed by a login, and removed (security T6).
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from psycopg.rows import class_row

from identity.domain.model import Link
from identity.sealing import Place, Sealer
from identity.store.db import Connection

COLUMNS = """tenant_id, identity_provider_id, identity_provider_user_id, user_id, display_name, token, token_secret,
    data, insert_instant, last_login_instant"""
_LINK = ", ".join(f"l.{column.strip()}" for column in COLUMNS.split(","))

ProviderName = tuple[str, str]
"""The name and type of a provider: what a link shows of it."""


def place(tenant_id: UUID, provider_id: UUID, subject: str, column: str) -> Place:
    """Where a link's secret is sealed."""
    return Place("links", f"{tenant_id}/{provider_id}/{subject}", column)


def seal_tokens(
    sealer: Sealer, tenant_id: UUID, provider_id: UUID, subject: str, token: str | None, secret: str | None
) -> tuple[str | None, str | None]:
    """Token and secret as they are stored."""
    return (
        None if token is None else sealer.seal(token, place(tenant_id, provider_id, subject, "token")),
        None if secret is None else sealer.seal(secret, place(tenant_id, provider_id, subject, "token_secret")),
    )


def opened(sealer: Sealer, link: Link) -> Link:
    """The link with its token and secret in clear."""
    where = (link.tenant_id, link.identity_provider_id, link.identity_provider_user_id)
    return replace(
        link,
        token=None if link.token is None else sealer.open(link.token, place(*where, "token")),
        token_secret=None
        if link.token_secret is None
        else sealer.open(link.token_secret, place(*where, "token_secret")),
    )


def find(conn: Connection, provider_id: UUID, subject: str, tenant_id: UUID | None) -> list[Link]:
    """The links of one outside person, sealed: one per tenant, or the one of `tenant_id`."""
    with conn.cursor(row_factory=class_row(Link)) as cursor:
        return cursor.execute(
            f"""
            SELECT {COLUMNS} FROM links
            WHERE identity_provider_id = %(provider)s AND identity_provider_user_id = %(subject)s
              AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
            ORDER BY insert_instant, tenant_id
            """,  # noqa: S608 (a constant column list)
            {"provider": provider_id, "subject": subject, "tenant": tenant_id},
        ).fetchall()


def of_user(
    conn: Connection, tenant_id: UUID | None, user_id: UUID, provider_id: UUID | None
) -> list[tuple[Link, ProviderName]] | None:
    """The user's links, sealed, oldest first; only those at `provider_id` if it is given. None without such a user.

    One statement, because this is what applications read most: the user, the links and the providers' names.
    """
    # Conditions that are not asked for are left out, so that the server keeps one plan for each form.
    at_provider = "" if provider_id is None else "AND l.identity_provider_id = %(provider)s"
    of_tenant = "" if tenant_id is None else "AND u.tenant_id = %(tenant)s"
    rows = conn.execute(
        f"""
        SELECT p.name, p.type, {_LINK}
        FROM users u
        LEFT JOIN (links l JOIN identity_providers p ON p.id = l.identity_provider_id)
            ON l.tenant_id = u.tenant_id AND l.user_id = u.id {at_provider}
        WHERE u.id = %(user)s {of_tenant}
        ORDER BY l.insert_instant, l.identity_provider_user_id
        """,  # noqa: S608 (constants only)
        {"tenant": tenant_id, "user": user_id, "provider": provider_id},
    ).fetchall()
    if not rows:
        return None
    return [(Link(*row[2:]), (row[0], row[1])) for row in rows if row[2] is not None]


def count(conn: Connection, tenant_id: UUID, user_id: UUID, provider_id: UUID, *, vouched_only: bool = False) -> int:
    """How many links to this provider the user has. Lock the user first when the number decides something."""
    row = conn.execute(
        """
        SELECT count(*) FROM links
        WHERE tenant_id = %s AND user_id = %s AND identity_provider_id = %s AND (vouched OR NOT %s)
        """,
        (tenant_id, user_id, provider_id, vouched_only),
    ).fetchone()
    assert row is not None
    return int(row[0])


def exist(conn: Connection, tenant_id: UUID, user_id: UUID) -> bool:
    """Whether the user has any link at all."""
    row = conn.execute("SELECT 1 FROM links WHERE tenant_id = %s AND user_id = %s LIMIT 1", (tenant_id, user_id))
    return row.fetchone() is not None


def add(conn: Connection, link: Link, *, vouched: bool = True) -> bool:
    """Insert a link whose token and secret are sealed already; False when the outside person is linked already.

    `vouched`: an administrator or the provider says whose it is, and not only who holds the account.
    """
    cursor = conn.execute(
        """
        INSERT INTO links (tenant_id, identity_provider_id, identity_provider_user_id, user_id, display_name, token,
                           token_secret, insert_instant, last_login_instant, vouched)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (tenant_id, identity_provider_id, identity_provider_user_id) DO NOTHING
        """,
        (
            link.tenant_id,
            link.identity_provider_id,
            link.identity_provider_user_id,
            link.user_id,
            link.display_name,
            link.token,
            link.token_secret,
            link.insert_instant,
            link.last_login_instant,
            vouched,
        ),
    )
    return cursor.rowcount == 1


def describe_again(conn: Connection, link: Link) -> None:
    """Overwrite display name and token of an existing link where the new ones are given (D25).

    A secret belongs to its token: a new token without one leaves none.
    """
    conn.execute(
        """
        UPDATE links SET display_name = coalesce(%(display_name)s, display_name),
            token = coalesce(%(token)s, token),
            token_secret = CASE WHEN %(token)s::text IS NULL THEN token_secret ELSE %(token_secret)s END
        WHERE tenant_id = %(tenant)s AND identity_provider_id = %(provider)s AND identity_provider_user_id = %(subject)s
        """,
        {
            "display_name": link.display_name,
            "token": link.token,
            "token_secret": link.token_secret,
            "tenant": link.tenant_id,
            "provider": link.identity_provider_id,
            "subject": link.identity_provider_user_id,
        },
    )


def remove(conn: Connection, tenant_id: UUID, provider_id: UUID, subject: str, user_id: UUID) -> bool:
    """Remove the link if it is this user's; False when there is no such link."""
    cursor = conn.execute(
        """
        DELETE FROM links WHERE tenant_id = %s AND identity_provider_id = %s AND identity_provider_user_id = %s
            AND user_id = %s
        """,
        (tenant_id, provider_id, subject, user_id),
    )
    return cursor.rowcount == 1
