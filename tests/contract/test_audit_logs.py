"""The audit log over HTTP. Source: supporting contract 18; what leaves entries: decision 39."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any
from uuid import uuid4

import pytest
import requests

from identity.store import audit
from tests.service import Service, codes

PATH = "/api/system/audit-log"


@pytest.fixture
def entries(service: Service) -> list[int]:
    with service.services.db.transaction() as conn:
        return [
            audit.add(conn, 1000, "ada@example.com", "Alpha 100% sure", reason="because"),
            audit.add(conn, 2000, "bob@example.com", "beta under_score", old_value={"a": "before"}, new_value=[1]),
            audit.add(conn, 3000, "ada@example.com", "Gamma", tenant_id=service.tenant_id),
        ]


def found(service: Service, **search: Any) -> list[int]:
    by_body = service.call("POST", f"{PATH}/search", {"search": search})
    assert by_body.status_code == 200, by_body.text
    assert service.call("GET", f"{PATH}/search", params=search).json() == by_body.json()
    return [entry["id"] for entry in by_body.json()["auditLogs"]]


def rows_of(answer: requests.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        text = archive.read("audit_logs.csv").decode()
    return list(csv.reader(io.StringIO(text)))


def test_the_official_client_adds_reads_and_finds_an_entry(service: Service) -> None:
    given = {
        "data": {"a": 1},
        "insertUser": "ada@example.com",
        "message": "Did it",
        "newValue": {"b": [2]},
        "oldValue": "before",
        "reason": "because",
    }
    answer = service.client.create_audit_log({"auditLog": given})
    assert answer.was_successful(), answer.error_response
    added = answer.success_response["auditLog"]
    assert {name: added[name] for name in given} == given
    assert service.client.retrieve_audit_log(added["id"]).success_response == {"auditLog": added}
    search = service.client.search_audit_logs({"search": {"user": "ada"}}).success_response
    assert search == {"auditLogs": [added], "total": 1}


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"message": "m"}, "[blank]auditLog.insertUser"),
        ({"insertUser": "u", "message": " "}, "[blank]auditLog.message"),
        ({"insertUser": "u", "message": "m", "data": 1}, "[invalidJSON]"),
        ({"insertUser": "u", "message": "m", "newValue": "\x00"}, "[invalid]auditLog.newValue"),
    ],
)
def test_an_entry_that_does_not_fit_is_refused(shared_service: Service, entry: dict[str, Any], code: str) -> None:
    refused = shared_service.call("POST", PATH, {"auditLog": entry})
    assert (refused.status_code, codes(refused)) == (400, {code})


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ({}, [2, 1, 0]),
        ({"start": 2000, "end": 2000}, [1]),
        ({"message": "alpha"}, [0]),
        ({"message": "100%"}, [0]),
        ({"user": "ADA*"}, [2, 0]),
        ({"reason": "cause"}, [0]),
        ({"oldValue": "before"}, [1]),
        ({"newValue": "1"}, [1]),
        ({"orderBy": "insertUser DESC", "numberOfResults": 2}, [1, 0]),
        ({"orderBy": "insertInstant ASC", "startRow": 1}, [1, 2]),
    ],
)
def test_criteria_choose_entries(
    service: Service, entries: list[int], search: dict[str, Any], expected: list[int]
) -> None:
    assert found(service, **search) == [entries[index] for index in expected]


def test_entries_about_a_tenant_are_found_by_it(service: Service, entries: list[int]) -> None:
    assert found(service, tenantId=str(service.tenant_id)) == entries[2:]
    assert found(service, tenantId=str(uuid4())) == []


def test_an_unknown_order_is_refused(shared_service: Service) -> None:
    refused = shared_service.call("GET", f"{PATH}/search?orderBy=data")
    assert (refused.status_code, codes(refused)) == (400, {"[invalid]search.orderBy"})


def test_no_such_number_is_404_and_no_number_400(shared_service: Service) -> None:
    for number in ("0", "999999999", "9" * 40):
        assert shared_service.call("GET", f"{PATH}/{number}").status_code == 404
    assert codes(shared_service.call("GET", f"{PATH}/x")) == {"[couldNotConvert]auditLogId"}


def test_a_locked_key_reads_nothing(shared_service: Service) -> None:
    locked = shared_service.add_key(tenant_id=shared_service.tenant_id)
    assert shared_service.call("GET", f"{PATH}/search", key=locked).status_code == 401


def test_the_export_has_every_entry_oldest_first_in_the_zone_of_reports(service: Service, entries: list[int]) -> None:
    system = {"systemConfiguration": {"reportTimezone": "America/Denver"}}
    service.call("PUT", "/api/system-configuration", system)
    header, *rows = rows_of(service.call("GET", f"{PATH}/export?end=3000&dateTimeSecondsFormat=yyyy-MM-dd%20HH:mm:ss"))
    assert header[:5] == ["id", "time", "instant", "user", "message"]
    assert [row[0] for row in rows] == [str(entry) for entry in entries]
    assert rows[0][1:6] == ["1969-12-31 17:00:01", "1000", "ada@example.com", "Alpha 100% sure", "because"]
    assert rows[1][7:9] == ['{"a":"before"}', "[1]"]
    body = {"criteria": {"user": "bob*"}, "zoneId": "UTC"}
    assert [row[0] for row in rows_of(service.call("POST", f"{PATH}/export", body))[1:]] == [str(entries[1])]


@pytest.mark.parametrize(("member", "value"), [("zoneId", "Mars"), ("dateTimeSecondsFormat", "'yyyy")])
def test_an_export_in_no_zone_or_format_is_refused(shared_service: Service, member: str, value: str) -> None:
    refused = shared_service.call("POST", f"{PATH}/export", {member: value})
    assert (refused.status_code, codes(refused)) == (400, {f"[invalid]{member}"})
