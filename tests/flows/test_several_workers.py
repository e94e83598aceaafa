"""Four worker processes over one database: one live head, one configuration, and no token text on disk.

Security T10 and T11, decision 24.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Any

import psycopg
import pytest
import requests
from psycopg import sql

from identity.store.embedded import EmbeddedPostgres
from identity.store.refresh_tokens import hash_of
from tests.login_world import login_world
from tests.server_processes import Servers, server_processes
from tests.sessions import PERMISSIVE, REFRESH, Session, Sessions
from tests.storm import at_once

pytestmark = pytest.mark.xdist_group("several_workers")

ONE_TIME = {"refreshTokenUsagePolicy": "OneTimeUse"}
PARALLEL = 64


@dataclass
class Cluster:
    """A database of its own, four workers on it, and a service in this process that prepares what they work with."""

    sessions: Sessions
    servers: Servers
    postgres: EmbeddedPostgres
    database_url: str
    folders: list[Path]

    def post(self, path: str, body: dict[str, Any], **options: Any) -> requests.Response:
        return requests.post(self.servers.url + path, json=body, timeout=30, **options)

    def refresh(self, token: str) -> requests.Response:
        return self.post(REFRESH, {"refreshToken": token})

    def refresh_at_once(self, token: str) -> list[requests.Response]:
        """As many uses as fit in one moment."""
        begin = Barrier(PARALLEL)

        def use(_: int) -> requests.Response:
            begin.wait()
            return self.refresh(token)

        with ThreadPoolExecutor(PARALLEL) as threads:
            return list(threads.map(use, range(PARALLEL)))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    home = Path(tempfile.mkdtemp(prefix="identity-test-"))
    home.chmod(0o755)
    postgres = EmbeddedPostgres(home / "data", options={"fsync": "off"})
    try:
        url = postgres.start(lambda _: None)
        assert postgres.facts is not None
        with login_world(url) as world:
            settings = world.service.services.settings
            with server_processes(settings, 4, home / "workers.log") as servers:
                folders = [home, postgres.facts.cluster_dir, settings.data_dir]
                yield Cluster(Sessions(world), servers, postgres, url, folders)
    finally:
        postgres.stop()
        shutil.rmtree(home)


@contextmanager
def reuse_revokes(sessions: Sessions) -> Iterator[None]:
    def patch(on: bool) -> None:
        body = {"tenant": {"jwtConfiguration": {"refreshTokenRevocationPolicy": {"onOneTimeTokenReuse": on}}}}
        assert sessions.call("PATCH", f"/api/tenant/{sessions.tenant_id}", body).status_code == 200

    patch(True)
    yield
    patch(False)


def heads(cluster: Cluster, session: Session, tokens: set[str]) -> list[str]:
    """Which of these tokens is the current one of its record."""
    with psycopg.connect(cluster.database_url) as conn:
        rows = conn.execute("SELECT token_hash FROM refresh_tokens WHERE user_id = %s", (session.user_id,)).fetchall()
    return [token for token in tokens if hash_of(token) in {bytes(row[0]) for row in rows}]


def test_64_parallel_uses_of_one_one_time_token_give_one_live_head(cluster: Cluster) -> None:
    session = cluster.sessions.begin(cluster.sessions.application(ONE_TIME))
    before = cluster.servers.busy_seconds()
    answers = cluster.refresh_at_once(session.refresh_token)
    after = cluster.servers.busy_seconds()
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * (PARALLEL - 1)
    [head] = {answer.json()["refreshToken"] for answer in answers if answer.status_code == 200}
    assert heads(cluster, session, {session.refresh_token, head}) == [head]
    assert sum(after[pid] > before[pid] for pid in after) >= 2, "one worker alone did all the work"
    assert cluster.refresh(head).status_code == 200
    assert cluster.refresh(session.refresh_token).status_code == 400


def test_64_parallel_uses_within_the_grace_period_all_get_the_same_successor(cluster: Cluster) -> None:
    grace = {**ONE_TIME, "refreshTokenOneTimeUseConfiguration": {"gracePeriodInSeconds": 60}}
    session = cluster.sessions.begin(cluster.sessions.application(grace))
    answers = cluster.refresh_at_once(session.refresh_token)
    assert {answer.status_code for answer in answers} == {200}
    [head] = {answer.json()["refreshToken"] for answer in answers}
    assert len({answer.json()["token"] for answer in answers}) == PARALLEL
    assert heads(cluster, session, {session.refresh_token, head}) == [head]


def test_64_parallel_uses_under_revocation_on_reuse_leave_no_live_head(cluster: Cluster) -> None:
    session = cluster.sessions.begin(cluster.sessions.application(ONE_TIME))
    with reuse_revokes(cluster.sessions):
        answers = cluster.refresh_at_once(session.refresh_token)
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * (PARALLEL - 1)
    [head] = {answer.json()["refreshToken"] for answer in answers if answer.status_code == 200}
    assert heads(cluster, session, {session.refresh_token, head}) == []
    assert cluster.refresh(head).status_code == 400


def test_64_parallel_uses_of_a_reusable_token_all_succeed(cluster: Cluster) -> None:
    session = cluster.sessions.begin()
    answers = cluster.refresh_at_once(session.refresh_token)
    assert {(answer.status_code, answer.json()["refreshToken"]) for answer in answers} == {(200, session.refresh_token)}


def test_a_revocation_counts_on_every_worker_at_once(cluster: Cluster) -> None:
    session = cluster.sessions.begin()
    cluster.refresh_at_once(session.refresh_token)
    path = f"{REFRESH}/{session.refresh_token_id}"
    assert cluster.sessions.call("DELETE", path).status_code == 200
    assert {answer.status_code for answer in cluster.refresh_at_once(session.refresh_token)} == {400}


def test_a_changed_configuration_counts_on_every_worker_at_once(cluster: Cluster) -> None:
    application_id = cluster.sessions.application(ONE_TIME)
    session = cluster.sessions.begin(application_id)
    successor = cluster.refresh(session.refresh_token).json()["refreshToken"]
    cluster.refresh_at_once(session.refresh_token)
    grace = {"refreshTokenOneTimeUseConfiguration": {"gracePeriodInSeconds": 600}}
    cluster.sessions.configure(application_id, **grace)
    again = cluster.refresh_at_once(session.refresh_token)
    assert {answer.json().get("refreshToken") for answer in again} == {successor}
    cluster.sessions.change(application_id, loginConfiguration=PERMISSIVE | {"allowTokenRefresh": False})
    refused = cluster.refresh_at_once(successor)
    assert {answer.json()["fieldErrors"]["refreshToken"][0]["code"] for answer in refused} == {"[disabled]refreshToken"}


def log_in_over_the_wire(cluster: Cluster, verifier: bool) -> tuple[Session, list[str]]:
    """A login by the server processes: the session, and every secret that took part in it."""
    sessions = cluster.sessions
    known = sessions.begin(sessions.application(ONE_TIME))
    body = sessions.world.login_body(known.person, verifier=verifier, applicationId=known.application_id)
    answer = cluster.post("/api/identity-provider/login", body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    session = Session(
        known.person,
        found["user"]["id"],
        known.application_id,
        found["token"],
        found["refreshToken"],
        found["refreshTokenId"],
    )
    return session, [*body["data"].values(), session.token, session.refresh_token]


def files(folders: list[Path]) -> Iterator[tuple[Path, bytes]]:
    """Every file below these folders; one that the database removes meanwhile is none."""
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                try:
                    yield path, path.read_bytes()
                except FileNotFoundError:
                    continue


def everything_stored(cluster: Cluster) -> bytes:
    """All rows of all tables as text: on disk a long value is compressed, and a byte search would miss it."""
    with psycopg.connect(cluster.database_url) as conn:
        tables = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = [
            row[0]
            for (table,) in tables
            for row in conn.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table)))
        ]
    return "\n".join(rows).encode()


def test_no_token_and_no_secret_is_found_in_the_data_directory(cluster: Cluster) -> None:
    sessions = cluster.sessions
    sessions.provider["debug"] = True
    secrets: list[str] = [sessions.world.x.consumer_secret, sessions.world.service.key]
    hashes: list[bytes] = []
    for verifier in (False, True):
        session, used = log_in_over_the_wire(cluster, verifier)
        answer = cluster.refresh(session.refresh_token).json()
        assert cluster.refresh(session.refresh_token).status_code == 400
        secrets += [*used, answer["token"], answer["refreshToken"]]
        secrets += [token.rsplit(".", 1)[1] for token in (session.token, answer["token"])]
        hashes += [hash_of(session.refresh_token), hash_of(answer["refreshToken"])]
    email = sessions.call("GET", f"/api/user/{session.user_id}").json()["user"]["email"]
    with psycopg.connect(cluster.database_url, autocommit=True) as conn:
        conn.execute("CHECKPOINT")
    found = list(files(cluster.folders))
    stored = everything_stored(cluster)
    for known in (email.encode(), *hashes):
        assert any(known in content for _, content in found), "the search would not find anything"
    assert "Debug" in {event["type"] for event in sessions.world.events()}
    assert email.encode() in stored and len(secrets) == len(set(secrets)) >= 16
    for secret in secrets:
        assert [path for path, content in found if secret.encode() in content] == []
        assert secret.encode() not in stored


def test_32_parallel_guesses_at_several_workers_lock_out_once_and_let_nobody_in_afterwards(cluster: Cluster) -> None:
    world = cluster.sessions.world
    user = world.add_user(email="guessed@example.com")
    headers = {"Authorization": world.service.key}
    version = "SELECT login_version FROM users WHERE id = %s"
    [(born,)] = world.rows(version, user["id"])
    before = cluster.servers.busy_seconds()

    def guess(password: str) -> int:
        return cluster.post("/api/login", {"loginId": user["email"], "password": password}, headers=headers).status_code

    answers = at_once(lambda number: guess("correct horse battery" if number == 31 else "wrong"), 32)
    after = cluster.servers.busy_seconds()
    assert sum(after[pid] > before[pid] for pid in after) >= 2, "one worker alone did all the work"
    assert answers[:31] == [404] * 31
    assert answers[31] in (200, 423)
    assert [guess("correct horse battery") for _ in range(3)] == [423] * 3
    assert world.rows(version, user["id"]) == [(born + 1,)], "the lockout began more than once"
