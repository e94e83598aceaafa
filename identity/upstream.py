"""The contract between a login flow and an outside identity provider, and how an outside call can fail.

A provider is a folder under `providers/` that implements `IdentityProvider`. It talks to the network only through
`Outside`, so that one pooled client serves all providers and tests can hand in their own clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol
from uuid import UUID

from identity.domain.model import Claims, ProviderValues
from identity.domain.trace import Trace
from identity.runtime import Runtime
from identity.settings import Settings
from identity.wire import WireSchema


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers with lower-case names, and the whole (bounded) body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class UpstreamUnreachable(Exception):
    """The other side gave no usable answer: refused, timed out, reset, too large, redirected.

    `reason` is one of: "timeout", "connect" (refused, no such name), "reset" (also half an answer), "tls" (also plain
    http beyond loopback), "too large", "redirect", "garbage" (no HTTP, or encoded unasked), "busy", "forbidden" (an
    address that this service does not call).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UpstreamRefused(Exception):
    """The provider did not vouch for the person: `code` is the general error code without brackets.

    `data` is machine detail for the error's `data` member (login contract 7.5): status, provider codes, reset time.
    It never holds a secret or a token.
    """

    def __init__(self, code: str, message: str, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = dict(data or {})


class Http(Protocol):
    """The one pooled keep-alive client: bounded in time and size, never following a redirect."""

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        budget: float | None = None,
    ) -> Answer:
        """Send one request; `budget` is the most seconds it may take in all. Raises UpstreamUnreachable."""
        ...


@dataclass(frozen=True, slots=True)
class Outside:
    """What a provider may use of the world: the client, clock and random source, and its own base URL."""

    http: Http
    runtime: Runtime
    api_url: str
    trace: Trace
    budget: float = 10.0
    """Seconds one login may spend outside in all."""

    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a provider is and how long a login may take there, by the operator's settings for it."""

    api_url: str
    budget: float
    """Seconds one login may spend outside in all."""

    options: Mapping[str, Any] = field(default_factory=dict)


class IdentityProvider(Protocol):
    """One kind of outside provider. Implementations are stateless; everything they need is an argument."""

    wire_type: ClassVar[str]
    """The wire discriminator, e.g. "Twitter"."""

    fixed_id: ClassVar[UUID]
    """The id of the singleton provider of this type."""

    authentication_type: ClassVar[str]
    """The `authenticationType` claim of a login through it, e.g. "TWITTER"."""

    schema: ClassVar[type[WireSchema]]
    """Its wire fields: the provider's own settings, by their names in `ProviderValues`."""

    override_schema: ClassVar[type[WireSchema]]
    """Those of them that an application may override, all optional."""

    credentials: ClassVar[tuple[str, str]]
    """The settings that hold its key and secret; the second is encrypted at rest."""

    required_data: ClassVar[tuple[str, ...]]
    """The `data` members a Complete-Login request must carry."""

    def reach(self, settings: Settings) -> Reach:
        """Its own part of the settings."""
        ...

    def claims(self, values: ProviderValues, data: Mapping[str, str], outside: Outside) -> Claims:
        """Finish a login: turn what the login page was handed into proven claims.

        Raises UpstreamRefused; network failures are turned into it as well, so a flow sees one kind of failure.
        """
        ...

    def check(self, values: ProviderValues, callback_url: str, outside: Outside) -> None:
        """Ask the provider whether it knows these credentials and this callback; for a connection test.

        Raises UpstreamRefused.
        """
        ...


@dataclass(frozen=True, slots=True)
class Start:
    """A login that a provider has let begin."""

    authorization_url: str = field(repr=False)
    """Where the browser is to go."""

    handle: str = field(repr=False)
    """By what the provider names this login when the browser comes back."""

    kept: Mapping[str, str] = field(repr=False)
    """Members of a login's `data` that stay here until then."""


@dataclass(frozen=True, slots=True)
class Return:
    """A browser that comes back from a provider."""

    handle: str = field(repr=False)
    brought: Mapping[str, str] | None = field(repr=False)
    """Members of a login's `data` that it brings; None: the person said no."""


class StartsLogins(Protocol):
    """What a provider adds whose logins this service can begin itself (login contract 4.4)."""

    name: ClassVar[str]
    """What people call the provider."""

    brings: ClassVar[tuple[str, ...]]
    """The members of `data` that only the browser brings back."""

    def start(self, values: ProviderValues, callback_url: str, outside: Outside) -> Start:
        """Begin a login. Raises UpstreamRefused."""
        ...

    def destinations(self, api_url: str) -> tuple[str, ...]:
        """The addresses that a browser may pass on its way to where people say yes: a page must name them."""
        ...

    def returned(self, query: Mapping[str, str]) -> Return | None:
        """What the query of the callback says; None when it is not this provider's."""
        ...
