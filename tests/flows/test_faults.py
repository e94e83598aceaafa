"""A fault of our own: 500 without a body, an id to find the stack by, and the stack in the log alone."""

from __future__ import annotations

import json
import logging

import pytest
import requests

from identity import logs
from tests.contract.test_read_only_database import set_read_only
from tests.login_world import World, login_world

BROKEN = {
    "a tenant without settings": "UPDATE tenants SET settings = '{}'",
    "settings of the wrong kind": "UPDATE applications SET settings = '{\"login_configuration\": 7}'",
}


def break_row(world: World, statement: str) -> None:
    """As a hand in the database, or a defect, may leave it."""
    with world.service.services.db.transaction() as conn:
        conn.execute(statement)
        conn.execute("UPDATE installation SET configuration_version = configuration_version + 1")


def is_a_fault(answer: requests.Response) -> bool:
    assert answer.status_code == 500
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.content == b"" and "Content-Type" not in answer.headers


@pytest.mark.parametrize("statement", BROKEN.values(), ids=BROKEN)
def test_a_broken_row_is_a_500_that_tells_its_caller_nothing_but_an_id(
    world: World, statement: str, caplog: pytest.LogCaptureFixture
) -> None:
    break_row(world, statement)
    with caplog.at_level(logging.ERROR, "identity.http"):
        answer = world.service.call(
            "POST",
            "/api/identity-provider/login",
            world.login_body("alice"),
            key="",
            headers={"X-Request-Id": "find-me-again"},
        )
    assert is_a_fault(answer)
    assert answer.headers["X-Request-Id"] == "find-me-again"
    [record] = [record for record in caplog.records if record.name == "identity.http"]
    line = logs.JsonLines().format(record)
    assert json.loads(line)["message"].startswith("request find-me-again failed\n")
    assert "complete_login.py" in line
    path = f"/api/system/login-trace/{answer.headers['X-Identity-Trace']}"
    trace = world.service.call("GET", path).json()["loginTrace"]
    assert (trace["status"], trace["rule"]) == (500, "unforeseen")
    assert world.count("users") == world.count("links")  # row 24's set, whole or not at all (decision 17)
    assert world.count("refresh_tokens") == 0


def test_the_row_mended_the_same_process_serves_on(world: World) -> None:
    settings = world.rows("SELECT settings::text FROM tenants WHERE id = %s", world.service.tenant_id)[0][0]
    break_row(world, BROKEN["a tenant without settings"])
    assert is_a_fault(world.login("alice"))
    with world.service.services.db.transaction() as conn:
        conn.execute("UPDATE tenants SET settings = %s", (settings,))
        conn.execute("UPDATE installation SET configuration_version = configuration_version + 1")
    assert world.login("alice").status_code == 200


def test_an_event_log_that_takes_no_writes_costs_one_line_without_a_stack(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with login_world(database_url) as world:  # of its own: its sessions are ended
        world.configure(debug=True)
        body = world.login_body("alice")
        set_read_only(database_url, True)
        world.until_it_reads()
        with caplog.at_level(logging.WARNING, "identity.login"):
            assert world.post_login(body).status_code == 503
    [record] = [record for record in caplog.records if record.name == "identity.login"]
    assert record.getMessage().startswith("the event log could not be written: ")
    assert record.exc_info is None


def test_each_request_is_one_line_that_names_the_route_and_no_value(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "identity.request"):
        answer = world.login("alice")
        user_id = answer.json()["user"]["id"]
        world.service.call("GET", f"/api/user/{user_id}?secret=canary", headers={"X-Request-Id": "not sane"})
    lines = [json.loads(logs.JsonLines().format(record)) for record in caplog.records]
    login, read = [line for line in lines if line["logger"] == "identity.request"]
    assert login["route"] == "/api/identity-provider/login"
    assert (login["method"], login["status"]) == ("POST", 200)
    assert login["trace"] == answer.headers["X-Identity-Trace"]
    assert 0 < login["milliseconds"] < 60_000
    assert read["route"] == "/api/user/<user_id>"
    assert "canary" not in json.dumps(lines)
    assert user_id not in json.dumps(lines)
