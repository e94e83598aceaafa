"""`identity explain ID` prints why a login ended as it did."""

from __future__ import annotations

import pytest

from identity import cli
from identity.domain.trace import begin_trace
from identity.flows.login.login_traces import LoginTraces
from identity.runtime import Runtime
from identity.store.db import Database


@pytest.fixture
def trace_id(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of a login that was refused, with a text in it that somebody outside chose."""
    monkeypatch.setenv("IDENTITY_DATABASE_URL", database_url)
    runtime = Runtime()
    instants = iter([1_750_000_000_000, 1_750_000_000_012, 1_750_000_000_034, 1_750_000_000_035])
    trace = begin_trace(lambda: next(instants), runtime.random_bytes, "complete login")
    trace.user_id = runtime.new_id()
    trace.add("X returned the name \x1b[2J.")
    trace.add("The gates say EXPIRED (410).", "3.5 row 17")
    database = Database(database_url, pool_size=1)
    database.open()
    traces = LoginTraces(database)
    traces.keep(trace.ended(410))
    traces.close()
    database.close()
    return trace.id


def test_a_trace_is_printed_with_its_decision_and_its_steps(trace_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", trace_id.lower()]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        f"login trace {trace_id}",
        "  began              2025-06-15 15:06:40.000 UTC, by the door 'complete login'",
        "  outcome            410 after 35 ms",
        "  decided by         3.5 row 17",
    ]
    assert lines[-2:] == [
        "       12 ms  X returned the name ?[2J.",
        "       34 ms  The gates say EXPIRED (410).   [3.5 row 17]",
    ]
    assert lines[4].startswith("  user ")


def test_an_id_of_no_trace_is_said_so(trace_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "0000000000000000"]) == 2
    assert "There is no login trace 0000000000000000." in capsys.readouterr().err
