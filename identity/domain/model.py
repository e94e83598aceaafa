"""The values the rules speak of: immutable, in the field's own words, free of any storage or wire form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from uuid import UUID

from identity.domain.standing import TwoFactorMethod

ProviderValues = Mapping[str, Any]
"""A provider's own settings in snake_case (Twitter: consumer_key, consumer_secret, button_text), secrets in clear."""

DEFAULT_MAXIMUM_LINKS = 42
"""Source: Twitter identity provider page, limitUserLinkCount.maximumLinks."""

BUILT_IN_CONNECTOR_ID = UUID("e3306678-a53a-4964-9040-1c96f36dda72")
FUSIONAUTH_APPLICATION_ID = UUID("3c219e58-ed0e-4b18-ad48-f4f92793ae32")
"""Fixed ids of FusionAuth installations. Source: supporting contract 5.4."""


class LinkingStrategy(Enum):
    """How a first login through a provider finds its user. Source: Twitter identity provider page."""

    CREATE_PENDING_LINK = "CreatePendingLink"
    DISABLED = "Disabled"
    LINK_ANONYMOUSLY = "LinkAnonymously"
    LINK_BY_EMAIL = "LinkByEmail"
    LINK_BY_EMAIL_FOR_EXISTING_USER = "LinkByEmailForExistingUser"
    LINK_BY_USERNAME = "LinkByUsername"
    LINK_BY_USERNAME_FOR_EXISTING_USER = "LinkByUsernameForExistingUser"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a provider proved about a person, in neutral words."""

    subject: str
    """The provider's immutable id of the person (Twitter: id_str); with the provider id, the key of a link."""

    email: str | None = None
    """A proven e-mail address, or None when absent, unproven or no address at all (decision 7)."""

    username: str | None = None
    name: str | None = None
    """What they call themselves; not unique, and no login name."""

    image_url: str | None = None
    """Their picture, for users who have none; None where only a lambda takes it over."""

    token: str | None = field(default=None, repr=False)
    token_secret: str | None = field(default=None, repr=False)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The provider's whole answer, for the reconcile lambda."""

    @property
    def display_name(self) -> str | None:
        """D28: the e-mail if present, else the username; else what they call themselves."""
        return self.email or self.username or self.name


@dataclass(frozen=True, slots=True)
class LinkLimit:
    """tenantConfiguration of one tenant: limitUserLinkCount, and custom data."""

    enabled: bool = False
    maximum_links: int = DEFAULT_MAXIMUM_LINKS
    data: Mapping[str, Any] = field(default_factory=dict)

    def exceeded_by(self, links: int) -> bool:
        """Whether one more link would be too many for a user who has `links` links to this provider."""
        return self.enabled and links >= self.maximum_links


