"""Every write of configuration: it raises the version that workers compare, and leaves an audit entry (decision 39).

Generated from the route table, so that a new write route cannot forget either.
"""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from identity.http.fusionauth.routes import Route
from identity.store import configuration
from identity.store.api_keys import hash_of
from tests.contract.configuration_writes import CONFIGURATION, ELSEWHERE, KINDS, SECRET, SYSTEM, WRITES, call, prepared
from tests.service import Service


def named(row: Route) -> str:
    return f"{row.method} {row.path}"


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
def test_a_write_of_configuration_raises_the_version_and_is_audited(shared_service: Service, row: Route) -> None:
    path, body = prepared(shared_service, row)
    before, known = version(shared_service), len(entries(shared_service))
    response = call(shared_service, row.method, path, body)
    assert response.status_code == 200, response.text
    assert version(shared_service) > before
    [(user, entry)] = entries(shared_service)[known:]
    with shared_service.services.db.read() as conn:
        key = conn.execute("SELECT id FROM api_keys WHERE key_hash = %s", (hash_of(shared_service.key),)).fetchone()
    assert key is not None
    assert user == str(key[0])
    assert SECRET not in entry
    assert shared_service.key not in entry


@pytest.mark.parametrize("row", CONFIGURATION, ids=named)
def test_a_refused_write_of_configuration_changes_neither(shared_service: Service, row: Route) -> None:
    path, body = prepared(shared_service, row)
    before, known = version(shared_service), len(entries(shared_service))
    nowhere = re.sub(r"[0-9a-f-]{36}", str(uuid4()), path) if row.method != "POST" else path
    nowhere = nowhere.replace("type=Twitter", "type=Google").replace("name=", "name=x")
    kind = KINDS[str(row.endpoint)]
    wrong = {kind.member: kind.wrong} if row.method == "POST" or row.endpoint == SYSTEM else body
    refused = call(shared_service, row.method, nowhere, wrong)
    assert refused.status_code in {400, 404}
    assert (version(shared_service), len(entries(shared_service))) == (before, known)
