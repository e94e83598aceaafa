"""The connection test over HTTP (login contract 2.11), against the X emulator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from identity import settings as settings_module
from identity.domain.connection_test import LoginStep
from identity.runtime import Runtime
from identity.store import connection_tests
from tests.contract.patching import PROVIDER_ID, TWITTER
from tests.fakes.x import XEmulator
from tests.service import NOBODYS_ID, Service, running_service

PATH = "/api/identity-provider/test"


@pytest.fixture
def x() -> Iterator[XEmulator]:
    with XEmulator() as running:
        yield running


class Clock:
    """The service's time, moved by hand."""

    now = 1_750_000_000_000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(database_url: str, x: XEmulator, clock: Clock) -> Iterator[Service]:
    development = settings_module.load({"IDENTITY_MODE": "development"})
    given = replace(development, x=replace(development.x, api_url=x.url))
    with running_service(database_url, Runtime(now=lambda: clock.now), given) as running:
        keys = {"consumerKey": x.consumer_key, "consumerSecret": x.consumer_secret}
        running.call("POST", "/api/identity-provider", {"identityProvider": {**TWITTER, **keys}})
        yield running


def start(service: Service, **members: Any) -> Any:
    return service.call(
        "POST", PATH, {"identityProviderId": PROVIDER_ID, "tenantId": str(service.tenant_id), **members}
    )


def read(service: Service, test_id: str) -> Any:
    return service.call("GET", PATH, params={"connectionTestId": test_id})


def test_a_test_begins_by_asking_x_about_the_credentials(service: Service, x: XEmulator, clock: Clock) -> None:
    body = start(service).json()
    assert UUID(body["connectionTestId"])
    result = body["result"]
    assert [step.keys() for step in result["steps"]] == [{"title", "detail", "success"}]
    assert result["steps"][0]["success"] is True
    assert (result["success"], result["identityProviderId"]) == (False, PROVIDER_ID)
    assert result["startInstant"] == clock.now
    assert [call["path"] for call in x.calls()] == ["/oauth/request_token"]
    assert read(service, body["connectionTestId"]).json() == body


def test_wrong_credentials_are_a_failed_step(service: Service) -> None:
    service.call("PATCH", f"/api/identity-provider/{PROVIDER_ID}", {"identityProvider": {"consumerSecret": "wrong"}})
    step = start(service).json()["result"]["steps"][0]
    assert step["success"] is False
    assert "32" in step["detail"]
    assert "wrong" not in step["detail"]


def test_the_only_tenant_need_not_be_named(service: Service) -> None:
    assert start(service, tenantId=None).status_code == 200


@pytest.mark.parametrize(
    ("members", "path", "code"),
    [
        ({"identityProviderId": None}, "identityProviderId", "[missing]identityProviderId"),
        ({"identityProviderId": "x"}, "identityProviderId", "[invalidJSON]"),
        ({"identityProviderId": NOBODYS_ID}, "identityProviderId", "[invalid]identityProviderId"),
        ({"tenantId": NOBODYS_ID}, "tenantId", "[invalid]tenantId"),
    ],
)
def test_a_bad_start_has_its_code(service: Service, members: dict[str, Any], path: str, code: str) -> None:
    response = start(service, **members)
    assert response.status_code == 400
    assert {at: [item["code"] for item in items] for at, items in response.json()["fieldErrors"].items()} == {
        path: [code]
    }


def test_a_test_is_gone_after_its_time(service: Service, clock: Clock) -> None:
    test_id = start(service).json()["connectionTestId"]
    clock.now += 1_799_000
    assert read(service, test_id).status_code == 200
    clock.now += 1_000
    assert read(service, test_id).status_code == 404


@pytest.mark.parametrize("test_id", ["x", "6f9619ff-8b86-4011-b42d-00c04fc964ff"])
def test_an_unknown_test_is_404(service: Service, test_id: str) -> None:
    response = read(service, test_id)
    assert (response.status_code, response.content) == (404, b"")


def test_the_id_is_required_to_read(service: Service) -> None:
    assert service.call("GET", PATH).json()["fieldErrors"].keys() == {"connectionTestId"}


def test_what_a_login_came_to_is_in_the_result(service: Service, clock: Clock) -> None:
    test_id = start(service).json()["connectionTestId"]
    with service.services.db.transaction() as conn:
        found = connection_tests.find(conn, UUID(test_id), clock.now)
        assert found is not None
        step = LoginStep("User", "X returned the user.", True)
        connection_tests.record(conn, found.after(step).proved("783214", "ada@example.test", "ada"))
    result = read(service, test_id).json()["result"]
    assert (result["success"], result["identityProviderUserId"]) == (True, "783214")
    assert (result["email"], result["username"]) == ("ada@example.test", "ada")
    assert [step["title"] for step in result["steps"]] == ["Credentials and callback URL", "User"]


def test_a_tenant_locked_key_starts_no_test(service: Service) -> None:
    key = service.add_key(tenant_id=service.tenant_id)
    assert service.call("POST", PATH, {"identityProviderId": PROVIDER_ID}, key=key).status_code == 401