@dataclass(frozen=True, slots=True)
class ApplicationOverride:
    """applicationConfiguration of one application: enablement and the settings it overrides."""

    enabled: bool = False
    create_registration: bool = True
    settings: ProviderValues = field(default_factory=dict, repr=False)
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """One configured identity provider, as stored."""

    id: UUID
    type: str
    name: str
    enabled: bool
    debug: bool
    linking_strategy: LinkingStrategy
    reconcile_id: UUID | None
    settings: ProviderValues = field(repr=False)
    applications: Mapping[UUID, ApplicationOverride] = field(default_factory=dict)
    tenants: Mapping[UUID, LinkLimit] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    insert_instant: int = 0
    last_update_instant: int = 0


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant. `settings` are its other members in snake_case, as the wire schema loads them, defaults included.

    `secrets` are sealed, by the dotted name of the member they belong to; `settings` lacks these members.
    """

    id: UUID
    name: str
    is_default: bool
    issuer: str | None
    access_token_key_id: UUID
    id_token_key_id: UUID
    settings: Mapping[str, Any] = field(repr=False)
    data: Mapping[str, Any]
    insert_instant: int
    last_update_instant: int
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Role:
    """A role of an application; registrations name it by its name."""

    id: UUID
    name: str
    description: str | None
    is_default: bool
    is_super_role: bool
    insert_instant: int
    last_update_instant: int


@dataclass(frozen=True, slots=True)
class Scope:
    """An OAuth scope of an application."""

    id: UUID
    name: str
    description: str | None
    default_consent_detail: str | None
    default_consent_message: str | None
    required: bool
    data: Mapping[str, Any]
    insert_instant: int
    last_update_instant: int


@dataclass(frozen=True, slots=True)
class Application:
    """An application. `settings` and `secrets` as for Tenant; the client secret is one of the secrets."""

    tenant_id: UUID
    id: UUID
    name: str
    active: bool
    access_token_key_id: UUID | None
    id_token_key_id: UUID | None
    settings: Mapping[str, Any] = field(repr=False)
    data: Mapping[str, Any]
    insert_instant: int
    last_update_instant: int
    roles: tuple[Role, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    scopes: tuple[Scope, ...] = ()

    @property
    def default_roles(self) -> list[str]:
        """The names of the roles a new registration gets, sorted."""
        return sorted(role.name for role in self.roles if role.is_default)


@dataclass(frozen=True, slots=True)
class Membership:
    """A user's place in a group. `roles` are the names of the roles it brings, by application."""

    id: UUID
    group_id: UUID
    user_id: UUID
    insert_instant: int
    data: Mapping[str, Any] = field(default_factory=dict)
    roles: Mapping[UUID, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """A group of users of one tenant; its members have its roles where they are registered."""

    tenant_id: UUID
    id: UUID
    name: str
    data: Mapping[str, Any]
    insert_instant: int
    last_update_instant: int
    roles: Mapping[UUID, tuple[Role, ...]] = field(default_factory=dict)
    """By application, ordered by name."""

    @property
    def role_ids(self) -> list[UUID]:
        return [role.id for roles in self.roles.values() for role in roles]


@dataclass(frozen=True, slots=True)
class User:
    """A user as stored; never with a password or another secret. Field names equal the columns' names."""

    tenant_id: UUID
    id: UUID
    email: str | None
    username: str | None
    active: bool
    verified: bool
    verified_instant: int | None
    verified_reason: str | None
    expiry: int | None
    birth_date: str | None
    first_name: str | None
    full_name: str | None
    image_url: str | None
    last_name: str | None
    middle_name: str | None
    mobile_phone: str | None
    parent_email: str | None
    timezone: str | None
    preferred_languages: list[str]
    clean_speak_id: UUID | None
    connector_id: UUID
    password_change_required: bool
    data: Mapping[str, Any]
    last_login_instant: int | None
    insert_instant: int
    last_update_instant: int
    password_last_update_instant: int | None = None
    """None when the user has no password, as users made by a provider have not (decision 28)."""

    password_change_reason: str | None = None
    """Why a login demanded a new password, or why one will: Administrative, Breached, Expired, Validation."""

    memberships: tuple[Membership, ...] = ()
    """By insert instant. They change through groups, never with the user."""

    two_factor_methods: tuple[TwoFactorMethod, ...] = ()
    """By insert instant, without their secrets. They have routes of their own."""

    @property
    def is_of_directory(self) -> bool:
        """Whether a directory keeps the user's password, which then is neither stored nor changed here."""
        return self.connector_id != BUILT_IN_CONNECTOR_ID

    def group_roles(self, application_id: UUID) -> frozenset[str]:
        """The names of the roles that the user's groups bring for this application."""
        return frozenset().union(*(membership.roles.get(application_id, ()) for membership in self.memberships))


@dataclass(frozen=True, slots=True)
class Registration:
    """A user's registration for one application; `roles` are role names, sorted on the wire."""

    tenant_id: UUID
    user_id: UUID
    application_id: UUID
    id: UUID
    username: str | None
    roles: list[str]
    timezone: str | None
    preferred_languages: list[str]
    authentication_token: str | None = field(repr=False)
    tokens: Mapping[str, str] = field(repr=False)
    clean_speak_id: UUID | None
    verified: bool
    verified_instant: int | None
    data: Mapping[str, Any]
    last_login_instant: int | None
    insert_instant: int
    last_update_instant: int


@dataclass(frozen=True, slots=True)
class Link:
    """The tie between a user and a person at a provider; token and secret in clear here, sealed in the store."""

    tenant_id: UUID
    identity_provider_id: UUID
    identity_provider_user_id: str
    user_id: UUID
    display_name: str | None
    token: str | None = field(repr=False)
    token_secret: str | None = field(repr=False)
    data: Mapping[str, Any]
    insert_instant: int
    last_login_instant: int


@dataclass(frozen=True, slots=True)
class Device:
    """Where a login came from, in the caller's words; kept with the refresh token, never a ground for a decision."""

    name: str | None = None
    description: str | None = None
    type: str | None = None
    last_accessed_address: str | None = None
