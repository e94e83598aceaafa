"""An emulator that is new to an installation: what it brings is sent through the API, or what is wrong is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from identity.dev.demo import APPLICATION
from identity.dev.installation import Installation
from identity.dev.service_api import ServiceApi
from identity.emulators.graph import EMULATOR
from identity.settings import Kickstart
from identity.store import installation as row
from tests.service import Service, running_service

GIVEN = {
    "DEVELOPMENT_API_KEY": "development",
    "DEVELOPMENT_PASSWORD": "development",
    "DEMO_CLIENT_SECRET": "development",
    "IDENTITY_DEMO_URL": "http://127.0.0.1:8123",
    **EMULATOR.kickstart_variables(EMULATOR.new_options()),
}


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    with running_service(database_url) as running:
        yield running


@pytest.fixture
def installation(service: Service) -> Iterator[Installation]:
    """One that had its kickstart: it knows a default lambda."""
    body = {
        "lambda": {"name": "Default Facebook reconcile", "type": "FacebookReconcile", "body": "function reconcile() {}"}
    }
    made = service.call("POST", "/api/lambda", body).json()["lambda"]["id"]
    with service.services.db.transaction() as conn:
        row.note_defaults(conn, {"FUSIONAUTH_LAMBDA[FacebookReconcile]_ID": made})
    found = Installation(service.services.settings, service.services.runtime)
    yield found
    found.close()


def api(service: Service) -> ServiceApi:
    return ServiceApi(service.url.removeprefix("http://"), service.key)


def test_the_provider_is_configured_for_the_demo_application(service: Service, installation: Installation) -> None:
    assert service.call("POST", APPLICATION, {"application": {"name": "Demo"}}).status_code == 200
    assert installation.catch_up(api(service), EMULATOR.kickstart, GIVEN) is None
    provider = service.call("GET", "/api/identity-provider?type=Facebook").json()["identityProvider"]
    assert provider["appId"] == GIVEN["FACEBOOK_APP_ID"]


def test_without_a_demo_application_it_says_what_the_service_answered(
    service: Service, installation: Installation
) -> None:
    problem = installation.catch_up(api(service), EMULATOR.kickstart, GIVEN)
    assert problem is not None
    assert problem.startswith("POST /api/identity-provider 400 ")


def test_a_file_that_can_not_be_expanded_is_said_and_nothing_is_sent(
    service: Service, installation: Installation, tmp_path: Path
) -> None:
    fragment = tmp_path / "kickstart.json"
    fragment.write_text(json.dumps({"requests": [{"method": "POST", "url": "/api/user/#{nobody}"}]}), encoding="utf-8")
    problem = installation.catch_up(api(service), fragment, GIVEN)
    assert problem is not None
    assert "there is no variable 'nobody'" in problem


@pytest.mark.parametrize("own", [{"mode": "production"}, {"kickstart": Kickstart(file="own.json")}])
def test_in_production_and_with_a_kickstart_of_ones_own_nothing_is_sent(service: Service, own: dict[str, Any]) -> None:
    other = Installation(replace(service.services.settings, **own), service.services.runtime)
    try:
        assert other.catch_up(api(service), EMULATOR.kickstart, GIVEN) is None
    finally:
        other.close()
    assert service.call("GET", "/api/identity-provider?type=Facebook").status_code == 404
