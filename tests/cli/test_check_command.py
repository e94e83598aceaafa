"""`identity check`: each thing looked at is one line, and one bad thing does not hide the next."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from identity import cli, settings
from identity.bootstrap import prepare
from identity.flows.configuration.save_api_key import key_place
from identity.operator_keys import create
from identity.runtime import Runtime
from identity.sealing import new_key_line, read_key_file
from identity.store import api_keys

Check = Callable[[], tuple[int, dict[str, str]]]


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret.keys"
    path.write_text(new_key_line("k1", secrets.token_bytes), encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.fixture
def check(
    database_url: str, key_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Check:
    """Run it; the exit status, and the lines by their subject."""
    monkeypatch.setenv("IDENTITY_DATABASE_URL", database_url)
    monkeypatch.setenv("IDENTITY_SECRET_KEY_FILE", str(key_file))

    def run() -> tuple[int, dict[str, str]]:
        status = cli.main(["check"])
        lines = capsys.readouterr().out.splitlines()
        return status, {line[8:].partition(":")[0]: line for line in lines}

    return run


def test_a_whole_installation_is_found_whole(check: Check) -> None:
    status, lines = check()
    assert status == 0, lines
    assert list(lines) == ["settings", "key file", "database", "migrations", "stored secrets"]
    assert all(line.startswith("ok      ") for line in lines.values())
    assert "holds one key, sealing with 'k1'" in lines["key file"]


def seal_a_key(database_url: str, key_file: Path) -> None:
    """A retrievable API key, sealed with the newest key of the file."""
    runtime = Runtime()
    create(database_url, "sealed", None, {}, False, runtime)
    sealer = read_key_file(key_file, runtime.random_bytes)
    with psycopg.connect(database_url) as conn:
        (key,) = api_keys.all_keys(conn)
        conn.execute("UPDATE api_keys SET key_sealed = %s", (sealer.seal("text", key_place(key.id)),))


def test_a_key_file_that_does_not_open_what_is_stored_is_found(check: Check, database_url: str, key_file: Path) -> None:
    seal_a_key(database_url, key_file)
    assert check()[1]["stored secrets"].startswith("ok ")
    key_file.write_text(new_key_line("k2", secrets.token_bytes), encoding="utf-8")
    status, lines = check()
    assert status == 1
    assert lines["stored secrets"].startswith("failed  stored secrets: the encryption key 'k1' is not in the key file")


def test_a_key_file_that_others_may_read_is_found(check: Check, key_file: Path) -> None:
    key_file.chmod(0o644)
    assert "chmod 600" in check()[1]["key file"]


def test_a_database_that_is_away_does_not_hide_the_rest(
    check: Check, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("IDENTITY_DATABASE_URL", f"host={tmp_path} user=nobody connect_timeout=1")
    monkeypatch.setenv("IDENTITY_SECRET_KEY_FILE", str(tmp_path / "gone"))
    status, lines = check()
    assert status == 1
    assert lines["key file"].startswith("failed")
    assert lines["database"].startswith("failed")
    assert lines["settings"].startswith("ok")


def test_missing_migrations_are_found(check: Check, database_url: str) -> None:
    with psycopg.connect(database_url) as conn:
        conn.execute("DROP TABLE schema_migrations")
    status, lines = check()
    assert status == 1
    assert "Run `identity migrate`" in lines["migrations"]


def test_a_newer_database_is_found(check: Check, database_url: str) -> None:
    with psycopg.connect(database_url) as conn:
        conn.execute("INSERT INTO schema_migrations VALUES ('9999', 'later', 'x', 1)")
    assert "newer release" in check()[1]["migrations"]


def test_what_is_not_set_is_named(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDENTITY_DATABASE_URL")
    monkeypatch.delenv("IDENTITY_SECRET_KEY_FILE")
    status, lines = check()
    assert status == 1
    assert "IDENTITY_DATABASE_URL" in lines["database"]
    assert "IDENTITY_SECRET_KEY_FILE" in lines["key file"]


@pytest.mark.parametrize(
    ("requests", "line"),
    [
        ([{"method": "POST", "url": "/api/x/#{FUSIONAUTH_LAMBDA[TwitterReconcile]_ID}"}], "ok      kickstart: "),
        ([{"method": "POST"}], "failed  kickstart: requests[0].url"),
    ],
)
def test_a_kickstart_file_is_read(
    check: Check, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, requests: list[dict[str, str]], line: str
) -> None:
    file = tmp_path / "kickstart.json"
    file.write_text(json.dumps({"apiKeys": [{"key": uuid4().hex}], "requests": requests}), encoding="utf-8")
    monkeypatch.setenv("IDENTITY_KICKSTART_FILE", str(file))
    status, lines = check()
    assert lines["kickstart"].startswith(line)
    assert status == (0 if line.startswith("ok") else 1)


def test_who_has_a_development_installation_here_is_told_how_to_look_at_it(
    check: Check, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IDENTITY_DATA_DIR", str(tmp_path))
    assert check()[0] == 0
    assert capsys.readouterr().err == ""
    (tmp_path / "dev.env").write_text("IDENTITY_URL=http://127.0.0.1:9011\n", encoding="utf-8")
    assert cli.main(["check"]) == 0
    assert "is looked at with IDENTITY_MODE=development" in capsys.readouterr().err


def test_where_the_rocketchat_door_leads_is_looked_at(
    check: Check, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ROCKETCHAT_TENANT_ID", str(uuid4()))
    monkeypatch.setenv("IDENTITY_ROCKETCHAT_APPLICATION_ID", str(uuid4()))
    assert check()[1]["Rocket.Chat door"].endswith("names no application of that tenant.")
    prepare(settings.load(), Runtime())
    with psycopg.connect(database_url) as conn:
        application_id, tenant_id = conn.execute("SELECT id, tenant_id FROM applications LIMIT 1").fetchall()[0]
    monkeypatch.setenv("IDENTITY_ROCKETCHAT_TENANT_ID", str(tenant_id))
    monkeypatch.setenv("IDENTITY_ROCKETCHAT_APPLICATION_ID", str(application_id))
    status, lines = check()
    assert status == 0, lines
    assert "it leads to the application" in lines["Rocket.Chat door"]
    with psycopg.connect(database_url) as conn:
        conn.execute("UPDATE applications SET active = false")
    assert check()[1]["Rocket.Chat door"].endswith("is inactive, so the door is closed.")
