"""Connectors: where the passwords of a tenant's people are checked, and which of them is asked for a login.

The built-in connector is this service itself; every other one is a directory. Source: rocket contract 9.3, decision 48.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from uuid import UUID, uuid5

from identity.domain.contact import canonical
from identity.domain.model import BUILT_IN_CONNECTOR_ID

EVERY_DOMAIN = "*"
BUILT_IN_NAME = "Default"
"""What FusionAuth calls the connector that is the service itself."""


class SecurityMethod(Enum):
    """How the way to the directory is encrypted."""

    NONE = "None"
    LDAPS = "LDAPS"
    START_TLS = "StartTLS"

    @property
    def scheme(self) -> str:
        """The scheme of an address that goes with it."""
        return "ldaps" if self is SecurityMethod.LDAPS else "ldap"


@dataclass(frozen=True, slots=True)
class Connector:
    """An LDAP directory. Timeouts are milliseconds."""

    id: UUID
    name: str
    authentication_url: str
    security_method: SecurityMethod
    base_structure: str
    system_account_dn: str
    system_account_password: str = field(repr=False)
    login_id_attribute: str
    """The attribute that holds what people type to log in."""

    identifying_attribute: str
    """The attribute that an entry's name begins with."""

    requested_attributes: tuple[str, ...]
    """What the reconcile lambda gets to see of an entry."""

    connect_timeout: int
    read_timeout: int
    reconcile_id: UUID
    debug: bool
    data: Mapping[str, Any]
    insert_instant: int
    last_update_instant: int

    @property
    def merges_existing_users(self) -> bool:
        """Whether the directory may prove a user who has the same login id and belongs to this service itself."""
        return self.data.get("mergeExistingUsers") is True

    @property
    def ca_certificates(self) -> str | None:
        """The authorities (PEM) that vouch for the directory instead of the system's."""
        return self.data.get("caCertificates") or None


@dataclass(frozen=True, slots=True)
class ConnectorPolicy:
    """A tenant's use of a connector."""

    connector_id: UUID
    domains: frozenset[str] = frozenset({EVERY_DOMAIN})
    """Of the e-mail addresses that it is asked for; `*` for every login id."""

    migrate: bool = False
    """Whether its users belong to this service itself, password included, once they have logged in."""

    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_built_in(self) -> bool:
        return self.connector_id == BUILT_IN_CONNECTOR_ID

    def covers(self, login_id: str) -> bool:
        if EVERY_DOMAIN in self.domains:
            return True
        domain = _email_domain(login_id)
        return domain is not None and domain in map(canonical, self.domains)


BUILT_IN_POLICY = ConnectorPolicy(BUILT_IN_CONNECTOR_ID)
"""A tenant that says nothing checks all passwords itself."""


def policies_of(tenant_settings: Mapping[str, Any]) -> tuple[ConnectorPolicy, ...]:
    """The policies of a tenant, in its order."""
    kept = tenant_settings.get("connector_policies")
    if kept is None:
        return (BUILT_IN_POLICY,)
    return tuple(
        ConnectorPolicy(UUID(str(each["connector_id"])), frozenset(each["domains"]), each["migrate"], each["data"])
        for each in kept
    )


def policies_for(login_id: str, policies: Sequence[ConnectorPolicy]) -> tuple[ConnectorPolicy, ...]:
    """Those for the domain of this login id, in the tenant's order; one without a domain is covered by `*` alone."""
    return tuple(policy for policy in policies if policy.covers(login_id))


def policies_to_ask(
    login_id: str, owner: UUID | None, policies: Sequence[ConnectorPolicy], merging: Collection[UUID] = ()
) -> tuple[ConnectorPolicy, ...]:
    """Whose connectors are asked in turn to prove this login id. None at all: nobody can log in by it.

    `owner` is the connector of the user who has the login id, None when nobody has it; `merging` are the connectors
    that merge existing users. Who belongs to this service can always log in by the password it has; who belongs to a
    directory is asked for there alone, and only while the tenant uses it.
    """
    if owner is None:
        return policies_for(login_id, policies)
    if owner != BUILT_IN_CONNECTOR_ID:
        return tuple(policy for policy in policies if policy.connector_id == owner)
    asked = tuple(
        policy for policy in policies_for(login_id, policies) if policy.is_built_in or policy.connector_id in merging
    )
    return asked if any(policy.is_built_in for policy in asked) else (*asked, BUILT_IN_POLICY)


def entry_user_id(connector_id: UUID, unique_id: str) -> UUID:
    """The id of the user made of an entry, where the lambda sets none: always the same (decision 48)."""
    return uuid5(connector_id, unique_id)


def _email_domain(login_id: str) -> str | None:
    local, at, domain = canonical(login_id.strip()).rpartition("@")
    return domain if local and at and domain else None
