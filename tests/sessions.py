"""Sessions for the tests of tokens: a person of their own, logged in to an application, and what they hold then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import jwt
import requests

from tests.login_world import World

REFRESH = "/api/jwt/refresh"
PERMISSIVE = {"generateRefreshTokens": True, "allowTokenRefresh": True}


@dataclass(frozen=True)
class Session:
    """What a login answered."""

    person: str
    user_id: str
    application_id: str
    token: str
    refresh_token: str
    refresh_token_id: str

    @property
    def claims(self) -> dict[str, Any]:
        return claims_of(self.token)


@dataclass
class Sessions:
    """Makes applications, each with the provider enabled, and logs people in to them."""

    world: World
    provider: dict[str, Any] = field(default_factory=dict)
    """Members of the provider that differ from what a world begins with."""

    _enabled: dict[str, Any] = field(default_factory=dict)

    def call(self, method: str, path: str, json: Any = None, **options: Any) -> requests.Response:
        return self.world.service.call(method, path, json, **options)

    @property
    def tenant_id(self) -> UUID:
        return self.world.service.tenant_id

    @contextmanager
    def other_tenant(self) -> Iterator[tuple[UUID, str]]:
        """A second tenant and a key that is locked to it; both are gone afterwards."""
        answer = self.call("POST", "/api/tenant", {"tenant": {"name": f"tenant {uuid4()}"}})
        assert answer.status_code == 200, answer.text
        other = UUID(answer.json()["tenant"]["id"])
        try:
            yield other, self.world.service.add_key(tenant_id=other)
        finally:
            assert self.call("DELETE", f"/api/tenant/{other}").status_code == 200

    def application(self, configuration: dict[str, Any] | None = None, **members: Any) -> str:
        """An application that issues and refreshes tokens, with a jwtConfiguration of its own if one is given."""
        document = {
            "name": f"application {uuid4()}",
            "loginConfiguration": PERMISSIVE,
            "roles": [{"name": "user", "isDefault": True}, {"name": "admin"}],
        }
        if configuration is not None:
            document["jwtConfiguration"] = {"enabled": True, **configuration}
        answer = self.call("POST", "/api/application", {"application": document | members}, tenant=self.tenant_id)
        assert answer.status_code == 200, answer.text
        application_id = str(answer.json()["application"]["id"])
        self._enabled[application_id] = {"enabled": True, "createRegistration": True}
        own = {self.world.application_id: {"enabled": True, "createRegistration": True}}
        self.world.configure(applicationConfiguration=own | self._enabled, **self.provider)
        return application_id

    def configure(self, application_id: str, **configuration: Any) -> None:
        """Change members of the application's jwtConfiguration."""
        self.change(application_id, jwtConfiguration=configuration)

    def change(self, application_id: str, **members: Any) -> None:
        answer = self.call("PATCH", f"/api/application/{application_id}", {"application": members})
        assert answer.status_code == 200, answer.text

    def begin(self, application_id: str | None = None, person: str | None = None, **members: Any) -> Session:
        """Log a new person in, or one who has been before."""
        application_id = application_id or self.world.application_id
        if person is None:
            number = uuid4().int % 10**13
            known = {"id": str(number), "screen_name": f"p{number}", "email": f"p{number}@example.com"}
            person = str(self.world.x.add_person(**known)["key"])
        answer = self.world.login(person, applicationId=application_id, **members)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        return Session(
            person, body["user"]["id"], application_id, body["token"], body["refreshToken"], body["refreshTokenId"]
        )

    def refresh(self, token: str, **members: Any) -> requests.Response:
        """The body form, as the official clients use it: without a key."""
        return self.call("POST", REFRESH, {"refreshToken": token, **members}, key="")

    def refreshed(self, token: str, **members: Any) -> dict[str, Any]:
        answer = self.refresh(token, **members)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def is_live(self, token: str) -> bool:
        return self.refresh(token).status_code == 200

    def record(self, token_id: str) -> dict[str, Any] | None:
        answer = self.call("GET", f"{REFRESH}/{token_id}")
        found: dict[str, Any] | None = answer.json()["refreshToken"] if answer.status_code == 200 else None
        return found


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims
