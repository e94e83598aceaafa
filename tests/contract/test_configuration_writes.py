"""Every write of configuration: it raises the version that workers compare, and leaves an audit entry (decision 39).

Generated from the route table, so that a new write route cannot forget either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from identity.http.fusionauth import PAGES
from identity.http.fusionauth.routes import Route
from identity.store import configuration
from identity.store.api_keys import hash_of
from tests import postgres
from tests.contract.patching import PROVIDER_ID, TWITTER
from tests.service import Service, running_service

SECRET = "canary-secret-that-nobody-may-read-in-a-log"
PROVIDER = "/api/identity-provider"
ELSEWHERE = {
    "/api/identity-provider/link",
    "/api/identity-provider/test",
    "/api/jwt/refresh",
    "/api/jwt/vend",
    "/api/user",
    "/api/user/registration",
}
"""Endpoints whose writes change people and what belongs to them."""


@dataclass(frozen=True)
class Kind:
    """One kind of configuration: its member in the envelope and what a body for it says."""

    member: str
    body: Callable[[], dict[str, Any]]
    create: str
    """Where one is made."""


def unique() -> str:
    return uuid4().hex


def application() -> dict[str, Any]:
    return {"name": unique(), "oauthConfiguration": {"clientSecret": SECRET}}


def tenant() -> dict[str, Any]:
    return {"name": unique(), "emailConfiguration": {"password": SECRET}}


def reconcile() -> dict[str, Any]:
    return {"name": unique(), "type": "TwitterReconcile", "body": f"function reconcile() {{ '{SECRET}'; }}"}


KEY = Kind("key", lambda: {"name": unique(), "type": "HMAC", "algorithm": "HS256", "secret": SECRET}, "/api/key/import")
KINDS = {
    "/api/api-key": Kind("apiKey", lambda: {"name": unique()}, "/api/api-key"),
    "/api/application": Kind("application", application, "/api/application"),
    "/api/application/role": Kind("role", lambda: {"name": unique()}, "/api/application/{application}/role"),
    PROVIDER: Kind("identityProvider", lambda: {**TWITTER, "consumerSecret": SECRET}, PROVIDER),
    "/api/key": KEY,
    "/api/key/generate": Kind("key", lambda: {"name": unique(), "algorithm": "ES256"}, "/api/key/generate"),
    "/api/key/import": KEY,
    "/api/lambda": Kind("lambda", reconcile, "/api/lambda"),
    "/api/tenant": Kind("tenant", tenant, "/api/tenant"),
}
WRITES = [
    row
    for page in PAGES
    for row in page.table
    if row.method != "GET" and row.endpoint is not None and not row.path.endswith("/search")
]
CONFIGURATION = [row for row in WRITES if row.endpoint in KINDS]


@pytest.fixture(scope="module")
def service(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Service]:
    url = postgres.fresh_database(postgres_server, migrated_template)
    with running_service(url) as running:
        yield running
    postgres.drop_database(postgres_server, url)


def named(row: Route) -> str:
    return f"{row.method} {row.path}"


def call(service: Service, verb: str, path: str, body: Any = None) -> Any:
    """In the default tenant, where the route looks at tenants: other tests of this module make more of them."""
    return service.call(verb, path, body, tenant=service.tenant_id if "/application" in path else None)


def made(service: Service, kind: Kind, path: str) -> dict[str, Any]:
    response = call(service, "POST", path, {kind.member: kind.body()})
    assert response.status_code == 200, response.text
    shown: dict[str, Any] = response.json()[kind.member]
    return shown


def prepared(service: Service, row: Route) -> tuple[str, Any]:
    """The path and the body of a call of this route that succeeds."""
    assert row.endpoint is not None
    kind, path = KINDS[row.endpoint], row.path
    if row.endpoint == PROVIDER:
        service.call("DELETE", f"{PROVIDER}/{PROVIDER_ID}")
    if "/role" in path:
        owner = made(service, KINDS["/api/application"], "/api/application")
        path = path.replace("<application_id>", owner["id"])
    body = {kind.member: kind.body()}
    if row.method == "POST":
        new_id = PROVIDER_ID if row.endpoint == PROVIDER else str(uuid4())
        return re.sub(r"<\w+>", new_id, path), body
    where = re.sub(r"/<\w+>$", "", path) if "/role" in path else kind.create
    there = made(service, kind, where)
    if "<" not in path:
        path += f"?name={there['name']}" if "/role" in path else "?type=Twitter"
    return re.sub(r"<\w+>", there["id"], path), None if row.method == "DELETE" else body


def version(service: Service) -> int:
    with service.services.db.read() as conn:
        return configuration.version(conn)


def entries(service: Service) -> list[tuple[str, str]]:
    """Who did it, and the whole row as text; oldest first."""
    with service.services.db.read() as conn:
        return conn.execute("SELECT insert_user, audit_logs::text FROM audit_logs ORDER BY id").fetchall()


def test_every_write_route_is_configuration_or_known_to_be_something_else() -> None:
    assert {row.endpoint for row in WRITES} == KINDS.keys() | ELSEWHERE


@pytest.mark.parametrize("row", CONFIGURATION, ids=named)
def test_a_write_of_configuration_raises_the_version_and_is_audited(service: Service, row: Route) -> None:
    path, body = prepared(service, row)
    before, known = version(service), len(entries(service))
    response = call(service, row.method, path, body)
    assert response.status_code == 200, response.text
    assert version(service) > before
    [(user, entry)] = entries(service)[known:]
    with service.services.db.read() as conn:
        key = conn.execute("SELECT id FROM api_keys WHERE key_hash = %s", (hash_of(service.key),)).fetchone()
    assert key is not None
    assert user == str(key[0])
    assert SECRET not in entry
    assert service.key not in entry


@pytest.mark.parametrize("row", CONFIGURATION, ids=named)
def test_a_refused_write_of_configuration_changes_neither(service: Service, row: Route) -> None:
    path, body = prepared(service, row)
    before, known = version(service), len(entries(service))
    nowhere = re.sub(r"[0-9a-f-]{36}", str(uuid4()), path) if row.method != "POST" else path
    nowhere = nowhere.replace("type=Twitter", "type=Google").replace("name=", "name=x")
    refused = call(
        service, row.method, nowhere, {KINDS[str(row.endpoint)].member: {"name": 7}} if row.method == "POST" else body
    )
    assert refused.status_code in {400, 404}
    assert (version(service), len(entries(service))) == (before, known)
