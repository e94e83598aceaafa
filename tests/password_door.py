"""The password door for tests: people with passwords, and how they knock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import requests

from tests.login_world import World

LOGIN = "/api/login"
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Door:
    """People of the default tenant, who log in to the demo application unless said otherwise."""

    world: World
    email: str = field(default_factory=lambda: f"{uuid4().hex}@example.com")

    def add_user(self, *, registered: bool = True, **members: Any) -> str:
        """A user with the door's e-mail and PASSWORD; returns the id."""
        user = self.world.add_user(**({"email": self.email, "password": PASSWORD} | members))
        if registered:
            self.register(user["id"])
        return str(user["id"])

    def register(self, user_id: str, **members: Any) -> dict[str, Any]:
        body = {"registration": {"applicationId": self.world.application_id}} | members
        answer = self.world.service.call("POST", f"/api/user/registration/{user_id}", body)
        assert answer.status_code == 200, answer.text
        registration: dict[str, Any] = answer.json()["registration"]
        return registration

    def knock(self, password: str | None = PASSWORD, *, key: str | None = None, **members: Any) -> requests.Response:
        """One password login, raw; a member that is None is left out."""
        body = {"loginId": self.email, "password": password, "applicationId": self.world.application_id} | members
        given = {name: value for name, value in body.items() if value is not None}
        return self.world.service.call("POST", LOGIN, given, key=key)

    def status(self, password: str | None = PASSWORD, **members: Any) -> int:
        return self.knock(password, **members).status_code

    def tenant(self, **members: Any) -> None:
        """Change the default tenant."""
        path = f"/api/tenant/{self.world.service.tenant_id}"
        answer = self.world.service.call("PATCH", path, {"tenant": members})
        assert answer.status_code == 200, answer.text

    def application(self, **members: Any) -> None:
        """Change the demo application."""
        path = f"/api/application/{self.world.application_id}"
        answer = self.world.service.call("PATCH", path, {"application": members})
        assert answer.status_code == 200, answer.text
