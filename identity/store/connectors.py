"""Connectors, which all tenants share; their system password is sealed. The built-in one is not stored."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from identity.domain.connectors import Connector, SecurityMethod
from identity.sealing import Place, Sealer
from identity.store.db import Connection

COLUMNS = "id, name, reconcile_id, settings, system_account_password, data, insert_instant, last_update_instant"
SETTINGS = (
    "authentication_url",
    "base_structure",
    "system_account_dn",
    "login_id_attribute",
    "identifying_attribute",
    "connect_timeout",
    "read_timeout",
    "debug",
)


def find(conn: Connection, sealer: Sealer, connector_id: UUID) -> Connector | None:
    """Raises CannotOpen."""
    return _first(_read(conn, sealer, sql.SQL("WHERE id = %(id)s"), {"id": connector_id}))


def lock(conn: Connection, sealer: Sealer, connector_id: UUID) -> Connector | None:
    """As `find`, and nobody else changes it before this transaction ends."""
    return _first(_read(conn, sealer, sql.SQL("WHERE id = %(id)s FOR UPDATE"), {"id": connector_id}))


def some(conn: Connection, sealer: Sealer, ids: Collection[UUID]) -> list[Connector]:
    """Those of `ids` that there are."""
    return _read(conn, sealer, sql.SQL("WHERE id = ANY(%(ids)s)"), {"ids": list(ids)}) if ids else []


def every(conn: Connection, sealer: Sealer) -> list[Connector]:
    """By name."""
    return _read(conn, sealer, sql.SQL("ORDER BY name"), {})


def insert(conn: Connection, sealer: Sealer, new: Connector) -> None:
    """Raises UniqueConflict, when the transaction ends: connectors_pkey, connectors_name_key."""
    conn.execute(
        f"""
        INSERT INTO connectors ({COLUMNS})
        VALUES (%(id)s, %(name)s, %(reconcile_id)s, %(settings)s, %(password)s, %(data)s, %(insert_instant)s,
                %(last_update_instant)s)
        """,  # noqa: S608 (a constant)
        _values(sealer, new),
    )


def update(conn: Connection, sealer: Sealer, changed: Connector) -> None:
    """Replace a connector that this transaction has locked. Raises UniqueConflict, when the transaction ends."""
    conn.execute(
        """
        UPDATE connectors SET name = %(name)s, reconcile_id = %(reconcile_id)s, settings = %(settings)s,
               system_account_password = %(password)s, data = %(data)s, last_update_instant = %(last_update_instant)s
        WHERE id = %(id)s
        """,
        _values(sealer, changed),
    )


def delete(conn: Connection, connector_id: UUID) -> bool:
    """Whether there was such a connector. Its users stay."""
    return conn.execute("DELETE FROM connectors WHERE id = %s", (connector_id,)).rowcount == 1


def tenants_using(conn: Connection, connector_id: UUID) -> list[str]:
    """The names of the tenants that have a policy for it."""
    policy = Jsonb([{"connector_id": str(connector_id)}])
    rows = conn.execute(
        "SELECT name FROM tenants WHERE settings -> 'connector_policies' @> %s ORDER BY name", (policy,)
    )
    return [row[0] for row in rows.fetchall()]


def installed(conn: Connection) -> int:
    """When the built-in connector came to be: with the first tenant."""
    row = conn.execute("SELECT min(insert_instant) FROM tenants").fetchone()
    assert row is not None
    return int(row[0])


def _read(conn: Connection, sealer: Sealer, which: sql.Composable, values: dict[str, Any]) -> list[Connector]:
    query = sql.SQL("SELECT {} FROM connectors {}").format(sql.SQL(COLUMNS), which)
    with conn.cursor(row_factory=dict_row) as cursor:
        return [_connector(sealer, row) for row in cursor.execute(query, values).fetchall()]


def _first(found: list[Connector]) -> Connector | None:
    return found[0] if found else None


def _connector(sealer: Sealer, row: dict[str, Any]) -> Connector:
    settings = row["settings"]
    return Connector(
        id=row["id"],
        name=row["name"],
        reconcile_id=row["reconcile_id"],
        system_account_password=sealer.open(row["system_account_password"], _place(row["id"])),
        security_method=SecurityMethod(settings["security_method"]),
        requested_attributes=tuple(settings["requested_attributes"]),
        data=row["data"],
        insert_instant=row["insert_instant"],
        last_update_instant=row["last_update_instant"],
        **{name: settings[name] for name in SETTINGS},
    )


def _values(sealer: Sealer, connector: Connector) -> dict[str, Any]:
    settings = {name: getattr(connector, name) for name in SETTINGS}
    settings["security_method"] = connector.security_method.value
    settings["requested_attributes"] = list(connector.requested_attributes)
    return {
        "id": connector.id,
        "name": connector.name,
        "reconcile_id": connector.reconcile_id,
        "settings": Jsonb(settings),
        "password": sealer.seal(connector.system_account_password, _place(connector.id)),
        "data": Jsonb(dict(connector.data)),
        "insert_instant": connector.insert_instant,
        "last_update_instant": connector.last_update_instant,
    }


def _place(connector_id: UUID) -> Place:
    return Place("connectors", connector_id, "system_account_password")
