"""The database goes away, comes back, or takes no writes: 503 and nothing else, and recovery without help."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
import requests
from psycopg import sql

from identity.runtime import Runtime
from identity.store.embedded import EmbeddedPostgres
from identity.store.migrate import migrate
from tests import postgres
from tests.invariants import broken
from tests.login_world import TWITTER, World, login_world
from tests.password_door import Door
from tests.storm import Call, Storm

RECOVERY = 10.0


@dataclass
class Calls:
    """Calls of every sort, all of which work while the database does."""

    reads: list[Call]
    writes: list[Call]
    acknowledged: list[str]
    """The refresh tokens of every login that was answered with one, by their ids."""


def every_sort(world: World) -> Calls:
    service = world.service
    logged_in = world.login("alice").json()
    body = world.login_body("alice")
    user_id, refresh_token = logged_in["user"]["id"], logged_in["refreshToken"]
    bearer = {"Authorization": f"Bearer {logged_in['token']}"}
    door = Door(world)
    door.add_user()
    paths = (
        f"/api/user/{user_id}",
        "/api/user/search",
        f"/api/identity-provider/link?userId={user_id}",
        f"/api/identity-provider/{TWITTER}",
        f"/api/jwt/refresh?userId={user_id}",
        "/api/system/login-record/search",
        "/api/tenant",
        "/api/application",
        "/api/status",
        "/.well-known/jwks.json",
    )

    acknowledged: list[str] = []

    def noted(answer: requests.Response) -> requests.Response:
        if answer.status_code == 200:
            acknowledged.append(answer.json()["refreshTokenId"])
        return answer

    def second_factor() -> requests.Response:
        """A challenge and its answer: no call by itself can be made again and again."""
        begun = service.call(
            "POST", "/api/two-factor/start", {"userId": user_id, "applicationId": world.application_id}
        )
        if begun.status_code != 200:
            return begun
        proof = {name: begun.json()[name] for name in ("twoFactorId", "code")}
        return service.call("POST", "/api/two-factor/login", proof | {"applicationId": world.application_id}, key="")

    def new_user() -> requests.Response:
        user = {"email": f"{uuid4()}@example.com", "password": "correct horse battery"}
        return service.call("POST", "/api/user", {"user": user})

    return Calls(
        reads=[
            *(lambda path=path: service.call("GET", path) for path in paths),
            lambda: service.call("GET", "/api/jwt/validate", key="", headers=bearer),
            lambda: service.call("GET", f"/api/jwt/issue?applicationId={world.application_id}", key="", headers=bearer),
            lambda: service.call("POST", "/api/jwt/refresh", {"refreshToken": refresh_token}, key=""),
        ],
        writes=[
            new_user,
            lambda: noted(service.call("POST", "/api/identity-provider/login", body, key="")),
            lambda: noted(door.knock()),
            lambda: noted(second_factor()),
            lambda: service.call("PUT", f"/api/login/{user_id}/{world.application_id}"),
            lambda: service.call("PATCH", f"/api/user/{user_id}", {"user": {"firstName": "Alice"}}),
            lambda: service.call("PATCH", f"/api/tenant/{service.tenant_id}", {"tenant": {"data": {"a": 1}}}),
        ],
        acknowledged=acknowledged,
    )


def says_try_again(answer: requests.Response) -> bool:
    told = answer.json()
    return (
        answer.status_code == 503
        and answer.headers["Retry-After"].isdigit()
        and answer.headers["Content-Type"] == "application/json; charset=UTF-8"
        and answer.headers["Cache-Control"] == "no-store"
        and (told.get("status") == "unavailable" or told["generalErrors"][0]["code"] == "[StoreUnavailable]")
    )


@dataclass
class Stage:
    """A world on a server of its own, which the test may stop."""

    world: World
    server: EmbeddedPostgres
    url: str


@pytest.fixture
def stage() -> Iterator[Stage]:
    home = Path(tempfile.gettempdir()) / f"{postgres.PREFIX}{os.getuid()}-gone-{uuid4().hex}"
    server = EmbeddedPostgres(home, options=postgres.OPTIONS)
    url = server.start(lambda _: None)
    try:
        migrate(url, now=Runtime().now())
        with login_world(url) as world:
            yield Stage(world, server, url)
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.mark.slow
def test_postgresql_stopped_under_load_only_503_json_until_10_s_after_its_return_and_no_login_is_lost(
    stage: Stage,
) -> None:
    sorts = every_sort(stage.world)
    calls = [*sorts.reads, *sorts.writes]
    storm = Storm(calls)
    with ThreadPoolExecutor(len(calls)) as pool, storm.blowing():
        assert stage.server.stop()
        assert all(pool.map(lambda call: says_try_again(call()), calls))
        assert stage.server.start(lambda _: None) == stage.url
        back = time.monotonic()
        while any(call().status_code != 200 for call in calls):
            assert time.monotonic() - back < RECOVERY
    assert all(says_try_again(answer) for answer in storm.refusals), storm.told(503)
    with psycopg.connect(stage.url) as conn:
        assert broken(conn) == {}
        kept = {str(row[0]) for row in conn.execute("SELECT id FROM refresh_tokens").fetchall()}
        records = conn.execute("SELECT count(*) FROM login_records").fetchone()
    assert set(sorts.acknowledged) <= kept
    assert records is not None
    assert records[0] >= len(sorts.acknowledged) > 10


@pytest.fixture
def world(postgres_server: postgres.Server, database_url: str) -> Iterator[World]:
    with login_world(database_url) as made:
        yield made


def test_a_database_that_takes_no_writes_still_answers_reads(
    world: World, postgres_server: postgres.Server, database_url: str
) -> None:
    calls = every_sort(world)
    name = urlsplit(database_url).path.lstrip("/")
    with psycopg.connect(postgres_server.url, autocommit=True) as conn:
        conn.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(sql.Identifier(name)))
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
    assert [call().status_code for call in calls.reads] == [200] * len(calls.reads)
    for call in calls.writes:
        assert says_try_again(call())
