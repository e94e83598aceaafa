"""One login on its way: what was asked, what has been found out, and the signal to begin again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from identity.domain.events import EventInfo
from identity.domain.link_notes import LinkNotes
from identity.domain.linking import Key
from identity.domain.model import Claims, Device, Registration, User
from identity.domain.outcome import Door
from identity.domain.standing import NO_STANDING, Standing
from identity.domain.trace import Trace
from identity.flows.configuration.configurations import (
    ApplicationConfiguration,
    ProviderConfiguration,
    TenantConfiguration,
)
from identity.flows.login.login_log import LoginLog
from identity.store.logins import LinkUse
from identity.upstream import UpstreamRefused


@dataclass(frozen=True, slots=True)
class OwnBlocking:
    """Rules against guessing that a door has of its own, asked in every round of a login as the tenant's lockout is."""

    blocks: Callable[[], bool]
    replaces_lockout: bool
    """Whether they stand in for the tenant's lockout of passwords; one for wrong codes holds in any case."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What every door learns about whoever knocks, beside the proof of who they are."""

    tenant_id: UUID | None = None
    """The tenant the call is scoped to, if it is."""

    ip_address: str | None = None
    user_agent: str | None = None
    device: Device = field(default_factory=Device)
    meta_data: Mapping[str, Any] = field(default_factory=dict)
    os: str | None = None
    event_data: Mapping[str, Any] = field(default_factory=dict)
    """What the client adds to the events of this login."""

    says_new_device: bool = False
    """Whether the client says that the user has never logged in with this device."""

    no_jwt: bool = False
    resumable: bool = False
    """Whether a login that misses a step leaves a proof, by which it goes on after that step (hosted pages)."""

    own_blocking: OwnBlocking | None = None

    change_can_wait: bool = False
    """Whether a password that must be changed keeps nobody out, since the answer only says so (rocket section 11)."""

    chat_token: str | None = field(default=None, repr=False)
    """The token that the Rocket.Chat door hands out if the login completes."""

    trust: str | None = field(default=None, repr=False)
    """What names a trusted computer: the cookie fusionauth.trust, or a twoFactorTrustId."""

    state: str | None = None
    """The client's own JSON text, given back byte for byte (decision 13)."""

    @property
    def event_info(self) -> EventInfo:
        """What events say of where the call came from."""
        return EventInfo(
            data=self.event_data,
            device_description=self.device.description,
            device_name=self.device.name,
            device_type=self.device.type,
            ip_address=self.ip_address,
            os=self.os,
            user_agent=self.user_agent,
        )


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """What any front end makes of a request to complete a provider's login."""

    application_id: UUID
    provider_id: UUID
    data: Mapping[str, str] = field(repr=False)
    visit: Visit = field(default_factory=Visit)
    connection_test_id: UUID | None = None
    no_link: bool = False
    app: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the client says of the provider's app that gave it its token, by our names; it must be this service's own
    (Rocket.Chat contract 6.4)."""

    notes: LinkNotes | None = None
    """What the link keeps beside the token; None leaves what it has."""


class BeginAgain(Exception):
    """What this attempt stood on is no longer so: the configuration changed, or another login was faster."""


@dataclass(frozen=True, slots=True)
class Context:
    """The configuration one attempt runs under."""

    application: ApplicationConfiguration
    provider: ProviderConfiguration
    authentication_type: str

    @property
    def tenant_id(self) -> UUID:
        return self.application.application.tenant_id

    @property
    def application_id(self) -> UUID:
        return self.application.application.id

    @property
    def provider_id(self) -> UUID:
        return self.provider.config.id

    @property
    def version(self) -> int:
        """The version to prove: the older of the two copies, so that a change between them is noticed."""
        return min(self.application.version, self.provider.version)


@dataclass(frozen=True, slots=True)
class Person:
    """Whom this login is for: a stored user, or a draft that row 24 will store."""

    user: User
    registrations: tuple[Registration, ...] = ()
    standing: Standing = NO_STANDING
    stored: bool = True
    linked: bool = True
    matched_by: Key | None = None
    """The provider's own value that found the user; None when a link did, or nobody was found."""

    def registration_for(self, application_id: UUID | None) -> Registration | None:
        return next((item for item in self.registrations if item.application_id == application_id), None)

    def with_registration(self, registration: Registration) -> Person:
        """The person with this registration, instead of the one for the same application if there is one."""
        others = (item for item in self.registrations if item.application_id != registration.application_id)
        everyone = sorted((*others, registration), key=lambda item: str(item.application_id))  # the order of the wire
        return replace(self, registrations=tuple(everyone))


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody has proved at a door who they are: what the tail of a login needs to know of how they came in."""

    door: Door
    configuration: TenantConfiguration | ApplicationConfiguration
    visit: Visit
    authentication_type: str
    log: LoginLog
    version: int
    """The version of the configuration that the entry stands on."""

    provider: ProviderConfiguration | None = None
    link: LinkUse | None = None
    """The link that the login came by; no second factor or password comes by one."""

    second_factor_done: bool = False
    auth_instant: int | None = None
    """When the person proved who they are, epoch milliseconds, if that was in an earlier login (SSO)."""

    vouched_for: bool = False
    """Whether it was a provider who vouched for them in that earlier login."""

    password: str | None = field(default=None, repr=False)
    """The password that was the proof, at the one door that sees it."""

    weak_password: bool = False
    """Whether the password before a second factor was one that the tenant would not take today."""

    @property
    def trace(self) -> Trace:
        return self.log.trace

    @property
    def federated(self) -> bool:
        """Whether a provider vouches for the person, now or in the login that goes on."""
        return self.provider is not None or self.vouched_for

    @property
    def tenant_id(self) -> UUID:
        return self.configuration.tenant.id

    @property
    def application_id(self) -> UUID | None:
        return self.configuration.application_id


@dataclass(slots=True)
class Attempt:
    """What one login has found out so far; it outlives a new beginning, so that provider and lambda are asked once."""

    request: LoginRequest
    trace: Trace
    log: LoginLog
    said: Claims | UpstreamRefused | None = None
    """What the provider answered: it is asked once, since a verifier works once."""

    signed_with: tuple[Any, ...] | None = None
    """The credentials under which it was asked: under others the answer counts for nothing (T1)."""

    lambda_changes: tuple[dict[str, Any], dict[str, Any]] | None = None
    """What the lambda changed of user and registration: it runs once per login, its results are carried over (D20)."""
