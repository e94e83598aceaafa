"""A service, an X emulator and a demo application with the Twitter provider: where login tests take place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import requests

from identity import settings as settings_module
from identity.runtime import Runtime
from identity.settings import Settings
from tests.fakes.x import XEmulator
from tests.service import Service, running_service

TWITTER = "45bb233c-0901-4236-b5ca-ac46e2e0a5a5"


class Clock:
    """The service's time, moved by hand; the wall clock that X sees stays real."""

    def __init__(self) -> None:
        self.offset = 0

    def advance(self, *, seconds: int = 0, minutes: int = 0, days: int = 0) -> None:
        self.offset += 1000 * (seconds + 60 * minutes + 86_400 * days)

    def runtime(self) -> Runtime:
        real = Runtime()
        return replace(real, now=lambda: real.now() + self.offset)


@dataclass
class World:
    """What a login test works with."""

    service: Service
    x: XEmulator
    clock: Clock
    application_id: str

    def configure(self, **members: Any) -> requests.Response:
        """Replace the Twitter provider by one that the demo application may use; `members` change or add fields."""
        document = {
            "type": "Twitter",
            "enabled": True,
            "buttonText": "Login with Twitter",
            "consumerKey": self.x.consumer_key,
            "consumerSecret": self.x.consumer_secret,
            "applicationConfiguration": {self.application_id: {"enabled": True, "createRegistration": True}},
        }
        answer = self.service.call("PUT", f"/api/identity-provider/{TWITTER}", {"identityProvider": document | members})
        assert answer.status_code == 200, answer.text
        return answer

    def strategy(self, name: str, **members: Any) -> None:
        self.configure(linkingStrategy=name, **members)

    def add_lambda(self, body: str, *, debug: bool = False) -> str:
        """A TwitterReconcile lambda; returns its id."""
        document = {"name": f"lambda {uuid4()}", "type": "TwitterReconcile", "body": body, "debug": debug}
        answer = self.service.call("POST", "/api/lambda", {"lambda": document})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["lambda"]["id"])

    def login_body(self, person: str, *, verifier: bool = False, **members: Any) -> dict[str, Any]:
        """What a login page sends for this person: an access token pair, or a request token with its verifier."""
        if verifier:
            token, secret, code = self.x.request_token(person)
            data = {"oauth_token": token, "oauth_token_secret": secret, "oauth_verifier": code}
        else:
            token, secret = self.x.access_token(person)
            data = {"oauth_token": token, "oauth_token_secret": secret}
        return {"applicationId": self.application_id, "identityProviderId": TWITTER, "data": data} | members

    def login(self, person: str, *, verifier: bool = False, **members: Any) -> requests.Response:
        body = self.login_body(person, verifier=verifier, **members)
        return self.service.call("POST", "/api/identity-provider/login", body, key="")

    def add_user(self, **members: Any) -> dict[str, Any]:
        """A user made by an administrator."""
        document = {"password": "correct horse battery"} | members
        answer = self.service.call("POST", "/api/user", {"user": document})
        assert answer.status_code == 200, answer.text
        user: dict[str, Any] = answer.json()["user"]
        return user

    def user(self, user_id: str) -> dict[str, Any]:
        answer = self.service.call("GET", f"/api/user/{user_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["user"]
        return found

    def links(self, user_id: str) -> list[dict[str, Any]]:
        answer = self.service.call("GET", f"/api/identity-provider/link?userId={user_id}")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["identityProviderLinks"]
        return found

    def count(self, table: str) -> int:
        """How many rows a table has: for what must not have been written."""
        with self.service.services.db.read() as conn:
            row = conn.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert row is not None
        return int(row[0])

    def events(self) -> list[dict[str, Any]]:
        """The event log, newest first."""
        answer = self.service.call("GET", "/api/system/event-log/search?numberOfResults=100&orderBy=id DESC")
        if answer.status_code == 400:
            answer = self.service.call("GET", "/api/system/event-log/search?numberOfResults=100")
        found: list[dict[str, Any]] = answer.json()["eventLogs"]
        return found


@contextmanager
def login_world(database_url: str, **changes: Any) -> Iterator[World]:
    """A service with its emulator, the demo application and the provider with the strategy LinkByEmail."""
    clock = Clock()
    with XEmulator() as x:
        loaded = settings_module.load({"IDENTITY_MODE": "development"})
        settings: Settings = replace(loaded, x=replace(loaded.x, api_url=x.url), **changes)
        with running_service(database_url, clock.runtime(), settings) as service:
            application_id = _demo_application(service)
            document = {
                "type": "Twitter",
                "buttonText": "Login with Twitter",
                "consumerKey": x.consumer_key,
                "consumerSecret": x.consumer_secret,
            }
            answer = service.call("POST", "/api/identity-provider", {"identityProvider": document})
            assert answer.status_code == 200, answer.text
            world = World(service, x, clock, application_id)
            world.configure()
            yield world


def _demo_application(service: Service) -> str:
    application_id = str(uuid4())
    document = {
        "name": "Demo",
        "loginConfiguration": {"generateRefreshTokens": True, "allowTokenRefresh": True},
        "roles": [{"name": "user", "isDefault": True}, {"name": "admin"}],
    }
    answer = service.call("POST", f"/api/application/{application_id}", {"application": document})
    assert answer.status_code == 200, answer.text
    return application_id
