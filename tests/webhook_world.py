"""Webhooks for tests: sinks on this machine, the tenant's switches, and what arrived."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from identity.flows import courier
from identity.flows.services import Services
from tests.fakes.sink import Behaviour, Request, Sink, answer
from tests.service import Service

OK = answer(200)
NO = answer(500)


@dataclass
class Hook:
    """One webhook of the service, and the sink it leads to."""

    id: str
    sink: Sink

    @property
    def requests(self) -> list[Request]:
        return self.sink.requests

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events that arrived, in their order."""
        return [json.loads(request.body)["event"] for request in self.sink.requests]

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    def answer(self, behaviour: Behaviour) -> None:
        self.sink.script[:] = [behaviour]


@dataclass
class Hooks:
    """Makes webhooks of one service and takes them away again."""

    service: Service
    stack: ExitStack
    made: list[Hook] = field(default_factory=list)

    @property
    def services(self) -> Services:
        return self.service.services

    def add(self, *types: str, behaviour: Behaviour = OK, **members: Any) -> Hook:
        """A webhook for all tenants that hears of these types."""
        sink = self.stack.enter_context(Sink([behaviour]))
        document = {
            "url": f"{sink.url}/hook",
            "connectTimeout": 1000,
            "readTimeout": 2000,
            "global": True,
            "eventsEnabled": dict.fromkeys(types, True),
        }
        answered = self.service.call("POST", "/api/webhook", {"webhook": document | members})
        assert answered.status_code == 200, answered.text
        hook = Hook(answered.json()["webhook"]["id"], sink)
        self.made.append(hook)
        return hook

    def switch_on(self, *types: str, transaction: str = "None", tenant: str | None = None) -> None:
        """The tenant's eventConfiguration: exactly these types are on."""
        events = {name: {"enabled": True, "transactionType": transaction} for name in types}
        self.configure(events, tenant)

    def configure(self, events: dict[str, Any], tenant: str | None = None) -> None:
        path = f"/api/tenant/{tenant or self.service.tenant_id}"
        patch = [{"op": "add", "path": "/tenant/eventConfiguration", "value": {"events": events}}]
        headers = {"Content-Type": "application/json-patch+json"}
        answered = self.service.call("PATCH", path, patch, headers=headers)
        assert answered.status_code == 200, answered.text

    def deliver(self) -> int:
        """Let the courier deliver all that is due; how many tries that were."""
        return courier.deliver_due(self.services)

    def log(self, **criteria: Any) -> list[dict[str, Any]]:
        """The event logs, oldest first."""
        search = {"search": {"orderBy": "insertInstant ASC", "numberOfResults": 500} | criteria}
        answered = self.service.call("POST", "/api/system/webhook-event-log/search", search)
        assert answered.status_code == 200, answered.text
        found: list[dict[str, Any]] = answered.json()["webhookEventLogs"]
        return found

    def log_of(self, event_id: str) -> dict[str, Any]:
        answered = self.service.call("GET", f"/api/system/webhook-event-log/{event_id}")
        assert answered.status_code == 200, answered.text
        found: dict[str, Any] = answered.json()["webhookEventLog"]
        return found


@contextmanager
def hooks_of(service: Service) -> Iterator[Hooks]:
    with ExitStack() as stack:
        yield Hooks(service, stack)
