"""Every login leaves a trace, whose id its answer names, and which tells the steps and what decided."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
import requests

from identity.domain.trace import EndedTrace, Step, begin_trace
from identity.flows.login.login_traces import LoginTraces
from identity.runtime import Runtime
from identity.store import login_traces
from identity.store.db import Database, StoreUnavailable
from tests.contract.test_read_only_database import set_read_only
from tests.login_world import LOGIN, TWITTER, World

TRACE = "/api/system/login-trace"


def trace_of(world: World, answer: requests.Response) -> dict[str, object]:
    found = world.service.call("GET", f"{TRACE}/{answer.headers['X-Identity-Trace']}")
    assert found.status_code == 200, found.text
    trace: dict[str, object] = found.json()["loginTrace"]
    return trace


def test_a_login_names_its_trace_which_tells_whom_how_long_and_what(world: World) -> None:
    answer = world.login("alice")
    trace = trace_of(world, answer)
    assert trace["id"] == answer.headers["X-Identity-Trace"]
    assert (trace["door"], trace["status"]) == ("complete login", 200)
    assert (trace["applicationId"], trace["identityProviderId"]) == (world.application_id, TWITTER)
    assert (trace["tenantId"], trace["userId"]) == (str(world.service.tenant_id), answer.json()["user"]["id"])
    steps = trace["steps"]
    assert isinstance(steps, list)
    assert any("/1.1/account/verify_credentials.json" in step["text"] for step in steps)
    assert [step["milliseconds"] for step in steps] == sorted(step["milliseconds"] for step in steps)
    assert isinstance(trace["milliseconds"], int)
    assert trace["milliseconds"] >= steps[-1]["milliseconds"] >= 0


def test_the_traces_of_a_user_who_is_deleted_go_with_them(world: World) -> None:
    alice = world.login("alice")
    user_id = alice.json()["user"]["id"]
    world.service.services.traces.flush()
    assert world.service.call("DELETE", f"/api/user/{user_id}?hardDelete=true").status_code == 200
    assert world.service.call("GET", f"{TRACE}/{alice.headers['X-Identity-Trace']}").status_code == 404


def test_a_request_that_is_refused_at_once_leaves_a_trace_too(world: World) -> None:
    broken = world.service.call("POST", LOGIN, data=b"{", headers={"Content-Type": "application/json"}, key="")
    assert (trace_of(world, broken)["status"], trace_of(world, broken)["rule"]) == (400, "3.5 row 1")
    empty = world.service.call("POST", LOGIN, {}, key="")
    assert (trace_of(world, empty)["status"], trace_of(world, empty)["rule"]) == (400, "3.5 row 2")


def test_an_entry_of_the_event_log_names_the_trace(world: World) -> None:
    world.configure(debug=True)
    answer = world.login("alice")
    [debug] = world.messages("Debug")
    assert f"Z This is the login trace {answer.headers['X-Identity-Trace']}.\n" in debug
    world.configure()
    refused = world.service.call("POST", LOGIN, world.login_body("bob") | {"data": _wrong()}, key="")
    [error] = world.messages("Error")
    assert f", login trace {refused.headers['X-Identity-Trace']}\n\n" in error


def _wrong() -> dict[str, str]:
    return {"oauth_token": "wrong", "oauth_token_secret": "wrong"}


def test_an_answer_that_is_no_login_names_no_trace(world: World) -> None:
    assert "X-Identity-Trace" not in world.service.call("GET", "/api/tenant").headers


def test_traces_are_searched_by_user_door_status_and_time(world: World) -> None:
    user_id = world.login("alice").json()["user"]["id"]
    world.login("bob")
    world.service.call("POST", LOGIN, {}, key="")

    def ids(**criteria: object) -> list[str]:
        found = world.service.call("POST", f"{TRACE}/search", {"search": criteria}).json()
        assert found["total"] == len(found["loginTraces"])
        return [trace["id"] for trace in found["loginTraces"]]

    newest, bobs, alices = ids()
    assert newest > bobs > alices
    assert ids(userId=user_id) == [alices]
    assert ids(status=400) == [newest]
    assert ids(door="refresh") == []
    assert ids(applicationId=world.application_id) == [bobs, alices]
    assert ids(end=world.clock.runtime().now() - 3_600_000) == []
    query = world.service.call("GET", f"{TRACE}/search?userId={user_id}&start=1&numberOfResults=1").json()
    assert [trace["id"] for trace in query["loginTraces"]] == [alices]


def test_another_tenants_trace_looks_absent(world: World) -> None:
    tenant_id, application_id = world.add_tenant("other")
    trace_id = world.login("alice").headers["X-Identity-Trace"]
    foreign = world.service.add_key(tenant_id=UUID(tenant_id))
    absent = world.service.call("GET", f"{TRACE}/0000000000000000", key=foreign)
    found = world.service.call("GET", f"{TRACE}/{trace_id}", key=foreign)
    assert (found.status_code, found.content) == (absent.status_code, absent.content) == (404, b"")
    assert world.service.call("GET", f"{TRACE}/search", key=foreign).json()["total"] == 0
    own = world.service.call("POST", LOGIN, world.login_body("bob") | {"applicationId": application_id}, key="")
    found = world.service.call("GET", f"{TRACE}/{own.headers['X-Identity-Trace'].lower()}", key=foreign)
    assert found.json()["loginTrace"]["applicationId"] == application_id


def test_what_is_no_trace_id_is_404(world: World) -> None:
    for wrong in ("x", "%00" * 16, "é" * 16, str(uuid4())):
        assert world.service.call("GET", f"{TRACE}/{wrong}").status_code == 404


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    opened.open()
    yield opened
    opened.close()


def ended(instant: int, text: str = "a step") -> EndedTrace:
    runtime = Runtime()
    trace = begin_trace(lambda: instant, runtime.random_bytes, "refresh")
    trace.add(text)
    return trace.ended(200)


def stored(database: Database) -> list[str]:
    with database.read() as conn:
        return [row[0] for row in conn.execute("SELECT id FROM login_traces ORDER BY id").fetchall()]


def test_the_thread_writes_without_being_asked(database: Database) -> None:
    traces = LoginTraces(database)
    kept = ended(1)
    traces.keep(kept)
    with database.read() as conn:
        conn.execute("SELECT pg_sleep(0.01)")
        while not conn.execute("SELECT 1 FROM login_traces").fetchone():
            assert threading.active_count() > 1
    traces.close()
    assert stored(database) == [kept.id]


def test_what_waits_at_the_end_is_written(database: Database) -> None:
    traces = LoginTraces(database)
    kept = [ended(number) for number in range(1_200)]
    for trace in kept:
        traces.keep(trace)
    traces.close()
    assert stored(database) == sorted(trace.id for trace in kept)


def test_only_so_many_traces_stay_and_the_newest_do(database: Database) -> None:
    traces = LoginTraces(database, kept=50)
    kept = [ended(number) for number in range(1_000)]
    for trace in kept:
        traces.keep(trace)
    traces.close()
    assert stored(database) == [trace.id for trace in kept[-50:]]


def test_a_text_that_the_database_does_not_take_is_written_readably(database: Database) -> None:
    traces = LoginTraces(database)
    kept = [ended(1, "nul \x00"), ended(2, "half a pair \ud800"), ended(3, "told \\u0000")]
    for trace in kept:
        traces.keep(trace)
    traces.close()
    with database.read() as conn:
        found = [login_traces.find(conn, None, trace.id) for trace in kept]
    assert [trace.steps for trace in found if trace] == [
        (Step(0, "nul \\0"),),
        (Step(0, "half a pair ?"),),
        (Step(0, "told \\u0000"),),
    ]


def test_a_database_that_takes_no_writes_gets_the_traces_when_it_takes_them_again(
    database: Database, database_url: str
) -> None:
    traces, kept = LoginTraces(database), ended(1)
    set_read_only(database_url, True)
    traces.keep(kept)
    with pytest.raises(StoreUnavailable):
        traces.flush()
    set_read_only(database_url, False)
    traces.close()
    assert stored(database) == [kept.id]
