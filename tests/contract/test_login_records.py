"""Searching and exporting login records. Source: supporting contract 16."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any
from uuid import UUID, uuid4

import pytest

from identity.store import login_record_search, login_records
from identity.store.login_records import LoginRecord
from tests.service import Service, codes

SEARCH = "/api/system/login-record/search"
EXPORT = "/api/system/login-record/export"


def add_user(service: Service, email: str) -> UUID:
    document = {"user": {"email": email, "password": "correct horse"}}
    answer = service.call("POST", "/api/user", document, tenant=service.tenant_id)
    assert answer.status_code == 200, answer.text
    return UUID(answer.json()["user"]["id"])


def add_application(service: Service) -> UUID:
    document = {"application": {"name": "Shop"}}
    answer = service.call("POST", "/api/application", document, tenant=service.tenant_id)
    return UUID(answer.json()["application"]["id"])


def add_record(service: Service, instant: int, user_id: UUID, **members: Any) -> None:
    defaults = {"tenant_id": service.tenant_id, "application_id": None, "ip_address": "192.0.2.1"}
    record = LoginRecord(
        user_id=user_id, instant=instant, id=uuid4(), authentication_type="PASSWORD", **(defaults | members)
    )
    with service.services.db.read() as conn:
        login_records.add(conn, record)


@pytest.fixture
def people(service: Service) -> dict[str, UUID]:
    """Ann logged in at 1000 and 3000, Ben at 2000 to the shop."""
    ids = {"ann": add_user(service, "ann@example.com"), "ben": add_user(service, "ben@example.com")}
    ids["shop"] = add_application(service)
    add_record(service, 1000, ids["ann"])
    add_record(service, 2000, ids["ben"], application_id=ids["shop"], ip_address="=1+1")
    add_record(service, 3000, ids["ann"])
    return ids


def found(service: Service, **search: Any) -> list[int]:
    """The instants that a search gives, the same by query and by body."""
    by_body = service.call("POST", SEARCH, {"search": search})
    assert by_body.status_code == 200, by_body.text
    assert service.call("GET", SEARCH, params=search).json() == by_body.json()
    return [record["instant"] for record in by_body.json()["logins"]]


def test_the_official_client_searches_newest_first(service: Service, people: dict[str, UUID]) -> None:
    request = {"search": {"applicationId": str(people["shop"])}, "retrieveTotal": True}
    expected = {
        "applicationId": str(people["shop"]),
        "applicationName": "Shop",
        "instant": 2000,
        "ipAddress": "=1+1",
        "loginId": "ben@example.com",
        "loginIdType": "email",
        "userId": str(people["ben"]),
    }
    assert service.client.search_login_records(request).success_response == {"logins": [expected], "total": 1}
    assert found(service) == [3000, 2000, 1000]


def test_each_criterion_narrows_and_pages_cut(service: Service, people: dict[str, UUID]) -> None:
    assert found(service, userId=str(people["ann"])) == [3000, 1000]
    assert found(service, start=2000) == [3000, 2000]
    assert found(service, end=2000) == [2000, 1000]
    assert found(service, userId=str(people["ann"]), start=1001, end=3000) == [3000]
    assert found(service, numberOfResults=1, startRow=1) == [2000]
    assert found(service, userId=str(uuid4())) == []


def test_the_total_comes_on_request_only(service: Service, people: dict[str, UUID]) -> None:
    assert "total" not in service.call("GET", SEARCH).json()
    answer = service.call("GET", SEARCH, params={"retrieveTotal": "true", "numberOfResults": 1}).json()
    assert (answer["total"], len(answer["logins"])) == (3, 1)


def test_a_tenants_key_sees_its_tenants_records_only(service: Service, people: dict[str, UUID]) -> None:
    answer = service.call("POST", "/api/tenant", {"tenant": {"name": "other", "issuer": "other"}})
    other = UUID(answer.json()["tenant"]["id"])
    key = service.add_key(tenant_id=other)
    for criteria in ({}, {"userId": str(people["ann"])}):
        assert service.call("POST", SEARCH, {"search": criteria}, key=key).json() == {"logins": []}
        assert len(exported(service, criteria, key=key)) == 1


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ({"userId": "x"}, {"[couldNotConvert]userId"}),
        ({"start": "soon"}, {"[couldNotConvert]start"}),
        ({"numberOfResults": -1}, {"[invalid]search.numberOfResults"}),
        ({"startRow": 10_001}, {"[invalid]search.startRow"}),
    ],
)
def test_a_bad_criterion_is_named(service: Service, search: dict[str, Any], expected: set[str]) -> None:
    assert codes(service.call("GET", SEARCH, params=search)) == expected


def exported(service: Service, criteria: dict[str, Any], *, key: str | None = None, **members: str) -> list[list[str]]:
    """The lines of the CSV file, the same by query and by body."""
    answer = service.call("POST", EXPORT, {"criteria": criteria} | members, key=key)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip"), answer.text
    assert _lines(service.call("GET", EXPORT, params=criteria | members, key=key).content) == _lines(answer.content)
    return _lines(answer.content)


def _lines(content: bytes) -> list[list[str]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["login_records.csv"]
        return list(csv.reader(io.StringIO(archive.read("login_records.csv").decode())))


def test_an_export_is_a_zip_with_one_csv_file_oldest_first(service: Service, people: dict[str, UUID]) -> None:
    header, *lines = exported(service, {"start": 1000, "end": 2000})
    assert header[0] == "userId"
    ann, ben, shop = (str(people[name]) for name in ("ann", "ben", "shop"))
    assert lines == [
        [ann, "ann@example.com", "email", "", "", "1970-01-01 00:00:01 UTC", "1000", "192.0.2.1"],
        [ben, "ben@example.com", "email", shop, "Shop", "1970-01-01 00:00:02 UTC", "2000", "'=1+1"],
    ]


def test_an_export_writes_times_as_it_is_asked_to(service: Service, people: dict[str, UUID]) -> None:
    format_ = {"dateTimeSecondsFormat": "M/d/yyyy hh:mm:ss a z", "zoneId": "America/Denver"}
    [_, line] = exported(service, {"applicationId": str(people["shop"])}, **format_)
    assert line[5] == "12/31/1969 05:00:02 PM MST"
    assert codes(service.call("GET", EXPORT, params={"zoneId": "Nowhere"})) == {"[invalid]zoneId"}
    refused = service.call("POST", EXPORT, {"dateTimeSecondsFormat": "Q"})
    assert codes(refused) == {"[invalid]dateTimeSecondsFormat"}


def test_an_export_reads_on_beyond_one_page(service: Service) -> None:
    user_id = add_user(service, "ann@example.com")
    total = login_record_search.BATCH + 3
    with service.services.db.read() as conn:
        conn.execute(
            "INSERT INTO login_records (tenant_id, user_id, instant, id, authentication_type)"
            " SELECT %s, %s, n / 7, gen_random_uuid(), 'PING' FROM generate_series(1, %s) n",
            (service.tenant_id, user_id, total),
        )
    _, *lines = exported(service, {})
    assert len(lines) == total
    assert [int(line[6]) for line in lines] == sorted(n // 7 for n in range(1, total + 1))
