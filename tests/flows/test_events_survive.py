"""kill -9 between a commit and a delivery: the event arrives once the service is back, with the same id."""

from __future__ import annotations

import json
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import psycopg
import pytest
import requests

from tests.fakes.sink import Sink, answer, silence
from tests.server_process import ServerProcess, server_process
from tests.service import insert_api_key

pytestmark = pytest.mark.slow

TYPES = ("user.create", "user.update")
RETURN = 25.0
"""Seconds an event may take to come after the start: the lease of a courier that died, and a little."""


@dataclass
class Running:
    """A service as a process, with a key and one webhook."""

    server: ServerProcess
    key: str

    def call(self, method: str, path: str, body: Any) -> dict[str, Any]:
        headers = {"Authorization": self.key}
        answered = requests.request(method, self.server.url + path, json=body, headers=headers, timeout=30)
        assert answered.status_code == 200, answered.text
        found: dict[str, Any] = answered.json()
        return found

    def kill(self) -> None:
        """The supervisor with all its workers, at once."""
        parent = psutil.Process(self.server.process.pid)
        everybody = [parent, *parent.children(recursive=True)]
        for process in everybody:
            process.send_signal(signal.SIGKILL)
        self.server.process.wait(10)


def running(database_url: str, server: ServerProcess) -> Running:
    with psycopg.connect(database_url) as connection:
        return Running(server, insert_api_key(connection))


def configure(service: Running, url: str) -> None:
    webhook = {
        "url": url,
        "connectTimeout": 1000,
        "readTimeout": 10_000,
        "global": True,
        "eventsEnabled": dict.fromkeys(TYPES, True),
    }
    service.call("POST", "/api/webhook", {"webhook": webhook})
    tenants = service.call("GET", "/api/tenant", None)["tenants"]
    events = {"events": {name: {"enabled": True, "transactionType": "None"} for name in TYPES}}
    for tenant in tenants:
        service.call("PATCH", f"/api/tenant/{tenant['id']}", {"tenant": {"eventConfiguration": events}})


def create_user(service: Running) -> str:
    user = {"username": uuid4().hex, "password": "correct horse battery"}
    return str(service.call("POST", "/api/user", {"user": user})["user"]["id"])


def await_requests(sink: Sink, count: int, seconds: float) -> list[dict[str, Any]]:
    deadline = time.monotonic() + seconds
    while len(sink.requests) < count:
        assert time.monotonic() < deadline, f"{len(sink.requests)} of {count} arrived"
        time.sleep(0.05)
    return [json.loads(request.body)["event"] for request in sink.requests]


def test_kill_9_between_commit_and_delivery_the_event_arrives_once_the_service_is_back_with_the_same_id(
    database_url: str, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    with Sink([silence, answer(200)]) as sink:
        with server_process(database_url, first, IDENTITY_WEBHOOK_ALLOW_PRIVATE="true") as server:
            service = running(database_url, server)
            configure(service, sink.url)
            user_id = create_user(service)
            [created] = await_requests(sink, 1, 15)  # on its way, and never acknowledged
            service.call("PATCH", f"/api/user/{user_id}", {"user": {"fullName": "New"}})  # waits behind it
            service.kill()
        with server_process(
            database_url,
            second,
            IDENTITY_WEBHOOK_ALLOW_PRIVATE="true",
            IDENTITY_SECRET_KEY_FILE=str(first / "secret.keys"),
        ):
            events = await_requests(sink, 3, RETURN)
    assert events[:2] == [created, created]
    assert [event["type"] for event in events] == ["user.create", "user.create", "user.update"]
    assert {event["user"]["id"] for event in events} == {user_id}
