"""The values the rules speak of: immutable, in the field's own words, free of any storage or wire form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from uuid import UUID

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
    token: str | None = field(default=None, repr=False)
    token_secret: str | None = field(default=None, repr=False)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The provider's whole answer, for the reconcile lambda."""

    @property
    def display_name(self) -> str | None:
        """D28: the e-mail if present, else the username."""
        return self.email or self.username


@dataclass(frozen=True, slots=True)
class LinkLimit:
    """tenantConfiguration.limitUserLinkCount of one tenant."""

    enabled: bool = False
    maximum_links: int = DEFAULT_MAXIMUM_LINKS

    def exceeded_by(self, links: int) -> bool:
        """Whether one more link would be too many for a user who has `links` links to this provider."""
        return self.enabled and links >= self.maximum_links


@dataclass(frozen=True, slots=True)
class ApplicationOverride:
    """applicationConfiguration of one application: enablement and the the settings it overrides."""

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
