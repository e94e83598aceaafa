"""The objects that exist after the first migration: supporting contract 5.4, decisions 26, 36 and 47."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from identity import settings as settings_module
from identity.app import build_services, create_app
from identity.bootstrap import bootstrap, builtins, prepare
from identity.flows.services import Services
from identity.runtime import Runtime
from identity.sealing import new_key_line
from identity.settings import Settings
from tests.service import insert_api_key

ISSUER = "http://127.0.0.1:9011"


@pytest.fixture
def prepared(database_url: str, tmp_path: Path) -> Settings:
    """The settings of an installation whose migrations have run, default objects included."""
    runtime = Runtime()
    key_file = tmp_path / "secret.keys"
    key_file.write_text(new_key_line("test", runtime.random_bytes), encoding="utf-8")
    loaded = settings_module.load({"IDENTITY_MODE": "development"})
    settings = replace(
        loaded,
        database=replace(loaded.database, url=database_url),
        secret=replace(loaded.secret, key_file=str(key_file)),
    )
    assert prepare(settings, runtime) == []  # the test's database has its migrations already
    return settings


@pytest.fixture
def services(prepared: Settings) -> Iterator[Services]:
    made = build_services(prepared)
    yield made
    made.close()


def read(services: Services, path: str) -> Any:
    with services.db.transaction() as conn:
        key = insert_api_key(conn)
    answer = create_app(services).test_client().get(path, headers={"Authorization": key})
    assert answer.status_code == 200, answer.text
    return answer.json


def test_the_default_tenant_holds_the_admin_and_the_tenant_manager_application(services: Services) -> None:
    [tenant] = read(services, "/api/tenant")["tenants"]
    applications = read(services, "/api/application")["applications"]
    assert tenant["name"] == "Default"
    assert {item["tenantId"] for item in applications} == {tenant["id"]}
    by_name = {item["name"]: item for item in applications}
    assert by_name["FusionAuth"]["id"] == "3c219e58-ed0e-4b18-ad48-f4f92793ae32"
    assert [role["name"] for role in by_name["FusionAuth"]["roles"]] == ["admin"]
    assert [role["id"] for role in by_name["Tenant Manager"]["roles"]] == ["631ecd9d-8d40-4c13-8277-80cedb823714"]


def test_the_default_key_is_rs256_and_signs_for_the_default_tenant(services: Services) -> None:
    [key] = read(services, "/api/key")["keys"]
    [tenant] = read(services, "/api/tenant")["tenants"]
    assert (key["algorithm"], key["length"], key["hasPrivateKey"]) == ("RS256", 2048, True)
    assert tenant["jwtConfiguration"]["accessTokenKeyId"] == key["id"]
    [published] = read(services, "/.well-known/jwks.json")["keys"]
    assert published["kid"] == key["kid"]


def test_the_six_default_lambdas_exist_and_each_defines_its_function(services: Services) -> None:
    lambdas = read(services, "/api/lambda")["lambdas"]
    assert sorted(item["type"] for item in lambdas) == [
        "AppleReconcile",
        "FacebookReconcile",
        "GoogleReconcile",
        "OpenIDReconcile",
        "SAMLv2Reconcile",
        "TwitterReconcile",
    ]
    assert [services.lambdas.check(item["body"], "reconcile") for item in lambdas] == [None] * 6


def test_the_built_in_variables_name_the_default_objects(services: Services) -> None:
    with services.db.read() as conn:
        names = builtins(conn)
    [tenant] = read(services, "/api/tenant")["tenants"]
    [key] = read(services, "/api/key")["keys"]
    assert names["FUSIONAUTH_TENANT_ID"] == tenant["id"]
    assert names["FUSIONAUTH_DEFAULT_SIGNING_KEY_ID"] == key["id"]
    twitter = read(services, f"/api/lambda/{names['FUSIONAUTH_LAMBDA[TwitterReconcile]_ID']}")["lambda"]
    assert twitter["type"] == "TwitterReconcile"


def test_preparing_again_changes_nothing(prepared: Settings, services: Services) -> None:
    before = read(services, "/api/tenant"), read(services, "/api/key"), read(services, "/api/lambda")
    assert prepare(prepared, Runtime()) == []
    assert (read(services, "/api/tenant"), read(services, "/api/key"), read(services, "/api/lambda")) == before


def test_of_several_processes_one_makes_the_default_objects(services: Services) -> None:
    with services.db.transaction() as conn:
        conn.execute("TRUNCATE applications, tenants, keys, lambdas CASCADE")
        conn.execute("UPDATE installation SET bootstrap_instant = NULL, defaults = NULL")
    made: list[bool] = []

    def work() -> None:
        made.append(bootstrap(services.db, services.sealer, services.runtime, ISSUER))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 7 + [True]
    assert len(read(services, "/api/tenant")["tenants"]) == 1
