"""Give the default tenant or the Tenant Manager application the id a kickstart file chooses.

Source: supporting contract 19.2. Secrets open only in their own row, so they are sealed anew for the new id.
"""

from __future__ import annotations

from uuid import UUID

from identity.flows.configuration import sealed_members
from identity.sealing import Sealer
from identity.store import configuration, installation, kickstart
from identity.store.db import Connection


class CannotRename(Exception):
    """The id can not be changed any more; the message says why."""


def rename_default_tenant(conn: Connection, sealer: Sealer, new_id: UUID) -> None:
    """Raises CannotRename."""
    old_id = kickstart.default_tenant_id(conn)
    if old_id is not None and old_id != new_id and kickstart.has_users(conn, old_id):
        raise CannotRename("variables.defaultTenantId: the default tenant has users already and keeps its id.")
    _rename(conn, sealer, "tenants", "tenant_id", old_id, new_id)


def rename_tenant_manager(conn: Connection, sealer: Sealer, old_id: UUID | None, new_id: UUID) -> None:
    """Raises CannotRename."""
    if old_id is not None and old_id != new_id and kickstart.has_overrides(conn, old_id):
        raise CannotRename("variables.tenantManagerApplicationId: an identity provider has settings for it already.")
    _rename(conn, sealer, "applications", "application_id", old_id, new_id)


def _rename(conn: Connection, sealer: Sealer, table: str, column: str, old_id: UUID | None, new_id: UUID) -> None:
    secrets = None if old_id is None else kickstart.secrets_of(conn, table, old_id)
    if old_id is None or secrets is None:
        raise CannotRename(f"There is no row of {table} to give the id {new_id}.")
    if old_id == new_id:
        return
    if kickstart.secrets_of(conn, table, new_id) is not None:
        raise CannotRename(f"The id {new_id} is taken in {table}.")
    clear = sealed_members.opened(sealer, table, old_id, secrets)
    kickstart.rename(conn, table, column, old_id, new_id, sealed_members.sealed(sealer, table, new_id, clear))
    defaults = installation.defaults(conn) or {}
    renamed = {name: str(new_id) if value == str(old_id) else value for name, value in defaults.items()}
    installation.note_defaults(conn, renamed)
    configuration.changed(conn)
