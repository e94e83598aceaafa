"""Making, importing, renaming and deleting signing keys, each with its entry in the audit log (decision 39).

Making a key takes long, so it is done before the transaction opens.
"""

from __future__ import annotations

from uuid import UUID

from identity.domain.errors import NotFound
from identity.domain.keys import KeyAlgorithm, SigningKey
from identity.flows.services import Services
from identity.keymaterial.importing import Material, import_key
from identity.keymaterial.making import generate
from identity.store import audit, configuration, keys, tenants
from identity.store.db import Connection


def generate_key(
    services: Services,
    algorithm: KeyAlgorithm,
    *,
    key_id: UUID | None,
    name: str,
    length: int | None,
    issuer: str | None,
    actor: str,
) -> SigningKey:
    """A new key, stored. Raises BadKey, UniqueConflict."""
    key = generate(
        algorithm,
        id=key_id or services.runtime.new_id(),
        name=name,
        length=length,
        issuer=issuer or _default_issuer(services),
        now=services.runtime.now(),
        random_bytes=services.runtime.random_bytes,
    )
    _add(services, key, actor, "Generated")
    return key


def add_imported_key(
    services: Services, material: Material, *, key_id: UUID | None, name: str, actor: str
) -> SigningKey:
    """A key made elsewhere, stored. Raises BadKey, UniqueConflict."""
    key = import_key(material, id=key_id or services.runtime.new_id(), name=name, now=services.runtime.now())
    _add(services, key, actor, "Imported")
    return key


def rename_key(services: Services, key_id: UUID, name: str, actor: str) -> SigningKey:
    """The key under its new name. Raises NotFound, UniqueConflict."""
    now = services.runtime.now()

    def work(conn: Connection) -> SigningKey:
        if not keys.rename(conn, key_id, name, now):
            raise NotFound
        audit.add(conn, now, actor, f"Renamed the signing key with id {key_id} to {name!r}")
        renamed = keys.find(conn, key_id)
        assert renamed is not None  # this transaction has just written it
        return renamed

    return configuration.change(services.db, work)


def delete_key(services: Services, key_id: UUID, actor: str) -> None:
    """Raises NotFound, InUse."""
    now = services.runtime.now()

    def work(conn: Connection) -> None:
        if not keys.delete(conn, key_id, retired_id=services.runtime.new_id(), now=now):
            raise NotFound
        audit.add(conn, now, actor, f"Deleted the signing key with id {key_id}")

    configuration.change(services.db, work)


def _add(services: Services, key: SigningKey, actor: str, how: str) -> None:
    def work(conn: Connection) -> None:
        keys.forget_retired(conn, key.kid, key.public_pem)
        keys.add(conn, services.sealer, key)
        data = {"kid": key.kid, "algorithm": key.algorithm.value}
        message = f"{how} the signing key with id {key.id} and name {key.name!r}"
        audit.add(conn, key.insert_instant, actor, message, data=data)

    configuration.change(services.db, work)


def _default_issuer(services: Services) -> str:
    with services.db.read() as conn:
        return tenants.default_issuer(conn) or services.settings.base_url
