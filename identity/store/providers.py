"""Identity providers with their entries per application and per tenant. Secrets are sealed, bound to their row."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from identity.domain.model import ApplicationOverride, LinkingStrategy, LinkLimit, ProviderConfig
from identity.sealing import Place, Sealer
from identity.store.db import Connection
from identity.store.listing import Page, name_pattern, order_clause

Row = Mapping[str, Any]
ORDERS = {
    "enabled": "enabled",
    "id": "id",
    "insertInstant": "insert_instant",
    "name": "name",
    "source": "id",  # every provider has the same source
    "type": "type",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Search criteria; None matches everything."""

    application_id: UUID | None = None
    name: str | None = None
    type: str | None = None


def find(conn: Connection, sealer: Sealer, provider_id: UUID) -> ProviderConfig | None:
    """Raises CannotOpen."""
    found = _read(conn, sealer, sql.SQL("WHERE id = %(id)s"), {"id": provider_id})
    return found[0] if found else None


def lock(conn: Connection, sealer: Sealer, provider_id: UUID) -> ProviderConfig | None:
    """As `find`, and nobody else changes it until the transaction ends.

    Two statements: one that waited for the lock would still see the other tables as they were before it waited.
    """
    conn.execute("SELECT 1 FROM identity_providers WHERE id = %s FOR UPDATE", (provider_id,))
    return find(conn, sealer, provider_id)


def every(conn: Connection, sealer: Sealer) -> list[ProviderConfig]:
    """In the order they were made."""
    return _read(conn, sealer, sql.SQL("ORDER BY insert_instant, id"), {})


def of_type(conn: Connection, sealer: Sealer, kind: str) -> list[ProviderConfig]:
    return _read(conn, sealer, sql.SQL("WHERE type = %(type)s ORDER BY insert_instant, id"), {"type": kind})


def usable_for(conn: Connection, application_id: UUID) -> list[UUID]:
    """The ids of those that are enabled, and enabled for this application, in the order they were made."""
    rows = conn.execute(
        """
        SELECT p.id FROM identity_providers p JOIN identity_provider_applications a ON a.identity_provider_id = p.id
        WHERE a.application_id = %s AND a.enabled AND p.enabled ORDER BY p.insert_instant, p.id
        """,
        (application_id,),
    ).fetchall()
    return [provider_id for (provider_id,) in rows]


def search(conn: Connection, sealer: Sealer, wanted: Wanted, page: Page) -> tuple[list[ProviderConfig], int]:
    """One page and the number of all matches. Raises UnknownOrder, CannotOpen."""
    where = sql.SQL(
        """
        WHERE (%(name)s::text IS NULL OR name ILIKE %(name)s) AND (%(type)s::text IS NULL OR type = %(type)s)
          AND (%(application)s::uuid IS NULL OR enabled AND EXISTS (
            SELECT 1 FROM identity_provider_applications a
            WHERE a.identity_provider_id = p.id AND a.application_id = %(application)s AND a.enabled))
        """
    )
    values = {"name": name_pattern(wanted.name), "type": wanted.type, "application": wanted.application_id}
    order = order_clause(page.order_by, ORDERS, "name ASC")
    part = sql.SQL(" ORDER BY {} LIMIT %(limit)s OFFSET %(offset)s").format(order)
    found = _read(conn, sealer, where + part, {**values, "limit": page.number_of_results, "offset": page.start_row})
    row = conn.execute(sql.SQL("SELECT count(*) FROM identity_providers p {}").format(where), values).fetchone()
    assert row is not None
    return found, row[0]


def insert(conn: Connection, sealer: Sealer, config: ProviderConfig, secret_names: Collection[str]) -> bool:
    """False when there is one with this id or name already."""
    values = _columns(sealer, config, secret_names)
    cursor = conn.execute(
        f"""
        INSERT INTO identity_providers ({", ".join(values)}) VALUES ({", ".join(f"%({name})s" for name in values)})
        ON CONFLICT DO NOTHING
        """,  # noqa: S608 (constant column names)
        values,
    )
    if cursor.rowcount == 0:
        return False
    _put_entries(conn, sealer, config, secret_names)
    return True


def update(
    conn: Connection, sealer: Sealer, stored: ProviderConfig, config: ProviderConfig, secret_names: Collection[str]
) -> None:
    """Replace `stored`, which the caller has locked, by `config`."""
    values = _columns(sealer, config, secret_names)
    assignments = ", ".join(f"{name} = %({name})s" for name in values if name != "id")
    conn.execute(f"UPDATE identity_providers SET {assignments} WHERE id = %(id)s", values)  # noqa: S608
    if stored.applications != config.applications or stored.tenants != config.tenants:
        conn.execute("DELETE FROM identity_provider_applications WHERE identity_provider_id = %s", (config.id,))
        conn.execute("DELETE FROM identity_provider_tenants WHERE identity_provider_id = %s", (config.id,))
        _put_entries(conn, sealer, config, secret_names)


def delete(conn: Connection, provider_id: UUID) -> bool:
    """With its entries, links and pending links; False when there is none."""
    return conn.execute("DELETE FROM identity_providers WHERE id = %s", (provider_id,)).rowcount == 1


def known_applications(conn: Connection, ids: Iterable[UUID]) -> set[UUID]:
    """Those of `ids` that are applications."""
    return {row[0] for row in conn.execute("SELECT id FROM applications WHERE id = ANY(%s)", (list(ids),))}


