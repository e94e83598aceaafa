"""A Demo application that does not let people come back to the demo yet: put right through the API, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from identity.dev.demo import APPLICATION, DEMO_APPLICATION_ID, SYSTEM, client_at
from identity.dev.service_api import ServiceApi, ServiceRefused
from identity.ports import free_port
from tests.service import Service, running_service

URL = "http://127.0.0.1:8125"
EARLIER = "http://127.0.0.1:8124"


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    with running_service(database_url) as running:
        yield running


class Demo:
    """One start after the other."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.said: list[str] = []

    def start(self, url: str = URL, earlier: str = EARLIER) -> Any:
        api = ServiceApi(self.service.url.removeprefix("http://"), self.service.key)
        return client_at(api, url, earlier, self.said.append)

    def create(self, **oauth: Any) -> None:
        body = {"application": {"name": "Demo", "oauthConfiguration": oauth}}
        assert self.service.call("POST", APPLICATION, body).status_code == 200

    def application(self) -> dict[str, Any]:
        found: dict[str, Any] = self.service.call("GET", APPLICATION).json()["application"]
        return found

    def cors(self, **changes: Any) -> dict[str, Any]:
        if changes:
            body = {"systemConfiguration": {"corsConfiguration": changes}}
            assert self.service.call("PUT", SYSTEM, body).status_code == 200
        found: dict[str, Any] = self.service.call("GET", SYSTEM).json()["systemConfiguration"]["corsConfiguration"]
        return found


@pytest.fixture
def demo(service: Service) -> Demo:
    return Demo(service)


def test_without_a_demo_application_there_is_no_client(demo: Demo) -> None:
    assert demo.start() is None
    assert demo.said == []


def test_an_application_of_before_there_was_a_demo_is_set_up(demo: Demo) -> None:
    demo.create(clientSecret="the secret")
    client = demo.start(earlier="")
    assert (client.id, client.secret) == (DEMO_APPLICATION_ID, "the secret")
    application = demo.application()
    oauth = application["oauthConfiguration"]
    assert oauth["authorizedRedirectURLs"] == [f"{URL}/callback", f"{URL}/"]
    assert oauth["authorizedOriginURLs"] == [URL]
    assert oauth["logoutURL"] == f"{URL}/"
    assert oauth["enabledGrants"] == ["authorization_code", "refresh_token"]
    assert oauth["clientAuthenticationPolicy"] == "NotRequiredWhenUsingPKCE"
    assert oauth["generateRefreshTokens"] is True
    assert application["registrationConfiguration"]["enabled"] is True
    cors = demo.cors()
    assert (cors["enabled"], cors["allowCredentials"], cors["allowedOrigins"]) == (True, True, [URL])
    assert demo.said == [f"the Demo application now has the demo's redirect URLs at {URL}"]


def test_it_is_done_once_and_what_was_set_since_stays(demo: Demo) -> None:
    demo.create()
    demo.start()
    changed = {"application": {"oauthConfiguration": {"enabledGrants": [], "logoutURL": "https://example.com/"}}}
    demo.service.call("PATCH", APPLICATION, changed, headers={"Content-Type": "application/merge-patch+json"})
    demo.cors(enabled=False)
    assert demo.start() is not None
    assert demo.application()["oauthConfiguration"]["logoutURL"] == "https://example.com/"
    assert demo.cors()["enabled"] is False
    assert len(demo.said) == 1


def test_a_move_replaces_the_earlier_urls_and_keeps_those_of_others(demo: Demo) -> None:
    demo.create(
        authorizedRedirectURLs=["https://example.com/back", f"{EARLIER}/callback", f"{EARLIER}/"],
        authorizedOriginURLs=[EARLIER, "https://example.com"],
        logoutURL="https://example.com/",
        enabledGrants=["password"],
        clientAuthenticationPolicy="Required",
    )
    demo.cors(enabled=True, allowedMethods=["GET"], allowedOrigins=["https://example.com", EARLIER])
    demo.start()
    oauth = demo.application()["oauthConfiguration"]
    assert oauth["authorizedRedirectURLs"] == [f"{URL}/callback", f"{URL}/", "https://example.com/back"]
    assert oauth["authorizedOriginURLs"] == [URL, "https://example.com"]
    assert oauth["logoutURL"] == "https://example.com/"
    assert (oauth["enabledGrants"], oauth["clientAuthenticationPolicy"]) == (["password"], "Required")
    cors = demo.cors()
    assert (cors["allowedOrigins"], cors["allowedMethods"]) == ([URL, "https://example.com"], ["GET"])
    assert cors["allowCredentials"] is False


def test_origins_that_are_open_to_all_stay_so(demo: Demo) -> None:
    demo.create()
    demo.cors(enabled=True, allowedOrigins=["*"])
    demo.start()
    assert demo.cors()["allowedOrigins"] == ["*"]


def test_a_service_that_refuses_or_is_away_is_told_of() -> None:
    away = ServiceApi(f"127.0.0.1:{free_port('127.0.0.1')}", "a key")
    with pytest.raises(ServiceRefused, match=f"GET {APPLICATION}: "):
        client_at(away, URL, EARLIER, print)


def test_a_key_that_does_not_open_it_is_told_of(service: Service) -> None:
    limited = service.add_key(permissions={"/api/user": ["GET"]})
    api = ServiceApi(service.url.removeprefix("http://"), limited)
    with pytest.raises(ServiceRefused, match=f"GET {APPLICATION} 401"):
        client_at(api, URL, EARLIER, print)
