"""The kickstart that `make run` applies: a demo application that a person can log in to through the X emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from identity.dev import installation
from identity.emulators.x import EMULATOR
from identity.kickstart import Ending, kickstart_file, run_kickstart
from identity.settings import Settings, load
from tests.service import NOW, Service, running_service

DEMO_APPLICATION_ID = "85a03867-dccf-4882-adde-1a79aeec50df"
ENVIRONMENT = {
    installation.DEVELOPMENT_API_KEY: "random-development-key",
    installation.DEVELOPMENT_PASSWORD: "random-development-password",
    installation.DEMO_CLIENT_SECRET: "random-client-secret",
    installation.DEMO_URL: "http://127.0.0.1:8123",
}
X = {"X_CONSUMER_KEY": "random-consumer-key", "X_CONSUMER_SECRET": "random-consumer-secret"}


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    with running_service(database_url) as running:
        yield running


@pytest.fixture
def lambda_id(service: Service) -> UUID:
    """The default reconcile lambda."""
    found = uuid4()
    with service.services.db.transaction() as conn:
        conn.execute(
            "INSERT INTO lambdas (id, name, type, body, insert_instant, last_update_instant) "
            "VALUES (%s, %s, 'TwitterReconcile', 'function reconcile() {}', %s, %s)",
            (found, "Default Twitter reconcile of the test", NOW, NOW),
        )
    return found


@pytest.fixture
def settings(service: Service, tmp_path: Path) -> Settings:
    """Those of a first start with the X emulator."""
    kept_apart = replace(service.services.settings, data_dir=tmp_path)
    return installation.whole_kickstart(kept_apart, [EMULATOR.kickstart])


def test_it_makes_a_demo_that_can_be_logged_in_to(service: Service, settings: Settings, lambda_id: UUID) -> None:
    builtins = {
        "FUSIONAUTH_TENANT_ID": str(service.tenant_id),
        "FUSIONAUTH_LAMBDA[TwitterReconcile]_ID": str(lambda_id),
    }
    runtime = service.services.runtime
    known = ENVIRONMENT | X
    result = run_kickstart(settings, settings.database.url, service.url, builtins, runtime, environment=known)
    assert (result.ending, result.message) == (Ending.APPLIED, None)
    assert result.api_key == "random-development-key"
    client = service.client_for(key=result.api_key)

    application = client.retrieve_application(DEMO_APPLICATION_ID).success_response["application"]
    assert application["loginConfiguration"]["generateRefreshTokens"] is True
    assert application["loginConfiguration"]["allowTokenRefresh"] is True
    assert {role["name"]: role["isDefault"] for role in application["roles"]} == {"admin": False, "member": True}

    oauth = application["oauthConfiguration"]
    assert oauth["clientSecret"] == "random-client-secret"
    assert oauth["clientAuthenticationPolicy"] == "NotRequiredWhenUsingPKCE"
    assert oauth["authorizedRedirectURLs"] == ["http://127.0.0.1:8123/callback", "http://127.0.0.1:8123/"]
    assert oauth["logoutURL"] == "http://127.0.0.1:8123/"
    assert application["registrationConfiguration"]["enabled"] is True

    cors = client.retrieve_system_configuration().success_response["systemConfiguration"]["corsConfiguration"]
    assert (cors["enabled"], cors["allowCredentials"]) == (True, True)
    assert cors["allowedOrigins"] == ["http://127.0.0.1:8123"]

    provider = client.retrieve_identity_provider_by_type("Twitter").success_response["identityProvider"]
    assert provider["enabled"] is True
    assert (provider["consumerKey"], provider["consumerSecret"]) == ("random-consumer-key", "random-consumer-secret")
    assert provider["lambdaConfiguration"] == {"reconcileId": str(lambda_id)}
    assert provider["applicationConfiguration"][DEMO_APPLICATION_ID]["enabled"] is True

    user = client.retrieve_user_by_email("demo@example.com").success_response["user"]
    assert [r["roles"] for r in user["registrations"] if r["applicationId"] == DEMO_APPLICATION_ID] == [["admin"]]


def test_it_holds_no_credentials(settings: Settings) -> None:
    path = kickstart_file(settings)
    assert path is not None
    document = json.loads(path.read_text(encoding="utf-8"))
    assert [key["key"] for key in document["apiKeys"]] == [f"#{{ENV.{installation.DEVELOPMENT_API_KEY}}}"]
    bodies = {request["url"]: request["body"] for request in document["requests"]}
    assert bodies["/api/identity-provider"]["identityProvider"]["consumerSecret"] == "#{ENV.X_CONSUMER_SECRET}"
    password = bodies["/api/user/registration"]["user"]["password"]
    assert password == f"#{{ENV.{installation.DEVELOPMENT_PASSWORD}}}"
    oauth = bodies["/api/application/#{applicationId}"]["application"]["oauthConfiguration"]
    assert oauth["clientSecret"] == f"#{{ENV.{installation.DEMO_CLIENT_SECRET}}}"
    assert document["variables"]["applicationId"] == DEMO_APPLICATION_ID


def test_it_is_for_development_alone_and_gives_way_to_a_file_that_is_set() -> None:
    production = load({})
    assert kickstart_file(production) is None
    development = load({"IDENTITY_MODE": "development"})
    own = replace(development, kickstart=replace(development.kickstart, file="own.json"))
    assert str(kickstart_file(own)) == "own.json"
    assert installation.whole_kickstart(own, [EMULATOR.kickstart]) == own
