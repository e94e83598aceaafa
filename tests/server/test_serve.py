"""`identity serve` as in production: shutdown, slow senders, kickstart, and gunicorn in its place."""

from __future__ import annotations

import json
import socket
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import requests

from identity.app import build_services
from identity.cli import main
from identity.runtime import Runtime
from identity.sealing import GENERATED_KEY_ID, new_key_line
from identity.settings import BadSettings, load
from tests.server_process import GUNICORN, ServerProcess, server_process

HALF_A_REQUEST = (
    b"POST /api/identity-provider/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b'Content-Length: 1000\r\n\r\n{"applicationId":'
)


def status_through(server: ServerProcess) -> int:
    return requests.get(server.url + "/api/status", timeout=10).status_code


def test_forty_half_sent_bodies_leave_everybody_else_answered(database_url: str, tmp_path: Path) -> None:
    with server_process(database_url, tmp_path) as server, ExitStack() as stack:
        for _ in range(40):
            sender = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            sender.sendall(HALF_A_REQUEST)
        assert [status_through(server) for _ in range(20)] == [200] * 20


def test_it_ends_in_order_when_it_is_told_to(database_url: str, tmp_path: Path) -> None:
    with server_process(database_url, tmp_path) as server:
        server.process.terminate()
        assert server.wait(20) == 0
    assert "Traceback" not in server.said()


def test_gunicorn_serves_it_just_as_well(database_url: str, tmp_path: Path) -> None:
    with server_process(database_url, tmp_path, GUNICORN, IDENTITY_THREADS="8") as server:
        answer = requests.get(server.url + "/api/tenant", timeout=10)
        assert (answer.status_code, answer.content) == (401, b"")
        refused = requests.post(
            server.url + "/api/identity-provider/login",
            data=b"{",
            headers={"Content-Type": "application/json"},
            timeout=10,
        )
        assert [error["code"] for error in refused.json()["generalErrors"]] == ["[invalidJSON]"]


def kickstart_file(folder: Path, *, path: str) -> Path:
    file = folder / "kickstart.json"
    document = {
        "variables": {"applicationId": "#{UUID()}"},
        "apiKeys": [{"key": "a key that only this test knows", "description": "test"}],
        "requests": [{"method": "POST", "url": path, "body": {"application": {"name": "From the kickstart"}}}],
    }
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def until_kickstarted(database_url: str) -> None:
    deadline = time.monotonic() + 60
    with psycopg.connect(database_url, autocommit=True) as conn:
        while conn.execute("SELECT 1 FROM installation WHERE kickstart_instant IS NOT NULL").fetchone() is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_kickstart_is_applied_once_the_service_answers(database_url: str, tmp_path: Path) -> None:
    file = kickstart_file(tmp_path, path="/api/application/#{applicationId}")
    with server_process(database_url, tmp_path, IDENTITY_KICKSTART_FILE=str(file)) as server:
        until_kickstarted(database_url)
        headers = {"Authorization": "a key that only this test knows"}
        found = requests.get(server.url + "/api/application", headers=headers, timeout=10).json()["applications"]
        assert "From the kickstart" in [application["name"] for application in found]


def test_a_failed_kickstart_leaves_the_service_serving_unless_it_is_strict(database_url: str, tmp_path: Path) -> None:
    file = kickstart_file(tmp_path, path="/api/no-such-thing")
    with server_process(database_url, tmp_path, IDENTITY_KICKSTART_FILE=str(file)) as server:
        deadline = time.monotonic() + 60
        while "kickstart request 1 failed: POST /api/no-such-thing 404" not in server.said():
            assert time.monotonic() < deadline, server.said()
            time.sleep(0.05)
        assert status_through(server) == 200
    strict = {"IDENTITY_KICKSTART_FILE": str(file), "IDENTITY_KICKSTART_STRICT": "true"}
    with server_process(database_url, tmp_path, **strict) as server:
        assert server.wait(60) == 1


def test_production_refuses_a_key_that_a_development_installation_generated(database_url: str, tmp_path: Path) -> None:
    loaded = load({"IDENTITY_DATABASE_URL": database_url, "IDENTITY_SECRET_KEY_FILE": str(tmp_path / "keys")})
    (tmp_path / "keys").write_text(new_key_line(GENERATED_KEY_ID, Runtime().random_bytes), encoding="utf-8")
    with pytest.raises(BadSettings, match="Production needs a key of its own"):
        build_services(loaded)
    build_services(replace(loaded, mode="development")).close()


def test_production_runs_no_emulator(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_MODE", "production")
    assert main(["emulator", "x"]) == 2
    assert "runs no emulators" in capsys.readouterr().err
