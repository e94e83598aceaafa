"""Signing keys. Source: supporting contract 9."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from identity.domain.errors import Invalid, NotFound, Problem, field_problem, invalid_field
from identity.domain.keys import SigningKey
from identity.flows.configuration import save_key
from identity.http.fusionauth.criteria import CRITERIA, criteria, page_of, refusing_unknown_order
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.keys import (
    CertificateInformationSchema,
    GenerateKeyRequest,
    ImportKeyRequest,
    KeyResponse,
    KeySchema,
    KeySearchRequest,
    RenameKeyRequest,
)
from identity.keymaterial.certificates import describe
from identity.keymaterial.errors import BadKey
from identity.keymaterial.importing import Material
from identity.store import keys
from identity.store.db import InUse, UniqueConflict
from identity.wire import camel_case

routes = Routes("Keys", "Keys that sign and verify tokens: generate, import, rename, delete.")

TAKEN = {"keys_pkey": "key.id", "keys_name": "key.name", "keys_kid_key": "key.kid"}
ENCRYPTED = "The private key is protected by a pass phrase: give it in the clear."


@routes.post(
    "/api/key/generate",
    "/api/key/generate/<key_id>",
    endpoint="/api/key/generate",
    scope=Scope.GLOBAL,
    takes=GenerateKeyRequest,
    gives=KeyResponse,
)
def generate_key(call: Call, key_id: UUID | None = None) -> dict[str, Any]:
    """Generate a key: RSA and EC pairs and Ed25519 with a self-signed certificate, or an HMAC secret."""
    wanted = call.load(GenerateKeyRequest())["key"]
    with _refusals():
        key = save_key.generate_key(call.services, key_id=key_id, actor=call.actor, **wanted)
    return {"key": shown(key)}


@routes.post(
    "/api/key/import",
    "/api/key/import/<key_id>",
    endpoint="/api/key/import",
    scope=Scope.GLOBAL,
    takes=ImportKeyRequest,
    gives=KeyResponse,
)
def import_key(call: Call, key_id: UUID | None = None) -> dict[str, Any]:
    """Import a key: a private key signs, a public key or certificate alone verifies, an HMAC secret does both."""
    given = call.load(ImportKeyRequest())["key"]
    name = given.pop("name")
    with _refusals():
        key = save_key.add_imported_key(call.services, Material(**given), key_id=key_id, name=name, actor=call.actor)
    return {"key": shown(key)}


@routes.get("/api/key", endpoint="/api/key", scope=Scope.GLOBAL, gives=KeyResponse)
def retrieve_keys(call: Call) -> dict[str, Any]:
    """All keys, by name."""
    with call.services.db.read() as conn:
        return {"keys": [shown(key) for key in keys.list_all(conn)]}


@routes.get("/api/key/<key_id>", endpoint="/api/key", scope=Scope.GLOBAL, gives=KeyResponse)
def retrieve_key(call: Call, key_id: UUID) -> dict[str, Any]:
    """One key; its private key or secret is never shown."""
    return {"key": shown(_existing(call, key_id))}


@routes.put("/api/key/<key_id>", endpoint="/api/key", scope=Scope.GLOBAL, takes=RenameKeyRequest, gives=KeyResponse)
def update_key(call: Call, key_id: UUID) -> dict[str, Any]:
    """Rename a key: nothing else of it can change."""
    _existing(call, key_id)
    wanted = call.load(RenameKeyRequest())["key"]
    with _refusals():
        return {"key": shown(save_key.rename_key(call.services, key_id, wanted["name"], call.actor))}


@routes.delete("/api/key/<key_id>", endpoint="/api/key", scope=Scope.GLOBAL)
def delete_key(call: Call, key_id: UUID) -> None:
    """Delete a key that no tenant and no application uses; others can still verify what it signed."""
    with _refusals():
        save_key.delete_key(call.services, key_id, call.actor)


SEARCH_QUERY = {
    **CRITERIA,
    "algorithm": "Keys of this algorithm only",
    "type": "Keys of this type only",
}


@routes.get("/api/key/search", endpoint="/api/key/search", scope=Scope.GLOBAL, gives=KeyResponse, query=SEARCH_QUERY)
def search_keys_by_query(call: Call) -> dict[str, Any]:
    """Search keys by query parameters."""
    return _search(call)


@routes.post(
    "/api/key/search", endpoint="/api/key/search", scope=Scope.GLOBAL, takes=KeySearchRequest, gives=KeyResponse
)
def search_keys(call: Call) -> dict[str, Any]:
    """Search keys by the criteria under `search`."""
    return _search(call)


def _search(call: Call) -> dict[str, Any]:
    wanted = criteria(call, KeySearchRequest())
    with refusing_unknown_order(), call.services.db.read() as conn:
        found, total = keys.search(
            conn,
            page_of(wanted),
            name=wanted.get("name"),
            algorithm=wanted.get("algorithm"),
            type=wanted.get("type"),
        )
    return {"keys": [shown(key) for key in found], "total": total}


def shown(key: SigningKey) -> dict[str, Any]:
    """The wire form of a key; a secret does not say whether it has a private key."""
    wire: dict[str, Any] = KeySchema().dump(key)
    if key.public_pem is None:
        del wire["hasPrivateKey"]
    if key.certificate_pem is not None:
        wire["certificateInformation"] = CertificateInformationSchema().dump(describe(key.certificate_pem))
    return wire


def _existing(call: Call, key_id: UUID) -> SigningKey:
    with call.services.db.read() as conn:
        key = keys.find(conn, key_id)
    if key is None:
        raise NotFound
    return key


@contextmanager
def _refusals() -> Iterator[None]:
    """What refuses a key, as field errors."""
    try:
        yield
    except BadKey as error:
        raise Invalid({f"key.{camel_case(name)}": [_problem(name, reason)] for name, reason in error.errors}) from error
    except UniqueConflict as error:
        if error.constraint not in TAKEN:
            raise
        raise invalid_field(TAKEN[error.constraint], "duplicate") from error
    except InUse as error:
        raise invalid_field("key.id", "inUse") from error


def _problem(name: str, reason: str) -> Problem:
    path = f"key.{camel_case(name)}"
    return field_problem(path, "invalid", ENCRYPTED) if reason == "encrypted" else field_problem(path, reason)
