"""The objects that exist after the first migration: default tenant, its two applications, signing key and lambdas.

Source: supporting contract 5.4; decisions 26, 36, 47. Made once per database, by whichever process is first; the ids
are random but for FusionAuth's fixed ones, and are what a kickstart's built-in variables name.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from identity.domain.keys import KeyAlgorithm
from identity.domain.lambdas import Lambda, LambdaType
from identity.domain.model import FUSIONAUTH_APPLICATION_ID, Application, Role, Tenant
from identity.http.fusionauth.schemas.applications import ApplicationRequest
from identity.http.fusionauth.schemas.lambdas import ENGINE
from identity.http.fusionauth.schemas.tenants import TenantRequest
from identity.keymaterial.making import generate
from identity.outbound.default_lambdas import DEFAULT_LAMBDAS
from identity.runtime import Runtime
from identity.sealing import Sealer, read_key_file
from identity.settings import Settings
from identity.store import applications, configuration, installation, keys, lambdas, roles, tenants
from identity.store.db import Connection, Database
from identity.store.migrate import migrate

FUSIONAUTH_APPLICATION_NAME = "FusionAuth"
TENANT_MANAGER_APPLICATION_NAME = "Tenant Manager"
TENANT_MANAGER_ADMIN_ROLE_ID = UUID("631ecd9d-8d40-4c13-8277-80cedb823714")
KEY_NAME = "Default signing key"
KEY_LENGTH = 2048
COLUMNS = frozenset({"id", "name", "data", "roles", "state", "tenant_id", "insert_instant", "last_update_instant"})
"""Members of a loaded document that are columns of their own, or tables."""


def prepare(settings: Settings, runtime: Runtime) -> list[str]:
    """Bring the database of `settings` up to date: migrations, then the default objects. Returns what was applied.

    Raises BadSettings, BadKeyFile, MigrationRefused, StoreUnavailable.
    """
    sealer = read_key_file(settings.secret_key_path, runtime.random_bytes)
    applied = migrate(settings.database.url, now=runtime.now())
    database = Database(settings.database.url, pool_size=1, prepare=False)
    database.open()
    try:
        bootstrap(database, sealer, runtime, settings.base_url)
    finally:
        database.close()
    return applied


def builtins(conn: Connection) -> dict[str, str]:
    """The built-in variables of a kickstart file: the ids of the default objects, by FusionAuth's names."""
    return {name: str(value) for name, value in (installation.defaults(conn) or {}).items()}


def bootstrap(db: Database, sealer: Sealer, runtime: Runtime, issuer: str) -> bool:
    """Make the default objects if this database has none yet; whether this call made them."""
    with db.transaction() as conn:
        if not installation.claim_bootstrap(conn, runtime.now()):
            return False
        _make(conn, sealer, runtime, issuer)
        configuration.changed(conn)
        return True


def _make(conn: Connection, sealer: Sealer, runtime: Runtime, issuer: str) -> None:
    now = runtime.now()
    key = generate(
        KeyAlgorithm.RS256,
        id=runtime.new_id(),
        name=KEY_NAME,
        length=KEY_LENGTH,
        issuer=issuer,
        now=now,
        random_bytes=runtime.random_bytes,
    )
    keys.add(conn, sealer, key)
    ids = {"FUSIONAUTH_DEFAULT_SIGNING_KEY_ID": key.id}
    for kind, name, body in DEFAULT_LAMBDAS:
        lambda_id = ids[f"FUSIONAUTH_LAMBDA[{kind}]_ID"] = runtime.new_id()
        lambdas.insert(conn, Lambda(lambda_id, name, LambdaType(kind), body, False, ENGINE, now, now))
    tenant = tenants.insert(
        conn,
        Tenant(
            id=runtime.new_id(),
            name="Default",
            is_default=True,
            issuer=None,
            access_token_key_id=key.id,
            id_token_key_id=key.id,
            settings=_settings(TenantRequest().load({"tenant": {"name": "Default"}})["tenant"]),
            data={},
            insert_instant=now,
            last_update_instant=now,
        ),
    )
    manager_id = runtime.new_id()
    _application(conn, runtime, tenant.id, FUSIONAUTH_APPLICATION_ID, FUSIONAUTH_APPLICATION_NAME, runtime.new_id())
    _application(conn, runtime, tenant.id, manager_id, TENANT_MANAGER_APPLICATION_NAME, TENANT_MANAGER_ADMIN_ROLE_ID)
    ids |= {
        "FUSIONAUTH_APPLICATION_ID": FUSIONAUTH_APPLICATION_ID,
        "FUSIONAUTH_TENANT_ID": tenant.id,
        "FUSIONAUTH_TENANT_MANAGER_APPLICATION_ID": manager_id,
        "TENANT_MANAGER_ID": manager_id,
    }
    installation.note_defaults(conn, {name: str(value) for name, value in ids.items()})


def _application(
    conn: Connection, runtime: Runtime, tenant_id: UUID, application_id: UUID, name: str, role_id: UUID
) -> None:
    """An application with the one role admin."""
    now = runtime.now()
    application = Application(
        tenant_id=tenant_id,
        id=application_id,
        name=name,
        active=True,
        access_token_key_id=None,
        id_token_key_id=None,
        settings=_settings(ApplicationRequest().load({"application": {"name": name}})["application"]),
        data={},
        insert_instant=now,
        last_update_instant=now,
    )
    applications.insert(conn, application)
    admin = Role(role_id, "admin", "May do everything.", False, True, now, now)
    roles.insert(conn, application, admin)


def _settings(loaded: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in loaded.items() if name not in COLUMNS}
