"""What an operator is told when a command can not do its work: a line or two with what to do, never a stack."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from identity import cli
from identity.ports import free_port
from identity.runtime import Runtime
from identity.sealing import new_key_line


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "secret.keys"
    path.write_text(new_key_line("k1", Runtime().random_bytes), encoding="utf-8")
    monkeypatch.setenv("IDENTITY_SECRET_KEY_FILE", str(path))
    monkeypatch.setenv("IDENTITY_DATABASE_URL", f"postgresql://nobody@127.0.0.1:{free_port('127.0.0.1')}/nothing")
    return path


def failure_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.main(list(arguments)) == 2
    return capsys.readouterr().err


@pytest.mark.usefixtures("key_file")
@pytest.mark.parametrize("arguments", [("migrate",), ("api-key", "list")])
def test_a_database_that_is_away_is_told_with_what_to_look_at(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    said = failure_of(capsys, *arguments)
    assert "the database does not take the work" in said
    assert "is IDENTITY_DATABASE_URL right?" in said


@pytest.mark.parametrize("arguments", [("serve",), ("migrate",)])
def test_a_key_file_that_can_not_be_read_is_told_before_anything_begins(
    arguments: tuple[str, ...], key_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key_file.unlink()
    assert f"The key file {key_file} cannot be read" in failure_of(capsys, *arguments)


@pytest.mark.usefixtures("key_file")
@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (("serve",), "IDENTITY_SECRET_KEY_FILE"),
        (("serve",), "IDENTITY_DATABASE_URL"),
        (("migrate",), "IDENTITY_SECRET_KEY_FILE"),
    ],
)
def test_a_setting_that_is_missing_is_named(
    arguments: tuple[str, ...], missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(missing)
    assert f"({missing}) is not set" in failure_of(capsys, *arguments)


@pytest.mark.parametrize("name", ["x", "graph"])
@pytest.mark.parametrize(
    ("text", "told"), [(None, "cannot be read"), ("[]", "are not right"), ("{", "are not a JSON object")]
)
def test_options_of_an_emulator_that_can_not_be_used_are_told(
    name: str, text: str | None, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = tmp_path / "options.json"
    if text is not None:
        options.write_text(text, encoding="utf-8")
    assert told in failure_of(capsys, "emulator", name, "--options", str(options))


@pytest.mark.parametrize(
    "arguments", [("x", "--port"), ("graph", "--port"), ("mail", "--port"), ("mail", "--smtp-port")]
)
@pytest.mark.parametrize("port", ["99999", "-1", "many"])
def test_a_port_that_is_none_is_told(arguments: tuple[str, str], port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["emulator", *arguments, port])
    assert f"'{port}' is no port" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["x", "graph"])
def test_a_port_that_somebody_has_is_told_by_an_emulator(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"127.0.0.1:{port}: choose another --port" in failure_of(capsys, "emulator", name, "--port", str(port))


def test_a_status_that_no_login_ends_with_is_told_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    said = failure_of(capsys, "status-matrix", "200", "999")
    assert "No login ends with 999. The statuses: 200, 202, 203" in said
