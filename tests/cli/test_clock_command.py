"""`identity clock`: every service in development mode on the same database follows it; others never look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from identity import cli
from identity.app import build_services
from identity.clock_command import milliseconds
from identity.runtime import Runtime
from identity.sealing import new_key_line
from identity.store.development_clock import DevelopmentClock
from tests.service import Service, running_service

DAY = 86_400_000
SLACK = 5_000


@pytest.fixture
def service(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    with running_service(database_url) as running:
        monkeypatch.setenv("IDENTITY_DATABASE_URL", database_url)
        yield running


def days_ahead(service: Service) -> float:
    return round((service.services.runtime.now() - Runtime().now()) / DAY, 2)


def clock(*arguments: str) -> None:
    assert cli.main(["clock", *arguments]) == 0


def test_the_services_time_moves_and_comes_back(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    assert days_ahead(service) == 0
    clock("advance", "31d")
    clock("advance", "1d12h")
    assert days_ahead(service) == 32.5
    told = capsys.readouterr().out.splitlines()[-1]
    assert told.endswith("32 days, 12:00:00 ahead of the real time.")
    instant = datetime.fromisoformat(told.removeprefix("The service's time is ").partition(",")[0])
    assert abs(instant.timestamp() * 1000 - service.services.runtime.now()) < SLACK
    clock("show")
    assert capsys.readouterr().out.strip().endswith("32 days, 12:00:00 ahead of the real time.")
    clock("reset")
    assert capsys.readouterr().out.strip().endswith(", the real time.")
    assert days_ahead(service) == 0


def test_an_object_made_after_the_move_bears_the_moved_time(service: Service) -> None:
    clock("advance", "52w")
    made = service.call("POST", "/api/user-action", {"userAction": {"name": "late"}}).json()["userAction"]
    assert abs(made["insertInstant"] - Runtime().now() - 364 * DAY) < SLACK


def test_what_is_sent_to_others_keeps_the_real_time(service: Service) -> None:
    clock("advance", "31d")
    runtime = service.services.runtime
    assert abs(runtime.wall_clock() - Runtime().wall_clock()) <= 1


def test_a_second_process_starts_at_the_moved_time(service: Service, database_url: str) -> None:
    clock("advance", "2w")
    second = DevelopmentClock(database_url, Runtime())
    assert abs(second.now() - Runtime().now() - 14 * DAY) < SLACK
    second.close()


def test_while_the_database_is_away_the_known_time_goes_on(service: Service, database_url: str) -> None:
    clock("advance", "2w")
    assert days_ahead(service) == 14
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert days_ahead(service) == 14
        assert days_ahead(service) == 14


def test_production_refuses_and_does_not_look(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IDENTITY_DATABASE_URL", database_url)
    assert cli.main(["clock", "advance", "1d"]) == 2
    assert "No service has run in development mode on this database" in capsys.readouterr().err
    monkeypatch.setenv("IDENTITY_MODE", "production")
    assert cli.main(["clock", "advance", "1d"]) == 2
    assert "'production', where the service goes by the real time" in capsys.readouterr().err
    with psycopg.connect(database_url) as conn:
        conn.execute("INSERT INTO development_clock (offset_milliseconds) VALUES (%s)", (31 * DAY,))
    key_file = tmp_path / "secret.keys"
    key_file.write_text(new_key_line("own", Runtime().random_bytes))
    loaded = cli.settings.load({"IDENTITY_DATABASE_URL": database_url, "IDENTITY_SECRET_KEY_FILE": str(key_file)})
    services = build_services(replace(loaded, mode="production"))
    try:
        assert abs(services.runtime.now() - Runtime().now()) < SLACK
        assert services.clock is None
    finally:
        services.close()


@pytest.mark.parametrize("text", ["", "31", "d", "-1d", "1y", "1.5d", "31d "])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}$"):
        milliseconds(text)


def test_a_hundred_years_are_enough(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["clock", "advance", "999999d"]) == 2
    assert "hundred years" in capsys.readouterr().err
    assert days_ahead(service) == 0