def known_tenants(conn: Connection, ids: Iterable[UUID]) -> set[UUID]:
    return {row[0] for row in conn.execute("SELECT id FROM tenants WHERE id = ANY(%s)", (list(ids),))}


def _read(conn: Connection, sealer: Sealer, which: sql.Composable, values: Mapping[str, Any]) -> list[ProviderConfig]:
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(sql.SQL("SELECT p.* FROM identity_providers p {}").format(which), values).fetchall()
        ids = [row["id"] for row in rows]
        applications = cursor.execute(
            "SELECT * FROM identity_provider_applications WHERE identity_provider_id = ANY(%s)", (ids,)
        ).fetchall()
        tenants = cursor.execute(
            "SELECT * FROM identity_provider_tenants WHERE identity_provider_id = ANY(%s)", (ids,)
        ).fetchall()
    return [_config(sealer, row, applications, tenants) for row in rows]


def _config(
    sealer: Sealer, row: Row, applications: list[dict[str, Any]], tenants: list[dict[str, Any]]
) -> ProviderConfig:
    provider_id = row["id"]
    return ProviderConfig(
        id=provider_id,
        type=row["type"],
        name=row["name"],
        enabled=row["enabled"],
        debug=row["debug"],
        linking_strategy=LinkingStrategy(row["linking_strategy"]),
        reconcile_id=row["reconcile_id"],
        settings=row["settings"] | _opened(sealer, row["secrets"], _provider_place(provider_id)),
        applications={
            entry["application_id"]: ApplicationOverride(
                entry["enabled"],
                entry["create_registration"],
                entry["settings"]
                | _opened(sealer, entry["secrets"], _entry_place(provider_id, entry["application_id"])),
                entry["data"],
            )
            for entry in applications
            if entry["identity_provider_id"] == provider_id
        },
        tenants={
            entry["tenant_id"]: LinkLimit(entry["limit_enabled"], entry["maximum_links"], entry["data"])
            for entry in tenants
            if entry["identity_provider_id"] == provider_id
        },
        data=row["data"],
        insert_instant=row["insert_instant"],
        last_update_instant=row["last_update_instant"],
    )


def _columns(sealer: Sealer, config: ProviderConfig, secret_names: Collection[str]) -> dict[str, Any]:
    settings, secrets = _split(sealer, config.settings, secret_names, _provider_place(config.id))
    return {
        "id": config.id,
        "type": config.type,
        "name": config.name,
        "enabled": config.enabled,
        "debug": config.debug,
        "linking_strategy": config.linking_strategy.value,
        "reconcile_id": config.reconcile_id,
        "settings": settings,
        "secrets": secrets,
        "data": Jsonb(dict(config.data)),
        "insert_instant": config.insert_instant,
        "last_update_instant": config.last_update_instant,
    }


def _put_entries(conn: Connection, sealer: Sealer, config: ProviderConfig, secret_names: Collection[str]) -> None:
    with conn.cursor() as cursor:
        if config.applications:
            cursor.executemany(
                """
                INSERT INTO identity_provider_applications
                    (identity_provider_id, tenant_id, application_id, enabled, create_registration, settings, secrets,
                     data)
                SELECT %s, tenant_id, id, %s, %s, %s, %s, %s FROM applications WHERE id = %s
                """,
                [
                    (
                        config.id,
                        entry.enabled,
                        entry.create_registration,
                        *_split(sealer, entry.settings, secret_names, _entry_place(config.id, application_id)),
                        Jsonb(dict(entry.data)),
                        application_id,
                    )
                    for application_id, entry in config.applications.items()
                ],
            )
        if config.tenants:
            cursor.executemany(
                """
                INSERT INTO identity_provider_tenants
                    (identity_provider_id, tenant_id, limit_enabled, maximum_links, data)
                VALUES (%s, %s, %s, %s, %s)
                """,
                [
                    (config.id, tenant_id, limit.enabled, limit.maximum_links, Jsonb(dict(limit.data)))
                    for tenant_id, limit in config.tenants.items()
                ],
            )


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that holds sealed settings."""

    table: str
    key: UUID | str

    def place(self, name: str) -> Place:
        return Place(self.table, self.key, f"secrets.{name}")


def _provider_place(provider_id: UUID) -> _Row:
    return _Row("identity_providers", provider_id)


def _entry_place(provider_id: UUID, application_id: UUID) -> _Row:
    return _Row("identity_provider_applications", f"{provider_id}/{application_id}")


def _split(
    sealer: Sealer, settings: Mapping[str, Any], secret_names: Collection[str], row: _Row
) -> tuple[Jsonb, Jsonb]:
    """The settings without the secret ones, and these sealed."""
    clear = {name: value for name, value in settings.items() if name not in secret_names}
    sealed = {name: sealer.seal(settings[name], row.place(name)) for name in secret_names if name in settings}
    return Jsonb(clear), Jsonb(sealed)


def _opened(sealer: Sealer, secrets: Mapping[str, str], row: _Row) -> dict[str, str]:
    return {name: sealer.open(text, row.place(name)) for name, text in secrets.items()}


def names(conn: Connection) -> dict[UUID, tuple[str, str]]:
    """The name and type of every provider, by id: what a link shows of its provider."""
    rows = conn.execute("SELECT id, name, type FROM identity_providers").fetchall()
    return {row[0]: (row[1], row[2]) for row in rows}
