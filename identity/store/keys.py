"""Signing keys. Private keys and secrets are sealed (decision 25).

A deleted key leaves a row behind under a fresh id, public half only, for as long as tokens that it signed may live:
`publish_until`. Configuration that stops using a key, or shortens the life of its tokens, says so by `keep_published`
before it changes (decision 26).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row

from identity.domain.keys import KeyAlgorithm, KeyType, SigningKey
from identity.domain.tokens import JwtConfiguration
from identity.sealing import Place, Sealer
from identity.store.db import Connection
from identity.store.listing import Page, name_pattern, order_clause

Row = dict[str, Any]

SHOWN = sql.SQL(
    """id, kid, algorithm, name, length, issuer, public_key, private_key IS NOT NULL AS has_private_key, certificate,
    expiration_instant, insert_instant, last_update_instant"""
)
SECRETS = sql.SQL("private_key, secret")
LIVE = sql.SQL("deleted_instant IS NULL")
SIGNS = sql.SQL("(private_key IS NOT NULL OR secret IS NOT NULL)")
MATCHING = sql.SQL(
    """
    FROM keys WHERE deleted_instant IS NULL
    AND (%(name)s::text IS NULL OR name ILIKE %(name)s)
    AND (%(algorithm)s::text IS NULL OR algorithm = %(algorithm)s) AND (%(type)s::text IS NULL OR type = %(type)s)
    """
)
ORDERS = {
    "algorithm": "algorithm",
    "expiration": "expiration_instant",
    "id": "id",
    "insertInstant": "insert_instant",
    "name": "name",
    "type": "type",
}


def find(conn: Connection, key_id: UUID) -> SigningKey | None:
    """A key to be shown: without private key and secret."""
    return _one(conn, sql.SQL("SELECT {} FROM keys WHERE id = %s AND {}").format(SHOWN, LIVE), (key_id,))


def find_signer(conn: Connection, sealer: Sealer, key_id: UUID) -> SigningKey | None:
    """A key with its private key or secret, if it has one: to sign with."""
    query = sql.SQL("SELECT {}, {} FROM keys WHERE id = %s AND {} AND {}").format(SHOWN, SECRETS, LIVE, SIGNS)
    return _one(conn, query, (key_id,), sealer)


def find_verifier(conn: Connection, sealer: Sealer, kid: str, now: int) -> SigningKey | None:
    """The key by which a token with this kid may have been signed by us, deleted ones included while they count."""
    query = sql.SQL("SELECT {}, secret FROM keys WHERE kid = %s AND ({} AND {} OR publish_until > %s)")
    return _one(conn, query.format(SHOWN, LIVE, SIGNS), (kid, now), sealer)


def list_all(conn: Connection) -> list[SigningKey]:
    query = sql.SQL("SELECT {} FROM keys WHERE {} ORDER BY name, id").format(SHOWN, LIVE)
    return _many(conn, query, ())


def list_published(conn: Connection, now: int) -> list[SigningKey]:
    """The asymmetric keys that tokens of ours are signed with, or were. Keys that only verify are not among them."""
    query = sql.SQL(
        """
        SELECT {} FROM keys
        WHERE public_key IS NOT NULL AND (private_key IS NOT NULL AND {} OR publish_until > %s)
        ORDER BY insert_instant, id
        """
    )
    return _many(conn, query.format(SHOWN, LIVE), (now,))


def search(
    conn: Connection, page: Page, *, name: str | None, algorithm: KeyAlgorithm | None, type: KeyType | None
) -> tuple[list[SigningKey], int]:
    """One page, and how many there are in all. Raises UnknownOrder."""
    values = {
        "name": name_pattern(name),
        "algorithm": algorithm.value if algorithm else None,
        "type": type.value if type else None,
        "most": page.number_of_results,
        "start": page.start_row,
    }
    query = sql.SQL("SELECT {} {} ORDER BY {} LIMIT %(most)s OFFSET %(start)s")
    found = _many(conn, query.format(SHOWN, MATCHING, order_clause(page.order_by, ORDERS, "name")), values)
    total = conn.execute(sql.SQL("SELECT count(*) {}").format(MATCHING), values).fetchone()
    assert total is not None
    return found, int(total[0])


def own_key_of(conn: Connection, application_id: UUID) -> SigningKey | None:
    """The access-token key that an application has of its own: named by its configuration, which is enabled."""
    query = sql.SQL(
        """
        SELECT {} FROM keys
        WHERE {} AND id = (SELECT access_token_key_id FROM applications
                           WHERE applications.id = %s AND settings #> '{{jwt_configuration,enabled}}' = 'true')
        """
    )
    return _one(conn, query.format(SHOWN, LIVE), (application_id,))


def add(conn: Connection, sealer: Sealer, key: SigningKey) -> None:
    """Raises UniqueConflict, when the transaction ends: keys_pkey, keys_name or keys_kid_key."""
    _insert(
        conn,
        {
            "id": key.id,
            "name": key.name,
            "kid": key.kid,
            "algorithm": key.algorithm.value,
            "type": key.type.value,
            "length": key.length,
            "issuer": key.issuer,
            "public_key": key.public_pem,
            "certificate": key.certificate_pem,
            "private_key": sealer.seal(key.private_pem, _place(key.id, "private_key")) if key.private_pem else None,
            "secret": sealer.seal(key.secret, _place(key.id, "secret")) if key.secret else None,
            "expiration_instant": key.expiration_instant,
            "insert_instant": key.insert_instant,
            "last_update_instant": key.last_update_instant,
        },
    )


def forget_retired(conn: Connection, kid: str, public_pem: str | None) -> None:
    """Make room for a key that comes back: the row that its deletion left behind goes, if it is the same key."""
    conn.execute(
        "DELETE FROM keys WHERE kid = %s AND public_key = %s AND deleted_instant IS NOT NULL", (kid, public_pem)
    )


def rename(conn: Connection, key_id: UUID, name: str, now: int) -> bool:
    """Whether there was such a key. Raises UniqueConflict, when the transaction ends: keys_name."""
    query = sql.SQL("UPDATE keys SET name = %s, last_update_instant = %s WHERE id = %s AND {}").format(LIVE)
    return conn.execute(query, (name, now, key_id)).rowcount == 1


def keep_published(conn: Connection, key_ids: Collection[UUID], until: int) -> None:
    """Tokens of these keys may live until then (epoch milliseconds), whatever happens to the keys.

    To be called before configuration stops using a key or lowers its time to live, with `until` = the instant of the
    change + the time to live that counted so far; and for a token that lives longer than the configuration says.
    """
    conn.execute(
        "UPDATE keys SET publish_until = greatest(publish_until, %s) WHERE id = ANY(%s)", (until, list(key_ids))
    )


def delete(conn: Connection, key_id: UUID, *, retired_id: UUID, now: int) -> bool:
    """Whether there was such a key. Raises InUse, when a tenant or an application refers to it.

    What remains of a pair, under `retired_id`, can verify and do nothing else. It stays at least as long as a token
    signed just now under the longest-lived configuration would.
    """
    conn.execute("DELETE FROM keys WHERE deleted_instant IS NOT NULL AND publish_until <= %s", (now,))
    query = sql.SQL("DELETE FROM keys WHERE id = %s AND {} RETURNING *").format(LIVE)
    row = conn.cursor(row_factory=dict_row).execute(query, (key_id,)).fetchone()
    if row is not None and row["private_key"] is not None:
        until = max(row["publish_until"] or 0, now + longest_time_to_live(conn) * 1000)
        retired = {"id": retired_id, "deleted_instant": now, "publish_until": until, "private_key": None}
        _insert(conn, {**row, **retired})
    return row is not None


def longest_time_to_live(conn: Connection) -> int:
    """Seconds: the longest life of an access token that any tenant or application is configured for."""
    row = conn.execute(
        """
        SELECT max(value::bigint) FROM (
            SELECT jsonb_path_query(settings, '$.**.time_to_live_in_seconds') AS value FROM tenants
            UNION ALL SELECT jsonb_path_query(settings, '$.**.time_to_live_in_seconds') FROM applications
        ) AS configured WHERE jsonb_typeof(value) = 'number'
        """
    ).fetchone()
    return max(int(row[0]) if row and row[0] else 0, JwtConfiguration().time_to_live_in_seconds)


def _insert(conn: Connection, row: Row) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, row))
    values = sql.SQL(", ").join(map(sql.Placeholder, row))
    conn.execute(sql.SQL("INSERT INTO keys ({}) VALUES ({})").format(columns, values), row)


def _one(conn: Connection, query: sql.Composed, values: Any, sealer: Sealer | None = None) -> SigningKey | None:
    row = conn.cursor(row_factory=dict_row).execute(query, values).fetchone()
    return None if row is None else _key(row, sealer)


def _many(conn: Connection, query: sql.Composed, values: Any) -> list[SigningKey]:
    return [_key(row, None) for row in conn.cursor(row_factory=dict_row).execute(query, values)]


def _key(row: Row, sealer: Sealer | None) -> SigningKey:
    def opened(column: str) -> str | None:
        sealed = row.get(column)
        return sealer.open(sealed, _place(row["id"], column)) if sealer and sealed else None

    return SigningKey(
        id=row["id"],
        kid=row["kid"],
        algorithm=KeyAlgorithm(row["algorithm"]),
        name=row["name"],
        length=row["length"],
        issuer=row["issuer"],
        public_pem=row["public_key"],
        has_private_key=row["has_private_key"],
        private_pem=opened("private_key"),
        secret=opened("secret"),
        certificate_pem=row["certificate"],
        expiration_instant=row["expiration_instant"],
        insert_instant=row["insert_instant"],
        last_update_instant=row["last_update_instant"],
    )


def _place(key_id: UUID, column: str) -> Place:
    return Place("keys", key_id, column)
