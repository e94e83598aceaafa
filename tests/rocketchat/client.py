"""The Rocket.Chat door for tests: people with passwords who knock there, and a raw client.

A module of tests gets one by the fixture `chat` (tests/rocketchat/conftest.py): a whole service over real HTTP in
development mode whose door leads to the application Demo of the default tenant. `chat_world(url, rate_limit_calls=10)`
makes one with other settings of the section `[rocketchat]`; `chat.world.clock` moves its time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import requests

from identity.settings import RocketChat
from tests.login_world import World, login_world
from tests.password_door import PASSWORD, Door

LOGIN = "/api/v1/login"
ANSWER_HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache"}
"""What every answer has, to the letter: no test gets one without."""


@dataclass
class Session:
    """Somebody who has logged in."""

    chat: Chat
    user_id: str
    token: str
    me: dict[str, Any] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Auth-Token": self.token, "X-User-Id": self.user_id}

    def call(self, method: str, path: str, json: Any = None, **options: Any) -> requests.Response:
        headers = self.headers | options.pop("headers", {})
        return self.chat.call(method, path, json, headers=headers, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.call("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> requests.Response:
        return self.call("POST", path, json, **options)

    @property
    def is_alive(self) -> bool:
        return self.get("/api/v1/me").status_code == 200


@dataclass
class Chat:
    """The door, and what is behind it."""

    world: World

    def person(self) -> Door:
        """Somebody new, who does not exist until `add_user`; registered for the door's application."""
        return Door(self.world)

    def call(self, method: str, path: str, json: Any = None, **options: Any) -> requests.Response:
        answer = self.world.service.call(method, path, json, key="", **options)
        if is_of_the_door(method, path):
            assert {name: answer.headers[name] for name in ANSWER_HEADERS} == ANSWER_HEADERS
        return answer

    def login(self, body: Any = None, **options: Any) -> requests.Response:
        """One login, raw."""
        return self.call("POST", LOGIN, body, **options)

    def logged_in(self, user: str, password: str = PASSWORD, **members: Any) -> Session:
        """The session of a login that must succeed."""
        answer = self.login({"user": user, "password": password} | members)
        assert answer.status_code == 200, answer.text
        data = answer.json()["data"]
        return Session(self, data["userId"], data["authToken"], data["me"])

    def somebody(self, **members: Any) -> Session:
        """Somebody new who has just logged in; `members` are the user's."""
        person = self.person()
        person.add_user(**members)
        return self.logged_in(str(members.get("email", person.email)))

    def admin(self) -> Session:
        """Somebody new with the role admin."""
        person = self.person()
        user_id = person.add_user(registered=False)
        person.register(user_id, registration={"applicationId": self.world.application_id, "roles": ["admin"]})
        return self.logged_in(person.email)


def is_of_the_door(method: str, path: str) -> bool:
    """Whether a path is of the contract; preflights are CORS's."""
    ours = path in {"/api/v1", "/api/info"} or path.startswith("/api/v1/")
    return ours and method != "OPTIONS"


def unauthorized(answer: requests.Response) -> bool:
    """Whether this is the one refusal of every bad proof, and of every body that is no form."""
    body = {"success": False, "status": "error", "error": "Unauthorized", "message": "Unauthorized"}
    return answer.status_code == 401 and answer.json() == body


@contextmanager
def chat_world(
    database_url: str,
    *,
    x_settings: dict[str, Any] | None = None,
    other_settings: dict[str, Any] | None = None,
    **settings: Any,
) -> Iterator[Chat]:
    """A service whose door is open. `settings` are those of the section `[rocketchat]`, `x_settings` those of X,
    `other_settings` whole sections by their names."""
    door = {"rate_limit_calls": 0, "tenant_id": str(uuid4()), "application_id": str(uuid4())} | settings
    changes = {"rocketchat": RocketChat(**door), **(other_settings or {})}
    with login_world(database_url, x_settings=x_settings, **changes) as world:
        yield Chat(world)
