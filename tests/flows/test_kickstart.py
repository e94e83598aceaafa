"""A kickstart file, run against a service over real HTTP. Source: supporting contract 19, decisions 36 and 46."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from identity.kickstart import Ending, KickstartResult, run_kickstart
from identity.store import api_keys, installation
from identity.store import kickstart as state
from tests.service import Service, running_service

FIRST = {"key": "the-first-key-of-the-file", "keyManager": True}
MANAGER = "44c14ffa-5c57-4d9d-8a4a-f9a5c2a3ad57"
Runner = Callable[..., KickstartResult]


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    with running_service(database_url) as running:
        yield running


@pytest.fixture
def run(service: Service, tmp_path: Path) -> Runner:
    """Write a kickstart file and run it against the service."""

    def write_and_run(document: dict[str, Any], *, base_url: str | None = None, **environment: str) -> KickstartResult:
        file = tmp_path / f"{uuid4()}.json"
        file.write_text(json.dumps({"apiKeys": [FIRST], **document}), encoding="utf-8")
        settings = service.services.settings
        with_file = replace(settings, kickstart=replace(settings.kickstart, file=str(file)))
        return run_kickstart(
            with_file,
            settings.database.url,
            base_url or service.url,
            {"FUSIONAUTH_TENANT_ID": str(service.tenant_id), "FUSIONAUTH_TENANT_MANAGER_APPLICATION_ID": MANAGER},
            service.services.runtime,
            environment=environment,
        )

    return write_and_run


def make_key(name: str, **members: Any) -> dict[str, Any]:
    """A request that makes an API key of this name."""
    return {"method": "POST", "url": "/api/api-key", "body": {"apiKey": {"name": name, **members}}}


def names(service: Service) -> list[str | None]:
    with service.services.db.read() as conn:
        return [key.name for key in api_keys.all_keys(conn) if key.name]


def rows(service: Service) -> list[Any]:
    """Everything that a kickstart may have written."""
    with service.services.db.read() as conn:
        return [
            conn.execute(query).fetchall()
            for query in (
                "SELECT * FROM installation",
                "SELECT * FROM api_keys ORDER BY id",
                "SELECT * FROM audit_logs ORDER BY id",
                "SELECT id FROM tenants ORDER BY id",
            )
        ]


def test_requests_run_in_order_with_the_first_key(service: Service, run: Runner) -> None:
    key_id = str(uuid4())
    result = run(
        {
            "variables": {"id": key_id, "name": "#{ENV.NAME}"},
            "requests": [
                {**make_key("#{name}"), "url": "api/api-key/#{id}"},
                {"method": "PATCH", "url": "/api/api-key/#{id}", "body": {"apiKey": {"name": "patched"}}},
                {
                    "method": "PATCH",
                    "url": "/api/api-key/#{id}",
                    "contentType": "application/json-patch+json",
                    "body": [{"op": "replace", "path": "/apiKey/name", "value": "#{name} twice"}],
                },
            ],
        },
        NAME="made",
    )
    assert (result.ending, result.message) == (Ending.APPLIED, None)
    assert result.api_key == FIRST["key"]
    assert names(service) == ["made twice"]
    assert service.call("GET", f"/api/api-key/{key_id}", key=result.api_key).status_code == 200


def test_a_file_applied_twice_changes_nothing_the_second_time(service: Service, run: Runner) -> None:
    document = {"requests": [make_key("#{UUID()}")]}
    assert run(document).ending is Ending.APPLIED
    before = rows(service)
    assert run(document).ending is Ending.APPLIED_BEFORE
    assert run({"requests": [make_key("other")]}).ending is Ending.APPLIED_BEFORE
    assert rows(service) == before


def test_the_first_refusal_ends_the_run_and_keeps_what_was_done(
    service: Service, run: Runner, caplog: pytest.LogCaptureFixture
) -> None:
    canary = "canary-" + uuid4().hex
    caplog.set_level(logging.DEBUG, logger="identity")
    body = {"apiKey": {"name": "one"}, "user": {"password": "sesame-" + canary}}
    result = run(
        {
            "requests": [
                make_key("one"),
                {"method": "POST", "url": "/api/api-key?c=#{ENV.C}", "body": body},
                make_key("3"),
            ]
        },
        C=canary,
    )
    assert result.ending is Ending.FAILED
    assert result.message is not None
    assert result.message.startswith("kickstart request 2 failed: POST /api/api-key?c=<39 characters, sha256 ")
    assert ' 400 {"fieldErrors":{"apiKey.name":[{"code":"[duplicate]apiKey.name"' in result.message
    assert [record.getMessage() for record in caplog.records if record.name == "identity.kickstart"] == [result.message]
    assert canary not in caplog.text
    assert names(service) == ["one"]
    assert service.call("GET", "/api/status", key="").status_code == 200


def test_an_unknown_route_is_reported_with_its_number(run: Runner) -> None:
    result = run({"requests": [{"method": "POST", "url": "/api/nothing"}]})
    assert result.message == "kickstart request 1 failed: POST /api/nothing 404"


def test_a_mended_file_goes_on_where_it_failed(service: Service, run: Runner) -> None:
    bad = make_key("two", retrievable="no boolean")
    assert run({"requests": [make_key("one"), bad, make_key("three")]}).ending is Ending.FAILED
    assert run({"requests": [make_key("one"), make_key("two"), make_key("three")]}).ending is Ending.APPLIED
    assert names(service) == ["one", "two", "three"]


def test_keys_of_a_tenant_are_stored_after_the_requests_the_others_before(service: Service, run: Runner) -> None:
    tenant_key = {"key": "tenant-key", "name": "locked", "tenantId": "#{FUSIONAUTH_TENANT_ID}"}
    limited = {
        "id": str(uuid4()),
        "key": "limited-key",
        "description": "reads",
        "permissions": {"endpoints": {"/api/system/version": ["GET"]}},
    }
    result = run({"apiKeys": [FIRST, tenant_key, limited], "requests": [make_key("made by a request")]})
    assert result.ending is Ending.APPLIED
    with service.services.db.read() as conn:
        stored = api_keys.all_keys(conn)
        found = api_keys.find_by_text(conn, "limited-key")
    assert [key.name for key in stored][-2:] == ["made by a request", "locked"]
    assert stored[-1].tenant_id == service.tenant_id
    assert found is not None
    assert (str(found.id), found.description) == (limited["id"], "reads")
    assert service.call("GET", "/api/system/version", key="limited-key").status_code == 200
    assert (
        service.call("GET", f"/api/api-key/{found.id}", key=str(FIRST["key"])).json()["apiKey"]["key"] == "limited-key"
    )


def test_a_key_of_a_tenant_that_was_never_made_fails_the_run(run: Runner) -> None:
    result = run({"apiKeys": [FIRST, {"key": "k", "tenantId": str(uuid4())}]})
    assert result.ending is Ending.FAILED
    assert "apiKeys[1]: its tenant does not exist" in str(result.message)


@pytest.mark.parametrize(
    "first",
    [
        {"key": "k", "permissions": {"endpoints": {"/api/user": ["GET"]}}},
        {"key": "k", "tenantId": str(UUID(int=1))},
        {"key": "k", "expirationInstant": 1},
        {"key": "k\n"},
        {"key": "k", "id": "no id"},
        {"key": "k", "retrievable": False},
        {"key": "k", "permissions": {"endpoints": {"/api/api-key": ["GET"]}}},
    ],
)
def test_a_first_key_that_cannot_send_the_requests_ends_the_run_before_it_begins(
    service: Service, run: Runner, first: dict[str, Any]
) -> None:
    before = rows(service)
    result = run({"apiKeys": [first], "requests": [make_key("never")]})
    assert result.ending is Ending.FAILED
    assert "apiKeys[0]" in str(result.message)
    assert rows(service) == before


def test_a_file_that_cannot_be_read_is_a_failure_not_a_crash(service: Service, tmp_path: Path) -> None:
    settings = service.services.settings
    gone = replace(settings, kickstart=replace(settings.kickstart, file=str(tmp_path / "gone.json")))
    result = run_kickstart(gone, settings.database.url, service.url, {}, service.services.runtime)
    assert result.ending is Ending.FAILED
    assert "gone.json cannot be read" in str(result.message)


def test_files_are_included_relative_to_the_kickstart_file(service: Service, run: Runner, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "request.json").write_text(json.dumps(make_key("@{parts/name.txt}")), encoding="utf-8")
    (tmp_path / "parts" / "name.txt").write_text('"quoted" #{ENV.N}', encoding="utf-8")
    assert run({"requests": ["&{parts/request.json}"]}, N="name").ending is Ending.APPLIED
    assert names(service) == ['"quoted" name']


def test_the_default_tenant_takes_the_id_the_file_chooses(service: Service, run: Runner) -> None:
    chosen = uuid4()
    service.add_key(tenant_id=service.tenant_id)
    with service.services.db.transaction() as conn:
        installation.note_defaults(conn, {"FUSIONAUTH_TENANT_ID": str(service.tenant_id), "other": "same"})
        application = uuid4()
        conn.execute(
            "INSERT INTO applications (tenant_id, id, name, settings, insert_instant, last_update_instant) "
            "VALUES (%s, %s, 'a', '{}', 1, 1)",
            (service.tenant_id, application),
        )
        conn.execute(
            "INSERT INTO application_roles (tenant_id, application_id, id, name, insert_instant, last_update_instant) "
            "VALUES (%s, %s, %s, 'r', 1, 1)",
            (service.tenant_id, application, uuid4()),
        )
    locked = {"key": "locked", "tenantId": "#{FUSIONAUTH_TENANT_ID}"}
    assert run({"variables": {"defaultTenantId": str(chosen)}, "apiKeys": [FIRST, locked]}).ending is Ending.APPLIED
    with service.services.db.read() as conn:
        owners = {
            table: {row[0] for row in conn.execute(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")}
            for table, column in [
                ("tenants", "id"),
                ("applications", "tenant_id"),
                ("application_roles", "tenant_id"),
                ("api_keys", "tenant_id"),
            ]
        }
        noted = installation.defaults(conn)
    assert owners == {table: {chosen} for table in owners}
    assert noted == {"FUSIONAUTH_TENANT_ID": str(chosen), "other": "same"}


def test_a_default_tenant_with_users_keeps_its_id(service: Service, run: Runner) -> None:
    with service.services.db.transaction() as conn:
        conn.execute(
            "INSERT INTO users (tenant_id, id, connector_id, insert_instant, last_update_instant) "
            "VALUES (%s, %s, %s, 1, 1)",
            (service.tenant_id, uuid4(), uuid4()),
        )
    result = run({"variables": {"defaultTenantId": str(uuid4())}})
    assert "has users already" in str(result.message)
    with service.services.db.read() as conn:
        assert conn.execute("SELECT id FROM tenants").fetchall() == [(service.tenant_id,)]


def test_several_processes_at_once_apply_the_file_once(service: Service, run: Runner) -> None:
    document = {"requests": [make_key(f"key {number}") for number in range(5)]}
    with ThreadPoolExecutor(6) as pool:
        endings = [result.ending for result in pool.map(lambda _: run(document), range(6))]
    assert endings.count(Ending.APPLIED) == 1
    assert set(endings) <= {Ending.APPLIED, Ending.APPLIED_BEFORE, Ending.ELSEWHERE}
    assert len(names(service)) == 5


def test_while_one_process_is_at_it_another_one_leaves_it_alone(service: Service, run: Runner) -> None:
    with service.services.db.read() as conn, state.exclusive(conn) as won:
        assert won
        assert run({}).ending is Ending.ELSEWHERE
    assert run({}).ending is Ending.APPLIED


def test_no_answer_in_time_fails_the_request(run: Runner) -> None:
    released = threading.Event()

    class Silent(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            released.wait(10)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        result = run({"settings": {"readTimeout": 50}, "requests": [make_key("never")]}, base_url=url)
    finally:
        released.set()
        server.shutdown()
        thread.join()
        server.server_close()
    assert result.message == "kickstart request 1 failed: POST /api/api-key no answer: ReadTimeoutError"


def test_a_key_that_is_there_already_is_used(service: Service, run: Runner) -> None:
    before = names(service)
    result = run({"apiKeys": [{"key": service.key}]})
    assert (result.ending, result.api_key) == (Ending.APPLIED, service.key)
    assert names(service) == before


def test_a_key_that_is_there_with_fewer_rights_fails_the_run(service: Service, run: Runner) -> None:
    limited = service.add_key(permissions={"/api/user": ["GET"]})
    assert "apiKeys[0]: this key exists already" in str(run({"apiKeys": [{"key": limited}]}).message)


def test_the_tenant_manager_takes_the_id_the_file_chooses_with_its_secret(service: Service, run: Runner) -> None:
    chosen = str(uuid4())
    made = service.call("POST", f"/api/application/{MANAGER}", {"application": {"name": "m", "roles": [{"name": "r"}]}})
    before = made.json()["application"]
    read = {"method": "PATCH", "url": "/api/application/#{TENANT_MANAGER_ID}", "body": {"application": {"name": "n"}}}
    assert run({"variables": {"tenantManagerApplicationId": chosen}, "requests": [read]}).ending is Ending.APPLIED
    after = service.call("GET", f"/api/application/{chosen}").json()["application"]
    assert after["oauthConfiguration"]["clientSecret"] == before["oauthConfiguration"]["clientSecret"]
    assert (after["name"], [role["name"] for role in after["roles"]]) == ("n", ["r"])
    assert service.call("GET", f"/api/application/{MANAGER}").status_code == 404


def test_a_tenant_manager_that_is_not_there_gets_no_id(run: Runner) -> None:
    assert "There is no row of applications" in str(
        run({"variables": {"tenantManagerApplicationId": str(uuid4())}}).message
    )
