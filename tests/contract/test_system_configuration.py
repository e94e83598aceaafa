"""The system configuration: one object with defaults, replaced and patched; and its CORS settings act at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from identity.app import build_services
from identity.domain.system_configuration import DAY
from identity.store import event_log
from tests.contract.test_read_only_database import set_read_only
from tests.service import Service, codes

PATH = "/api/system-configuration"
PAGE = "https://app.example"
LOGIN = "/api/identity-provider/login"


def configure(service: Service, **members: Any) -> dict[str, Any]:
    answer = service.call("PUT", PATH, {"systemConfiguration": members})
    assert answer.status_code == 200, answer.text
    stored: dict[str, Any] = answer.json()["systemConfiguration"]
    return stored


def open_to(service: Service, origins: list[str], **members: Any) -> None:
    configure(service, corsConfiguration={"enabled": True, "allowedOrigins": origins} | members)


@pytest.fixture
def shared(shared_service: Service) -> Iterator[Service]:
    configure(shared_service)
    yield shared_service


def test_before_anybody_changed_it_everything_has_its_default(service: Service) -> None:
    assert service.call("GET", PATH).json() == {
        "systemConfiguration": {
            "auditLogConfiguration": {"delete": {"enabled": False, "numberOfDaysToRetain": 365}},
            "corsConfiguration": {
                "allowCredentials": False,
                "allowedHeaders": [
                    "Accept",
                    "Access-Control-Request-Headers",
                    "Access-Control-Request-Method",
                    "Authorization",
                    "Content-Type",
                    "Last-Modified",
                    "Origin",
                    "X-FusionAuth-TenantId",
                    "X-Requested-With",
                ],
                "allowedMethods": ["GET", "OPTIONS"],
                "allowedOrigins": [],
                "debug": False,
                "enabled": False,
                "exposedHeaders": ["Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"],
                "preflightMaxAgeInSeconds": 1800,
            },
            "data": {},
            "eventLogConfiguration": {"numberToRetain": 10000},
            "loginRecordConfiguration": {"delete": {"enabled": False, "numberOfDaysToRetain": 365}},
            "reportTimezone": "UTC",
            "trustedProxyConfiguration": {"trustPolicy": "All", "trusted": []},
            "uiConfiguration": {},
            "usageDataConfiguration": {"enabled": False, "numberOfDaysToRetain": 365},
            "webhookEventLogConfiguration": {"delete": {"enabled": True, "numberOfDaysToRetain": 30}, "enabled": True},
        }
    }


def test_what_is_stored_is_returned_and_a_replacement_resets_what_it_leaves_out(shared: Service) -> None:
    members = {
        "data": {"a": 1},
        "reportTimezone": "America/Denver",
        "uiConfiguration": {"headerColor": "000000", "logoURL": "https://x.example/l.png", "menuFontColor": "FFFFFF"},
        "trustedProxyConfiguration": {"trustPolicy": "OnlyConfigured", "trusted": ["10.0.0.0/8"]},
    }
    stored = configure(shared, **members)
    assert {name: stored[name] for name in members} == members
    assert stored["insertInstant"] <= stored["lastUpdateInstant"]
    assert shared.call("GET", PATH).json()["systemConfiguration"] == stored
    assert configure(shared)["uiConfiguration"] == {}


def test_the_official_client_patches_it(shared: Service) -> None:
    body = {"systemConfiguration": {"corsConfiguration": {"allowedMethods": ["POST"], "enabled": True}}}
    answer = shared.client.patch_system_configuration(body)
    assert answer.was_successful(), answer.error_response
    cors = shared.client.retrieve_system_configuration().success_response["systemConfiguration"]["corsConfiguration"]
    assert cors["allowedMethods"] == ["GET", "OPTIONS", "POST"]


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("corsConfiguration.allowedOrigins", ["*", PAGE], "[invalid]{}"),
        ("corsConfiguration.allowedOrigins", ["app.example"], "[invalid]{}[0]"),
        ("corsConfiguration.allowedMethods", ["FETCH"], "[invalidJSON]"),
        ("corsConfiguration.allowedHeaders", ["a b"], "[invalid]{}[0]"),
        ("corsConfiguration.exposedHeaders", ["a\r\nSet-Cookie: b"], "[invalid]{}[0]"),
        ("corsConfiguration.preflightMaxAgeInSeconds", -1, "[invalid]{}"),
        ("corsConfiguration.enabled", "yes", "[invalidJSON]"),
        ("eventLogConfiguration.numberToRetain", 0, "[invalid]{}"),
        ("reportTimezone", "Mars/Olympus", "[invalid]{}"),
        ("trustedProxyConfiguration.trustPolicy", "None", "[invalidJSON]"),
    ],
)
def test_a_bad_member_is_named(shared: Service, member: str, value: Any, code: str) -> None:
    path = f"systemConfiguration.{member}"
    body: Any = value
    for name in reversed(path.split(".")):
        body = {name: body}
    refused = shared.call("PUT", PATH, body)
    assert refused.status_code == 400
    assert codes(refused) == {code.format(path)}


def test_a_locked_key_is_refused_and_the_tenant_header_not_looked_at(shared: Service) -> None:
    assert shared.call("GET", PATH, key=shared.add_key(tenant_id=shared.tenant_id)).status_code == 401
    assert shared.call("GET", PATH, tenant="nonsense").status_code == 200


# CORS


def ask(service: Service, method: str, path: str, origin: str = PAGE, **headers: str) -> requests.Response:
    named = {"Origin": origin} | {name.replace("_", "-"): value for name, value in headers.items()}
    return service.call(method, path, {} if method == "POST" else None, headers=named)


def is_refused(answer: requests.Response) -> bool:
    assert not [name for name in answer.headers if name.startswith("Access-Control")]
    kind = answer.headers.get("Content-Type", "")
    return (answer.status_code, answer.content, kind.partition(";")[0]) == (403, b"", "text/plain")


def test_unless_it_is_enabled_calls_of_other_origins_are_refused_and_all_others_are_not(shared: Service) -> None:
    assert is_refused(ask(shared, "GET", "/api/tenant"))
    assert is_refused(ask(shared, "OPTIONS", LOGIN, Access_Control_Request_Method="POST"))
    assert is_refused(ask(shared, "GET", "/nowhere"))
    for own in (shared.url, shared.services.settings.base_url, shared.url.upper().replace("HTTP", "http") + "/"):
        assert ask(shared, "GET", "/api/tenant", own).status_code == 200
    assert shared.call("GET", "/api/tenant").status_code == 200


def test_keys_for_verifying_tokens_are_open_to_every_page(shared: Service) -> None:
    answer = ask(shared, "GET", "/.well-known/jwks.json")
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_preflight_is_204_without_a_key_and_says_what_the_page_may_do(shared: Service) -> None:
    open_to(shared, [PAGE], allowedMethods=["POST"], allowCredentials=True)
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type, authorization"}
    answer = shared.call("OPTIONS", "/api/user", key="", headers={"Origin": PAGE} | asked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"].split(",")
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers["Access-Control-Max-Age"] == "1800"
    assert answer.headers["Vary"] == "Origin"
    refused = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-unheard-of"}
    assert is_refused(shared.call("OPTIONS", "/api/user", key="", headers={"Origin": PAGE} | refused))
    assert is_refused(ask(shared, "OPTIONS", "/api/user", Access_Control_Request_Method="GET"))


def test_a_page_of_an_allowed_origin_logs_in_once_post_is_allowed(shared: Service) -> None:
    open_to(shared, [PAGE])
    assert is_refused(ask(shared, "POST", LOGIN))
    open_to(shared, [PAGE], allowedMethods=["POST"], exposedHeaders=["X-Identity-Trace"])
    answer = ask(shared, "POST", LOGIN)
    assert answer.status_code == 400
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert answer.headers["Access-Control-Expose-Headers"] == "X-Identity-Trace"
    assert is_refused(ask(shared, "POST", LOGIN, "https://evil.example"))
    assert is_refused(ask(shared, "POST", "/admin/user"))


@pytest.mark.parametrize("path", ["/api/tenant/x", "/nowhere", "/api/user"])
def test_an_answer_that_refuses_is_readable_for_the_page_too(shared: Service, path: str) -> None:
    open_to(shared, ["*"])
    answer = shared.call("GET", path, key="", headers={"Origin": PAGE})
    assert answer.status_code in {400, 401, 404}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Vary" not in answer.headers


def test_another_process_acts_on_a_change_at_once(service: Service) -> None:
    neighbour = build_services(service.services.settings)
    try:
        assert not neighbour.system.current().cors.enabled
        open_to(service, [PAGE])
        assert neighbour.system.current().cors.enabled
    finally:
        neighbour.close()


def test_each_refusal_is_an_entry_of_the_event_log_while_debug_is_on(service: Service) -> None:
    open_to(service, [PAGE], debug=True)
    assert is_refused(ask(service, "GET", "/api/tenant", "https://evil.example"))
    [entry] = service.call("GET", "/api/system/event-log/search").json()["eventLogs"]
    assert entry["type"] == "Debug"
    assert entry["message"] == (
        "CORS refused 'GET /api/tenant' from the origin 'https://evil.example': the origin is not allowed."
    )


def test_a_refusal_that_can_not_be_logged_is_a_refusal_all_the_same(own_service: Service, database_url: str) -> None:
    open_to(own_service, [PAGE], debug=True)
    assert is_refused(ask(own_service, "GET", "/api/tenant", "https://evil.example"))
    set_read_only(database_url, True)
    assert is_refused(ask(own_service, "GET", "/api/tenant", "https://evil.example"))


# Retention


def test_so_many_events_stay_as_the_configuration_says(service: Service) -> None:
    configure(service, eventLogConfiguration={"numberToRetain": 3})
    with service.services.db.read() as conn:
        for number in range(10):
            event_log.add(conn, number, "Debug", str(number))
        assert event_log.prune(conn) == 7
        assert [entry.message for entry in event_log.search(conn, event_log.Criteria())[0]] == ["9", "8", "7"]
    assert DAY == 24 * 60 * 60 * 1000
