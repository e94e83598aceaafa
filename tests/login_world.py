"""A service, an X emulator and a demo application with the Twitter provider: where login tests take place."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar
from uuid import uuid4

import requests

from identity import settings as settings_module
from identity.runtime import Runtime
from identity.settings import Settings
from tests import postgres
from tests.fakes.x import XEmulator
from tests.service import Service, running_service
from tests.snapshot import Snapshot

TWITTER = "45bb233c-0901-4236-b5ca-ac46e2e0a5a5"
LOGIN = "/api/identity-provider/login"
LINK = "/api/identity-provider/link"


def refused(answer: requests.Response) -> str:
    """The code of a 401, which is one general error without field errors (D1)."""
    assert answer.status_code == 401, answer.text
    errors = answer.json()
    assert errors["fieldErrors"] == {}
    [error] = errors["generalErrors"]
    return str(error["code"])


def wrong_fields(answer: requests.Response) -> dict[str, str]:
    """The first code of every field of a 400."""
    assert answer.status_code == 400, answer.text
    return {path: errors[0]["code"] for path, errors in answer.json()["fieldErrors"].items()}


class Clock:
    """The service's time, moved by hand; the wall clock that X sees stays real."""

    def __init__(self) -> None:
        self.offset = 0
        self.stopped: int | None = None

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Only `advance` moves the time meanwhile."""
        self.stopped = Runtime().now()
        try:
            yield
        finally:
            self.stopped = None

    def advance(self, *, seconds: int = 0, minutes: int = 0, days: int = 0) -> None:
        self.offset += 1000 * (seconds + 60 * minutes + 86_400 * days)

    def runtime(self) -> Runtime:
        real = Runtime()
        return replace(real, now=lambda: (real.now() if self.stopped is None else self.stopped) + self.offset)


@dataclass
class World:
    """What a login test works with."""

    service: Service
    x: XEmulator
    clock: Clock
    application_id: str
    provider_id: ClassVar[str] = TWITTER
    provider_type: ClassVar[str] = "Twitter"

    def begin_again(self, beginning: Snapshot) -> None:
        """Everything as it was when this was taken, for the next test."""
        self.service.begin_again(beginning)
        self.x.reset()
        self.clock.offset = 0

    def own_members(self) -> dict[str, Any]:
        """What only this kind of provider has."""
        return {
            "buttonText": "Login with Twitter",
            "consumerKey": self.x.consumer_key,
            "consumerSecret": self.x.consumer_secret,
        }

    def subject(self, person: str) -> str:
        """The provider's id of a person."""
        return str(self.x.person(person)["id"])

    def configure(self, **members: Any) -> requests.Response:
        """Replace the provider by one that the demo application may use; `members` change or add fields."""
        document = {
            "type": self.provider_type,
            "enabled": True,
            **self.own_members(),
            "applicationConfiguration": {self.application_id: {"enabled": True, "createRegistration": True}},
        }
        path = f"/api/identity-provider/{self.provider_id}"
        answer = self.service.call("PUT", path, {"identityProvider": document | members})
        assert answer.status_code == 200, answer.text
        return answer

    def strategy(self, name: str, **members: Any) -> None:
        self.configure(linkingStrategy=name, **members)

    def override(self, **members: Any) -> dict[str, Any]:
        """The member applicationConfiguration for the demo application, enabled unless said otherwise."""
        return {"applicationConfiguration": {self.application_id: {"enabled": True, **members}}}

    def limit(self, maximum: int, *, enabled: bool = True) -> dict[str, Any]:
        """The member tenantConfiguration with a link limit for the default tenant."""
        limit = {"enabled": enabled, "maximumLinks": maximum}
        return {"tenantConfiguration": {str(self.service.tenant_id): {"limitUserLinkCount": limit}}}

    def reconcile_with(self, body: str, *, debug: bool = False, **members: Any) -> str:
        """Configure the provider with this lambda; returns the lambda's id."""
        lambda_id = self.add_lambda(body, debug=debug)
        self.configure(lambdaConfiguration={"reconcileId": lambda_id}, **members)
        return lambda_id

    def add_tenant(self, name: str) -> tuple[str, str]:
        """One more tenant with an application that may use the provider beside the demo one; returns both ids."""
        answer = self.service.call("POST", "/api/tenant", {"tenant": {"name": name, "issuer": f"{name}.example"}})
        assert answer.status_code == 200, answer.text
        tenant_id = answer.json()["tenant"]["id"]
        application_id = _demo_application(self.service, tenant_id)
        both = {each: {"enabled": True, "createRegistration": True} for each in (self.application_id, application_id)}
        self.configure(applicationConfiguration=both)
        return tenant_id, application_id

    def add_lambda(self, body: str, *, debug: bool = False) -> str:
        """A reconcile lambda for the provider; returns its id."""
        kind = f"{self.provider_type}Reconcile"
        document = {"name": f"lambda {uuid4()}", "type": kind, "body": body, "debug": debug}
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
        return {"applicationId": self.application_id, "identityProviderId": self.provider_id, "data": data} | members

    def login(self, person: str, *, verifier: bool = False, **members: Any) -> requests.Response:
        return self.post_login(self.login_body(person, verifier=verifier, **members))

    def post_login(self, body: Any, **options: Any) -> requests.Response:
        return self.service.call("POST", LOGIN, body, key=options.pop("key", ""), **options)

    def logged_in(self, person: str, **members: Any) -> dict[str, Any]:
        """The answer of a login that must succeed with 200."""
        answer = self.login(person, **members)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def add_user(self, **members: Any) -> dict[str, Any]:
        """A user of the default tenant made by an administrator."""
        document = {"password": "correct horse battery"} | members
        answer = self.service.call("POST", "/api/user", {"user": document}, tenant=self.service.tenant_id)
        assert answer.status_code == 200, answer.text
        user: dict[str, Any] = answer.json()["user"]
        return user

    def user(self, user_id: str) -> dict[str, Any]:
        answer = self.service.call("GET", f"/api/user/{user_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["user"]
        return found

    def change_user(self, user_id: str, **members: Any) -> None:
        answer = self.service.call("PATCH", f"/api/user/{user_id}", {"user": members})
        assert answer.status_code == 200, answer.text

    def link(self, **members: Any) -> requests.Response:
        """Create a link at the provider by hand."""
        link = {"identityProviderId": self.provider_id} | members
        return self.service.call("POST", LINK, {"identityProviderLink": link})

    def unlink(self, user_id: str, subject: str) -> requests.Response:
        query = {"identityProviderId": self.provider_id, "identityProviderUserId": subject, "userId": user_id}
        return self.service.call("DELETE", LINK, params=query)

    def links(self, user_id: str) -> list[dict[str, Any]]:
        answer = self.service.call("GET", f"/api/identity-provider/link?userId={user_id}")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["identityProviderLinks"]
        return found

    def count(self, table: str) -> int:
        """How many rows a table has: for what must not have been written."""
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database has: for what no route shows."""
        with self.service.services.db.read() as conn:
            return conn.execute(query, values).fetchall()

    def nothing_written(self) -> bool:
        """Whether no login has left anything but log entries."""
        tables = ("users", "registrations", "links", "pending_links", "login_records", "refresh_tokens")
        return not any(self.count(table) for table in tables)

    def until_it_reads(self) -> None:
        """Its sessions were ended: wait until the pool has others, which it promises within ten seconds."""
        deadline = time.monotonic() + 10
        while self.service.call("GET", "/api/application").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def trace_of(self, answer: requests.Response) -> dict[str, Any]:
        """The trace of the login that this answered."""
        path = f"/api/system/login-trace/{answer.headers['X-Identity-Trace']}"
        found = self.service.call("GET", path)
        while found.status_code == 503:  # sessions that ended with the cause are being replaced
            found = self.service.call("GET", path)
        assert found.status_code == 200, found.text
        trace: dict[str, Any] = found.json()["loginTrace"]
        return trace

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The event log, newest first, of one type if it is given."""
        query = {"numberOfResults": "100"} | ({"type": kind} if kind else {})
        answer = self.service.call("GET", "/api/system/event-log/search", params=query)
        found: list[dict[str, Any]] = answer.json()["eventLogs"]
        return found

    def messages(self, kind: str) -> list[str]:
        """The texts of the event log's entries of one type, oldest first."""
        return [entry["message"] for entry in reversed(self.events(kind))]


@contextmanager
def login_world(
    database_url: str, *, x_host: str = "127.0.0.1", x_settings: dict[str, Any] | None = None, **changes: Any
) -> Iterator[World]:
    """A service with its emulator, the demo application and the provider with the strategy LinkByEmail.

    `x_settings` change the settings of X, `changes` the others. `x_host` is the emulator's name for everybody.
    """
    clock = Clock()
    with XEmulator() as x:
        loaded = settings_module.load({"IDENTITY_MODE": "development"})
        api_url = x.url.replace("127.0.0.1", x_host)
        settings: Settings = replace(
            loaded, x=replace(loaded.x, **({"api_url": api_url} | (x_settings or {}))), **changes
        )
        with running_service(database_url, clock.runtime(), settings) as service:
            application_id = _demo_application(service)
            world = World(service, x, clock, application_id)
            create_provider(world)
            yield world


def create_provider(world: World) -> None:
    """The world's provider, for the demo application."""
    document = {"type": world.provider_type} | world.own_members()
    answer = world.service.call("POST", "/api/identity-provider", {"identityProvider": document})
    assert answer.status_code == 200, answer.text
    world.configure()


@contextmanager
def world_for_a_module(server: postgres.Server, template: str) -> Iterator[World]:
    """One login world for all tests of a module, which keep out of each other's way by people of their own."""
    url = postgres.fresh_database(server, template)
    with login_world(url) as world:
        yield world
    postgres.drop_database(server, url)


def _demo_application(service: Service, tenant_id: str | None = None) -> str:
    # A door of the Rocket.Chat kind leads to the first one.
    door = service.services.settings.rocketchat.application_id if tenant_id is None else ""
    application_id = door or str(uuid4())
    document = {
        "name": "Demo",
        "loginConfiguration": {"generateRefreshTokens": True, "allowTokenRefresh": True},
        "roles": [{"name": "user", "isDefault": True}, {"name": "admin"}],
    }
    answer = service.call("POST", f"/api/application/{application_id}", {"application": document}, tenant=tenant_id)
    assert answer.status_code == 200, answer.text
    return application_id
