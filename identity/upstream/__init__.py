"""The contract between a login flow and an outside identity provider, and how an outside call can fail.

A provider is a folder under `providers/` that implements `IdentityProvider`. It talks to the network only through
`Outside`, so that one pooled client serves all providers and tests can hand in their own clock. What most of them need
for that is beside this: `conversation` calls, `answers` reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable
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


@dataclass(frozen=True, slots=True)
class Leg:
    """A part of a login at a provider: the general error code when it fails, and its row of login contract 3.5."""

    code: str
    """Without brackets."""

    row: int = 8


MISSING_UNIQUE_ID = Leg("MissingUniqueId", 9)

SAID_NO = frozenset({"refused", "unconfirmed"})
"""The reasons of a provider that works and says no. All others are those of one that fails (decision 6)."""


class UpstreamRefused(Exception):
    """The provider did not vouch for the person on this leg.

    `data` is machine detail for the error's `data` member (login contract 7.5): always a `reason` in a word or two,
    then status, provider codes, reset time. It never holds a secret or a token.
    """

    def __init__(self, leg: Leg, message: str, data: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.leg = leg
        self.message = message
        self.data = dict(data)

    @property
    def code(self) -> str:
        return self.leg.code

    @property
    def failing(self) -> bool:
        """Whether the provider is to blame, so that the same login may succeed later."""
        return self.data["reason"] not in SAID_NO


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
    overlooked: list[UpstreamRefused] = field(default_factory=list)
    """What failed and did not end the login: for the event log."""


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

    name: ClassVar[str]
    """What people call the provider."""

    schema: ClassVar[type[WireSchema]]
    """Its wire fields: the provider's own settings, by their names in `ProviderValues`."""

    override_schema: ClassVar[type[WireSchema]]
    """Those of them that an application may override, all optional."""

    credentials: ClassVar[tuple[str, str]]
    """The settings that hold its key and secret; the second is encrypted at rest."""

    has_codes: ClassVar[bool]
    """Whether its own logins, too, come with a member `code` (beside logins that began here: login contract 4.4)."""

    checks: ClassVar[str]
    """What `check` proves, as the title of a step."""

    def missing(self, data: Mapping[str, str]) -> list[str]:
        """The members of a login's `data` that it cannot do without, and that are absent or blank."""
        ...

    def reach(self, settings: Settings) -> Reach:
        """Its own part of the settings."""
        ...

    def claims(self, values: ProviderValues, data: Mapping[str, str], outside: Outside) -> Claims:
        """Finish a login: turn what the login page was handed into proven claims.

        Raises UpstreamRefused; network failures are turned into it as well, so a flow sees one kind of failure.
        """
        ...

    def check(self, values: ProviderValues, callback_url: str, outside: Outside) -> None:
        """Ask the provider whether it knows these credentials, and this callback if it says; for a connection test.

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


@runtime_checkable
class StartsLogins(Protocol):
    """What a provider adds whose logins this service can begin itself (login contract 4.4)."""

    sign: ClassVar[str]
    """What its button shows beside the text: the path of an SVG in a square of 24."""

    brings: ClassVar[tuple[str, ...]]
    """The members of `data` that only the browser brings back, of those that a client may hand over itself."""

    def start(self, values: ProviderValues, callback_url: str, outside: Outside) -> Start:
        """Begin a login. Raises UpstreamRefused."""
        ...

    def destinations(self, reach: Reach) -> tuple[str, ...]:
        """The addresses that a browser may pass on its way to where people say yes: a page must name them."""
        ...

    def returned(self, query: Mapping[str, str]) -> Return | None:
        """What the query of the callback says; None when it is not this provider's."""
        ...
