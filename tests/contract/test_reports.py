"""Reports count login records, registrations and users by intervals of the report time zone."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from identity.store import login_records
from identity.store.login_records import LoginRecord
from tests.service import Service, codes

HOUR, DAY = 3_600_000, 86_400_000
BEGIN = 1_750_032_000_000
"""2025-06-16 00:00 UTC, a whole number of days: 20255."""


@pytest.fixture
def people(service: Service) -> tuple[str, list[str]]:
    """An application, and two users of whom one logged in three times and the other once."""
    application = service.call("POST", "/api/application", {"application": {"name": "Reported"}}).json()["application"]
    ids = []
    for name in ("ada", "bob"):
        body = {
            "user": {"username": name, "password": "correct horse"},
            "registration": {"applicationId": application["id"]},
        }
        ids.append(service.call("POST", "/api/user/registration", body).json()["user"]["id"])
    for user_id, instant in (
        (ids[0], BEGIN),
        (ids[0], BEGIN + HOUR - 1),
        (ids[0], BEGIN + DAY),
        (ids[1], BEGIN + HOUR),
    ):
        record = LoginRecord(
            service.tenant_id, UUID(user_id), instant, uuid4(), UUID(application["id"]), None, "PASSWORD"
        )
        with service.services.db.read() as conn:
            login_records.add(conn, record)
    return application["id"], ids


def report(service: Service, name: str, **query: Any) -> dict[str, Any]:
    answer = service.call("GET", f"/api/report/{name}", params={"start": BEGIN, "end": BEGIN + 2 * DAY} | query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def pairs(counts: list[dict[str, int]]) -> list[tuple[int, int]]:
    return [(each["interval"], each["count"]) for each in counts]


def test_logins_are_counted_by_hour(service: Service, people: tuple[str, list[str]]) -> None:
    hour = BEGIN // HOUR
    found = report(service, "login")
    assert (pairs(found["hourlyCounts"]), found["total"]) == ([(hour, 2), (hour + 1, 1), (hour + 24, 1)], 4)
    assert report(service, "login", end=BEGIN + HOUR)["total"] == 2
    assert report(service, "login", applicationId=str(uuid4()))["total"] == 0
    assert report(service, "login", userId=people[1][1])["total"] == 1
    assert report(service, "login", loginId="ADA", userId=people[1][1])["total"] == 3
    client = service.client.retrieve_user_login_report(people[1][0], BEGIN, BEGIN + 2 * DAY, people[0])
    assert client.success_response["total"] == 3


def test_active_users_are_counted_once_a_day_and_once_a_month(service: Service, people: tuple[str, list[str]]) -> None:
    found = report(service, "daily-active-user")
    assert pairs(found["dailyActiveUsers"]) == [(BEGIN // DAY, 2), (BEGIN // DAY + 1, 1)]
    found = report(service, "monthly-active-user")
    assert (pairs(found["monthlyActiveUsers"]), found["total"]) == ([((2025 - 1970) * 12 + 5, 2)], 2)


def test_intervals_are_those_of_the_report_time_zone(service: Service, people: tuple[str, list[str]]) -> None:
    system = {"systemConfiguration": {"reportTimezone": "America/Denver"}}
    assert service.call("PUT", "/api/system-configuration", system).status_code == 200
    assert pairs(report(service, "daily-active-user")["dailyActiveUsers"]) == [
        (BEGIN // DAY - 1, 2),
        (BEGIN // DAY, 1),
    ]


def test_registrations_and_totals(service: Service, people: tuple[str, list[str]]) -> None:
    application_id, _ = people
    forever = {"start": 0, "end": 4_000_000_000_000}
    assert report(service, "registration", **forever)["total"] == 2
    assert report(service, "registration", applicationId=application_id, **forever)["total"] == 2
    assert report(service, "registration", applicationId=str(uuid4()), **forever)["total"] == 0
    found = service.call("GET", "/api/report/totals").json()
    assert found["applicationTotals"][application_id] == {
        "logins": 6,  # the two that registered were logged in by that
        "registrations": 2,
        "totalRegistrations": 2,
    }
    assert found["globalRegistrations"] == 2


def test_another_tenant_is_counted_apart(service: Service, people: tuple[str, list[str]]) -> None:
    other = service.call("POST", "/api/tenant", {"tenant": {"name": "Other"}}).json()["tenant"]["id"]
    assert report(service, "login")["total"] == 4
    key = service.add_key(tenant_id=UUID(other))
    answer = service.call("GET", f"/api/report/login?start={BEGIN}&end={BEGIN + DAY}", key=key)
    assert answer.json() == {"hourlyCounts": [], "total": 0}
    assert service.call("GET", "/api/report/totals", key=key).json()["globalRegistrations"] == 0


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("end=5", "[missing]start"),
        ("start=5", "[missing]end"),
        ("start=x&end=5", "[couldNotConvert]start"),
        ("start=1&end=9223372036854775807", "[invalid]end"),
        ("start=-1&end=5", "[invalid]start"),
    ],
)
def test_a_span_that_is_none_is_refused(shared_service: Service, query: str, code: str) -> None:
    refused = shared_service.call("GET", f"/api/report/login?{query}")
    assert (refused.status_code, codes(refused)) == (400, {code})


def test_nobody_of_that_login_id_is_404(shared_service: Service) -> None:
    assert shared_service.call("GET", "/api/report/login?start=1&end=5&loginId=nobody").status_code == 404
