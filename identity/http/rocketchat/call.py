"""One call at the Rocket.Chat door, as its views get it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import Request

from identity.domain.trace import Trace
from identity.flows.configuration.configurations import ApplicationConfiguration
from identity.flows.rocketchat.tokens import ChatSession
from identity.flows.services import Services
from identity.http.rocketchat.body import read_body


@dataclass
class ChatCall:
    """One call: who calls, and what the door leads to."""

    services: Services
    request: Request
    configuration: ApplicationConfiguration
    session: ChatSession | None
    """Whoever is signed in; None where a route asks for nobody."""

    trace: Trace
    """At the door of a login, what happens to it; elsewhere nobody reads it."""

    @cached_property
    def now(self) -> int:
        """The service's time of this call, epoch milliseconds: one value for the whole call."""
        return self.services.runtime.now()

    @cached_property
    def body(self) -> Any:
        """The parsed body; an empty object where there is none that can be read. Raises RequestEntityTooLarge."""
        return read_body(self.request)

    @property
    def members(self) -> Mapping[str, Any]:
        """The members of the body; none for one that is no object."""
        return self.body if isinstance(self.body, dict) else {}

    @property
    def caller(self) -> ChatSession:
        """Whoever is signed in, on routes that ask for it."""
        assert self.session is not None
        return self.session
