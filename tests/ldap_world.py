"""A directory behind the password door: its connector, the tenant's policies, and how its people knock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.connectors import BUILT_IN, add_connector, policy
from tests.fakes.slapd import BASE, SERVICE_DN, SERVICE_PASSWORD, Slapd
from tests.login_world import World

LOGIN = "/api/login"
REQUESTED = ["uid", "mail", "cn", "givenName", "sn", "title"]
NAMES = """
    user.email = userAttributes.mail;
    user.username = userAttributes.uid;
    user.firstName = userAttributes.givenName;
    user.lastName = userAttributes.sn;
    user.fullName = userAttributes.cn;
"""


@dataclass
class LdapWorld:
    """People of one directory, who log in to the demo application."""

    world: World
    slapd: Slapd
    connectors: list[dict[str, Any]] = field(default_factory=list)

    def connect(self, *, migrate: bool = False, domains: Sequence[str] = ("*",), **members: Any) -> str:
        """One more connector to the directory, asked before the service's own passwords; returns its id."""
        made = add_connector(
            self.world.service,
            self.reconcile(members.pop("body", NAMES)),
            **{
                "authenticationURL": self.slapd.url,
                "baseStructure": BASE,
                "connectTimeout": 2000,
                "data": {"caCertificates": self.slapd.authority.pem} | members.pop("data", {}),
                "name": f"Staff {len(self.connectors)}",
                "readTimeout": 4000,
                "requestedAttributes": REQUESTED,
                "systemAccountDN": SERVICE_DN,
                "systemAccountPassword": SERVICE_PASSWORD,
            }
            | members,
        )
        self.connectors.append(policy(made["id"], migrate=migrate, domains=list(domains)))
        self.tenant(connectorPolicies=[*self.connectors, policy(BUILT_IN)])
        return str(made["id"])

    def change(self, connector_id: str, **members: Any) -> None:
        answer = self.world.service.call("PATCH", f"/api/connector/{connector_id}", {"connector": members})
        assert answer.status_code == 200, answer.text

    def tenant(self, **members: Any) -> None:
        """Change the tenant: lists are replaced, where FusionAuth's own PATCH would prolong them."""
        path = f"/api/tenant/{self.world.service.tenant_id}"
        merge = {"Content-Type": "application/merge-patch+json"}
        answer = self.world.service.call("PATCH", path, {"tenant": members}, headers=merge)
        assert answer.status_code == 200, answer.text

    def reconcile(self, body: str) -> str:
        registered = f'user.registrations = [{{applicationId: "{self.world.application_id}"}}];'
        return f"function reconcile(user, userAttributes) {{ {body} {registered} }}"

    def knock(self, login_id: str = "ann", password: str = "ann's password", **members: Any) -> requests.Response:
        body = {"loginId": login_id, "password": password, "applicationId": self.world.application_id} | members
        return self.world.service.call("POST", LOGIN, body)

    def status(self, login_id: str = "ann", password: str = "ann's password", **members: Any) -> int:
        return self.knock(login_id, password, **members).status_code

    def user(self, login_id: str = "ann", password: str = "ann's password") -> dict[str, Any]:
        """Whom a login lets in."""
        answer = self.knock(login_id, password)
        assert answer.status_code == 200, answer.text
        user: dict[str, Any] = answer.json()["user"]
        return user

    def stored(self, user_id: str) -> dict[str, Any]:
        answer = self.world.service.call("GET", f"/api/user/{user_id}")
        assert answer.status_code == 200, answer.text
        user: dict[str, Any] = answer.json()["user"]
        return user

    def log(self) -> list[str]:
        """The messages of the event log, newest first."""
        answer = self.world.service.call("GET", "/api/system/event-log/search", params={"numberOfResults": 100})
        assert answer.status_code == 200, answer.text
        return [entry["message"] for entry in answer.json()["eventLogs"]]
