"""A whole service for a test: a fresh database, the application over real HTTP on a free port, a super API key."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import psycopg
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from fusionauth.fusionauth_client import FusionAuthClient
from psycopg.types.json import Jsonb
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Response

from identity import settings as settings_module
from identity.app import build_services, create_app
from identity.flows.services import Services
from identity.http.fusionauth.schemas.tenants import TenantRequest
from identity.runtime import Runtime
from identity.sealing import Place, new_key_line
from identity.settings import Settings
from identity.store.api_keys import hash_of
from identity.store.migrate import migrate
from tests.snapshot import Snapshot

NOW = 1_750_000_000_000

NOBODYS_ID = "00000000-0000-4000-8000-00000000dead"
"""An id that nothing has, the same in every process: parameters of tests must be, since each process collects them."""


@dataclass(frozen=True)
class Service:
    """A running service. `key` opens every endpoint; the default tenant signs with `signing_key_id`."""

    url: str
    key: str
    services: Services
    tenant_id: UUID
    signing_key_id: UUID
    client: FusionAuthClient
    extra_keys: list[str] = field(default_factory=list)

    def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        key: str | None = None,
        tenant: UUID | str | None = None,
        **options: Any,
    ) -> requests.Response:
        """A raw request with the super key, unless `key` says otherwise (an empty one sends none)."""
        headers = dict(options.pop("headers", {}))
        given = self.key if key is None else key
        if given:
            headers["Authorization"] = given
        if tenant is not None:
            headers["X-FusionAuth-TenantId"] = str(tenant)
        return requests.request(method, self.url + path, json=json, headers=headers, timeout=30, **options)

    def add_key(self, *, tenant_id: UUID | None = None, permissions: dict[str, list[str]] | None = None) -> str:
        """One more API key, tenant-locked or limited to `permissions` on request."""
        with self.services.db.transaction() as conn:
            key = insert_api_key(conn, tenant_id=tenant_id, permissions=permissions)
        self.extra_keys.append(key)
        return key

    def begin_again(self, beginning: Snapshot) -> None:
        """Everything as it was when this was taken, for the next test."""
        self.services.traces.flush()
        beginning.restore()
        self.services.configurations.forget()
        self.extra_keys.clear()

    def client_for(self, *, key: str | None = None, tenant: UUID | str | None = None) -> FusionAuthClient:
        """The official client with another key, or naming a tenant."""
        client = FusionAuthClient(key or self.key, self.url)
        if tenant is not None:
            client.set_tenant_id(str(tenant))
        return client


def codes(response: requests.Response) -> set[str]:
    """The codes of an Errors answer."""
    assert response.status_code == 400, response.text
    errors = response.json()
    return {error["code"] for found in [*errors["fieldErrors"].values(), errors["generalErrors"]] for error in found}


@contextmanager
def running_service(
    database_url: str, runtime: Runtime | None = None, settings: Settings | None = None
) -> Iterator[Service]:
    """Migrate the database, put the default objects in, serve; everything is closed at the end of the block."""
    with TemporaryDirectory() as folder, _listening() as server:
        url = f"http://127.0.0.1:{server.server_port}"
        services = build_services(_settings(settings, database_url, Path(folder), url), runtime)
        try:
            migrate(database_url, now=services.runtime.now())
            tenant_id, key_id, key = _default_objects(services)
            with _serving(server, create_app(services)):
                yield Service(url, key, services, tenant_id, key_id, FusionAuthClient(key, url))
        finally:
            services.close()


def _settings(settings: Settings | None, database_url: str, folder: Path, url: str) -> Settings:
    key_file = folder / "secret.keys"
    key_file.write_text(new_key_line("test", secrets.token_bytes), encoding="utf-8")
    environment = {
        "IDENTITY_DATABASE_URL": database_url,
        "IDENTITY_SECRET_KEY_FILE": str(key_file),
        "IDENTITY_DATA_DIR": str(folder),
        "IDENTITY_MODE": "development",
        "IDENTITY_PUBLIC_URL": url,
    }
    if settings is None:
        return settings_module.load(environment)
    return replace(
        settings,
        database=replace(settings.database, url=database_url),
        secret=replace(settings.secret, key_file=str(key_file)),
        data_dir=folder,
        public_url=settings.public_url or url,
    )


@contextmanager
def _listening() -> Iterator[BaseWSGIServer]:
    """A server on a free port, without an application yet: that needs to know the port."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, Response("not yet", 503), threaded=True)
    try:
        yield server
    finally:
        server.server_close()


@contextmanager
def _serving(server: BaseWSGIServer, app: Flask) -> Iterator[None]:
    server.app = app
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def _default_objects(services: Services) -> tuple[UUID, UUID, str]:
    """The default signing key, the default tenant and a super API key."""
    with services.db.transaction() as conn:
        key_id = insert_signing_key(conn, services, "Default signing key")
        tenant_id = UUID(services.settings.rocketchat.tenant_id or str(uuid4()))
        conn.execute(
            """
            INSERT INTO tenants (id, name, is_default, issuer, access_token_key_id, id_token_key_id, settings,
                                 insert_instant, last_update_instant)
            VALUES (%s, 'Default', true, 'acme.com', %s, %s, %s, %s, %s)
            """,
            (tenant_id, key_id, key_id, Jsonb(default_settings()), NOW, NOW),
        )
        return tenant_id, key_id, insert_api_key(conn, key_manager=True)


def default_settings() -> dict[str, Any]:
    settings = dict(TenantRequest().load({"tenant": {"name": "Default"}})["tenant"])
    return {name: value for name, value in settings.items() if name not in {"name", "data"}}


def insert_signing_key(conn: psycopg.Connection[Any], services: Services, name: str) -> UUID:
    """An RS256 key pair; every key of a test run is the same pair, for speed."""
    key_id = uuid4()
    private, public = _rsa_pair()
    conn.execute(
        """
        INSERT INTO keys (id, name, kid, algorithm, type, length, public_key, private_key, insert_instant,
                          last_update_instant)
        VALUES (%s, %s, %s, 'RS256', 'RSA', 2048, %s, %s, %s, %s)
        """,
        (
            key_id,
            name,
            key_id.hex[:10],
            public,
            services.sealer.seal(private, Place("keys", key_id, "private_key")),
            NOW,
            NOW,
        ),
    )
    return key_id


def insert_api_key(
    conn: psycopg.Connection[Any],
    *,
    tenant_id: UUID | None = None,
    permissions: dict[str, list[str]] | None = None,
    key_manager: bool = False,
) -> str:
    key = secrets.token_urlsafe(32)
    conn.execute(
        """
        INSERT INTO api_keys (id, key_hash, tenant_id, permissions, key_manager, insert_instant, last_update_instant)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        """,
        (uuid4(), hash_of(key), tenant_id, Jsonb(permissions) if permissions else None, key_manager, NOW, NOW),
    )
    return key


@cache
def _rsa_pair() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def insert_lambda(conn: psycopg.Connection[Any], kind: str) -> UUID:
    lambda_id = uuid4()
    conn.execute(
        """
        INSERT INTO lambdas (id, name, type, body, insert_instant, last_update_instant)
        VALUES (%s, %s, %s, 'function f() {}', %s, %s)
        """,
        (lambda_id, kind, kind, NOW, NOW),
    )
    return lambda_id
