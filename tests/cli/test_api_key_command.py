"""`identity api-key`: keys made by the operator, without a key."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from identity import cli
from identity.store import api_keys
from tests.service import Service, running_service


@pytest.fixture
def service(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    with running_service(database_url) as running:
        monkeypatch.setenv("IDENTITY_DATABASE_URL", database_url)
        yield running


def create(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.main(["api-key", "create", *arguments]) == 0
    return capsys.readouterr().out.strip()


def test_a_key_is_printed_once_and_works(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    key = create(capsys, "--name", "deploy")
    assert service.call("GET", "/api/system/version", key=key).status_code == 200
    assert service.call("POST", "/api/api-key", {}, key=key).status_code == 401
    with service.services.db.read() as conn:
        found = api_keys.find_by_text(conn, key)
        assert found is not None
        assert api_keys.sealed_text(conn, found.id) is None
        messages = conn.execute("SELECT insert_user, message FROM audit_logs").fetchall()
    assert messages == [("identity api-key", f"Created the API key with Id [{found.id}]")]
    assert cli.main(["api-key", "list"]) == 0
    listed = capsys.readouterr().out
    assert f"{found.id}  deploy  every endpoint; every tenant\n" in listed
    assert key not in listed


def test_a_key_may_be_limited(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    endpoints = ["--endpoint", "/api/system/version=get", "--endpoint", "/api/user=GET,POST"]
    key = create(capsys, "--name", "limited", "--tenant", str(service.tenant_id), *endpoints)
    with service.services.db.read() as conn:
        found = api_keys.find_by_text(conn, key)
    assert found is not None
    assert found.tenant_id == service.tenant_id
    assert found.permissions == {"/api/system/version": {"GET"}, "/api/user": {"GET", "POST"}}
    assert cli.main(["api-key", "list"]) == 0
    line = f"limited  /api/system/version=GET /api/user=GET,POST; tenant {service.tenant_id}\n"
    assert line in capsys.readouterr().out


def test_a_key_manager_may_be_made(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    key = create(capsys, "--name", "manager", "--key-manager")
    assert service.call("POST", "/api/api-key", {}, key=key).status_code == 200


def test_what_cannot_be_made_is_said(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    create(capsys, "--name", "taken")
    for arguments, message in [
        (["--name", "taken"], "named 'taken' already"),
        (["--name", "n", "--tenant", str(uuid4())], "There is no tenant"),
        (["--name", "n", "--endpoint", "/api/api-key=GET"], "--key-manager"),
    ]:
        assert cli.main(["api-key", "create", *arguments]) == 2
        assert message in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--tenant", "x"], ["--endpoint", "/api/user"], ["--endpoint", "user=GET"]])
def test_bad_arguments_are_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["api-key", "create", "--name", "n", *wrong])
    assert wrong[1] in capsys.readouterr().err
