"""The API key of a development installation: random, made at the first start, known only to `dev.env`."""

from __future__ import annotations

from identity.domain.api_keys import ApiKey
from identity.runtime import Runtime
from identity.store import api_keys, configuration
from identity.store.db import Database


def development_key(url: str, known: str, runtime: Runtime) -> str:
    """The key of an earlier start while the database has it, else a new one that may do everything."""
    database = Database(url, pool_size=1)
    database.open()
    try:
        with database.transaction() as conn:
            if known and api_keys.find_by_text(conn, known) is not None:
                return known
            text = runtime.new_secret()
            api_keys.add(conn, _key(runtime), text, None)
            configuration.changed(conn)
            return text
    finally:
        database.close()


def _key(runtime: Runtime) -> ApiKey:
    key_id, now = runtime.new_id(), runtime.now()
    return ApiKey(
        id=key_id,
        tenant_id=None,
        name=f"Development {key_id}",
        description="Made by `identity dev`",
        permissions={},
        key_manager=True,
        retrievable=False,
        expiration_instant=None,
        ip_access_control_list_id=None,
        attributes={},
        insert_instant=now,
        last_update_instant=now,
    )
