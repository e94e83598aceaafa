"""The event log over HTTP. Source: login contract 8."""

from __future__ import annotations

from typing import Any

import pytest

from identity.store import event_log
from tests.service import Service

SEARCH = "/api/system/event-log/search"


@pytest.fixture
def entries(service: Service) -> list[int]:
    with service.services.db.transaction() as conn:
        return [
            event_log.add(conn, 1000, "Information", "Alpha 100% sure"),
            event_log.add(conn, 2000, "Debug", "beta under_score"),
            event_log.add(conn, 3000, "Error", "Gamma\nalpha again"),
        ]


def found(service: Service, **search: Any) -> list[int]:
    """The numbers that a search gives, the same by query and by body."""
    by_body = service.call("POST", SEARCH, {"search": search})
    assert by_body.status_code == 200, by_body.text
    assert service.call("GET", SEARCH, params=search).json() == by_body.json()
    return [entry["id"] for entry in by_body.json()["eventLogs"]]


def test_the_official_client_searches_and_reads_the_log(service: Service, entries: list[int]) -> None:
    answer = service.client.search_event_logs({"search": {"type": "Error"}}).success_response
    expected = {"id": entries[2], "insertInstant": 3000, "message": "Gamma\nalpha again", "type": "Error"}
    assert answer == {"eventLogs": [expected], "total": 1}
    assert service.client.retrieve_event_log(entries[2]).success_response == {"eventLog": expected}


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ({}, [2, 1, 0]),
        ({"start": 2000}, [2, 1]),
        ({"end": 2000}, [1, 0]),
        ({"start": 2000, "end": 2000}, [1]),
        ({"type": "Debug"}, [1]),
        ({"message": "ALPHA"}, [2, 0]),
        ({"message": "alpha*"}, [0]),
        ({"message": "*alpha*"}, [2, 0]),
        ({"message": "100%"}, [0]),
        ({"message": "under_score"}, [1]),
        ({"message": "under*ore"}, []),
        ({"message": "%"}, [0]),
        ({"message": "\\"}, []),
        ({"orderBy": "insertInstant ASC"}, [0, 1, 2]),
        ({"orderBy": "insertInstant"}, [0, 1, 2]),
        ({"orderBy": "type desc"}, [0, 2, 1]),
        ({"orderBy": "type ASC, insertInstant DESC"}, [1, 2, 0]),
        ({"numberOfResults": 1, "startRow": 1}, [1]),
        ({"startRow": 10_000}, []),
    ],
)
def test_criteria_choose_entries(
    service: Service, entries: list[int], search: dict[str, Any], expected: list[int]
) -> None:
    assert found(service, **search) == [entries[number] for number in expected]


def test_the_total_counts_beyond_the_page(service: Service, entries: list[int]) -> None:
    assert service.call("GET", SEARCH, params={"numberOfResults": 1}).json()["total"] == len(entries)


@pytest.mark.parametrize(
    ("search", "path"),
    [
        ({"orderBy": "id"}, "orderBy"),
        ({"orderBy": "message; DROP TABLE users"}, "orderBy"),
        ({"orderBy": "message ASC,"}, "orderBy"),
        ({"startRow": 10_001}, "startRow"),
        ({"startRow": -1}, "startRow"),
        ({"numberOfResults": -1}, "numberOfResults"),
    ],
)
def test_bad_criteria_are_named(service: Service, search: dict[str, Any], path: str) -> None:
    by_body = service.call("POST", SEARCH, {"search": search})
    assert by_body.status_code == 400
    assert by_body.json()["fieldErrors"][f"search.{path}"][0]["code"] == f"[invalid]search.{path}"
    assert service.call("GET", SEARCH, params=search).json() == by_body.json()


def test_a_criterion_of_the_wrong_kind_is_named(service: Service) -> None:
    for name, value in {"start": "yesterday", "type": "Fatal"}.items():
        by_query = service.call("GET", SEARCH, params={name: value})
        assert by_query.json()["fieldErrors"][name][0]["code"] == f"[couldNotConvert]{name}"
        by_body = service.call("POST", SEARCH, {"search": {name: value}})
        assert by_body.json()["fieldErrors"][f"search.{name}"][0]["code"] == "[invalidJSON]"


@pytest.mark.parametrize(("entry", "status"), [("999999", 404), ("9" * 40, 404), ("abc", 400), ("-1", 400)])
def test_an_entry_that_is_not_there(service: Service, entry: str, status: int) -> None:
    assert service.call("GET", f"/api/system/event-log/{entry}").status_code == status


def test_a_key_locked_to_a_tenant_reads_no_event_log(service: Service, entries: list[int]) -> None:
    locked = service.add_key(tenant_id=service.tenant_id)
    assert service.call("GET", SEARCH, key=locked).status_code == 401
    assert service.call("POST", SEARCH, {}, key=locked).status_code == 401
    assert service.call("GET", f"/api/system/event-log/{entries[0]}", key=locked).status_code == 401


def test_pruning_removes_the_oldest_in_batches(service: Service, entries: list[int]) -> None:
    with service.services.db.transaction() as conn:
        assert event_log.prune(conn, keep=1, batch=1) == 1
        assert event_log.prune(conn, keep=1, batch=10) == 1
        assert event_log.prune(conn, keep=1, batch=10) == 0
    assert found(service) == [entries[2]]


def test_the_log_prunes_itself_while_it_grows(service: Service) -> None:
    with service.services.db.transaction() as conn:
        conn.execute(
            "INSERT INTO event_logs (type, message, insert_instant) "
            "SELECT 'Debug', 'filler', 1 FROM generate_series(1, %s)",
            (event_log.KEPT,),
        )
        for number in range(2 * event_log.PRUNE_EVERY):
            event_log.add(conn, number, "Debug", "new")
        row = conn.execute("SELECT count(*) FROM event_logs").fetchone()
    assert row is not None
    assert event_log.KEPT <= row[0] <= event_log.KEPT + event_log.PRUNE_EVERY
