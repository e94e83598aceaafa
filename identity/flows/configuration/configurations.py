"""What a login reads as configuration, kept per process and proved by the login's next read (decision 19).

A copy is used without asking the database again; the statement that reads the facts of the login returns the version of
the configuration beside them, and a copy of another version is thrown away and the login begins again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from identity.domain.connectors import Connector, ConnectorPolicy, policies_of, policies_to_ask
from identity.domain.keys import SigningKey
from identity.domain.lambdas import Lambda
from identity.domain.model import (
    Application,
    ApplicationOverride,
    LinkLimit,
    ProviderConfig,
    ProviderValues,
    Tenant,
)
from identity.domain.provider_config import for_application, usable
from identity.domain.theme_style import OWN_STYLE, ThemeStyle, style_of
from identity.domain.tokens import JwtConfiguration, effective
from identity.domain.webhooks import NOBODY, Audience
from identity.flows.events.audience import read_audience
from identity.flows.tokens.jwt_configuration import jwt_configuration
from identity.sealing import Sealer
from identity.store import applications, configuration, connectors, keys, lambdas, providers, tenants, themes
from identity.store.db import Connection, Database

MOST_COPIES = 1_000
"""Applications and providers kept per process; beyond that everything is forgotten and read anew."""


@dataclass(frozen=True, slots=True)
class ConnectorConfiguration:
    """A directory as a login needs it, with the lambda that makes a user of an entry."""

    connector: Connector
    reconcile: Lambda


@dataclass(frozen=True, slots=True)
class TenantConnectors:
    """Which connectors a tenant uses, in its order, and the directories among them."""

    policies: tuple[ConnectorPolicy, ...]
    directories: Mapping[UUID, ConnectorConfiguration]

    def to_ask(self, login_id: str, owner: UUID | None) -> tuple[ConnectorPolicy, ...]:
        """Whose connectors are asked in turn for a login; `owner` is that of the user who has the login id."""
        merging = {each for each, known in self.directories.items() if known.connector.merges_existing_users}
        return policies_to_ask(login_id, owner, self.policies, merging)


@dataclass(frozen=True, slots=True)
class TenantConfiguration:
    """A tenant as a login needs it, with the key that signs for it."""

    version: int
    tenant: Tenant
    issuer: str
    jwt: JwtConfiguration
    signing_key: SigningKey = field(repr=False)
    audience: Audience = field(repr=False)
    """Who hears of what happens in the tenant."""

    login_validation: Lambda | None
    """The lambda that has the last word on a login (row 25)."""

    style: ThemeStyle
    """The look of hosted pages."""

    connectors: TenantConnectors
    """Where the passwords of the tenant's people are checked."""

    @property
    def application(self) -> Application | None:
        """The application logged in to; None at a door that may go without."""
        return None

    @property
    def application_id(self) -> UUID | None:
        return None

    @property
    def generates_refresh_tokens(self) -> bool:
        return False

    @property
    def requires_authentication(self) -> bool:
        """Whether a password login needs an API key."""
        return bool(self._login_configuration.get("require_authentication", True))

    @property
    def _login_configuration(self) -> Mapping[str, Any]:
        return self.tenant.settings.get("login_configuration") or {}

    def seconds_of(self, identifier: str) -> int:
        """A time to live of the tenant's externalIdentifierConfiguration."""
        return int(self.tenant.settings["external_identifier_configuration"][f"{identifier}_time_to_live_in_seconds"])


@dataclass(frozen=True, slots=True)
class ApplicationConfiguration(TenantConfiguration):
    """An application as a login needs it: with its tenant, and its own keys and times where it has them."""

    of_application: Application
    id_token_key: SigningKey = field(repr=False)

    @property
    def application(self) -> Application:
        return self.of_application

    @property
    def application_id(self) -> UUID:
        return self.of_application.id

    @property
    def generates_refresh_tokens(self) -> bool:
        return bool(self._login_configuration.get("generate_refresh_tokens"))

    @property
    def allows_token_refresh(self) -> bool:
        return bool(self._login_configuration.get("allow_token_refresh"))

    @property
    def _login_configuration(self) -> Mapping[str, Any]:
        return self.application.settings.get("login_configuration") or {}


@dataclass(frozen=True, slots=True)
class ProviderConfiguration:
    """A provider as it is for one application that may use it."""

    version: int
    config: ProviderConfig
    values: ProviderValues = field(repr=False)
    override: ApplicationOverride
    limit: LinkLimit
    reconcile: Lambda | None


@dataclass(frozen=True, slots=True)
class Usable:
    """Which providers people may log in to an application through, in the order they were made."""

    version: int
    provider_ids: tuple[UUID, ...]


class Configurations:
    """The copies of one process."""

    def __init__(self, db: Database, sealer: Sealer, base_url: str) -> None:
        self._db = db
        self._sealer = sealer
        self._base_url = base_url
        self._tenants: dict[UUID, TenantConfiguration] = {}
        self._applications: dict[UUID, ApplicationConfiguration] = {}
        self._providers: dict[tuple[UUID, UUID], ProviderConfiguration] = {}
        self._usable: dict[UUID, Usable] = {}

    def tenant(self, tenant_id: UUID) -> TenantConfiguration | None:
        """The tenant, for a login without an application; None when there is none. Raises StoreUnavailable."""
        known = self._tenants.get(tenant_id)
        if known is None:
            with self._db.read() as conn:
                known = self._read_tenant(conn, tenant_id)
            if known is not None:
                self._make_room(self._tenants)
                self._tenants[tenant_id] = known
        return known

    def application(self, application_id: UUID) -> ApplicationConfiguration | None:
        """The application, active or not; None when there is none. Raises StoreUnavailable."""
        known = self._applications.get(application_id)
        if known is None:
            with self._db.read() as conn:
                known = self._read_application(conn, application_id)
            if known is not None:
                self._make_room(self._applications)
                self._applications[application_id] = known
        return known

    def at_hand(self, application_id: UUID | None, tenant_id: UUID | None) -> TenantConfiguration | None:
        """The copy that there is, new or old, without asking the database: for the look of a page about a fault."""
        application = self._applications.get(application_id) if application_id else None
        return application or (self._tenants.get(tenant_id) if tenant_id else None)

    def provider(self, provider_id: UUID, application: Application) -> ProviderConfiguration | None:
        """The provider, if people may log in to this application through it; None for every other case."""
        known = self._providers.get((provider_id, application.id))
        if known is None:
            with self._db.read() as conn:
                known = self._read_provider(conn, provider_id, application)
            if known is not None:
                self._make_room(self._providers)
                self._providers[provider_id, application.id] = known
        return known

    def providers(self, application: Application) -> tuple[ProviderConfiguration, ...]:
        """All that people may log in to this application through, in the order they were made."""
        usable_ones = self._usable.get(application.id)
        if usable_ones is None:
            with self._db.read() as conn:
                version = configuration.version(conn)
                usable_ones = Usable(version, tuple(providers.usable_for(conn, application.id)))
            self._make_room(self._usable)
            self._usable[application.id] = usable_ones
        found = (self.provider(provider_id, application) for provider_id in usable_ones.provider_ids)
        return tuple(each for each in found if each is not None)

    def audience(self, conn: Connection, tenant_id: UUID) -> Audience:
        """Who hears of what in the tenant, as of now: for callers off the hot path, in their transaction or not.

        It is not kept: a transaction that changes configuration sees versions that may never be.
        """
        known = self._tenants.get(tenant_id)
        if known is not None and known.version == configuration.version(conn):
            return known.audience
        tenant = tenants.get(conn, tenant_id)
        return NOBODY if tenant is None else read_audience(conn, self._sealer, tenant_id, tenant.settings)

    def forget(self) -> None:
        """Throw every copy away: one of them proved to be old."""
        self._tenants.clear()
        self._applications.clear()
        self._providers.clear()
        self._usable.clear()

    def forget_unless_current(self) -> None:
        """For callers off the hot path: ask for the version first, and use copies of that version only."""
        with self._db.read() as conn:
            current = configuration.version(conn)
        copies: tuple[TenantConfiguration | ProviderConfiguration | Usable, ...] = (
            *self._applications.values(),
            *self._tenants.values(),
            *self._providers.values(),
            *self._usable.values(),
        )
        if any(copy.version != current for copy in copies):
            self.forget()

    def _make_room(self, copies: dict[Any, Any]) -> None:
        if len(copies) >= MOST_COPIES:
            copies.clear()

    def _read_tenant(self, conn: Connection, tenant_id: UUID) -> TenantConfiguration | None:
        version = configuration.version(conn)
        tenant = tenants.get(conn, tenant_id)
        if tenant is None:
            return None
        jwt = jwt_configuration(tenant.settings, tenant.access_token_key_id, tenant.id_token_key_id)
        key = keys.find_signer(conn, self._sealer, tenant.access_token_key_id)
        if key is None:
            return None
        issuer = tenant.issuer or self._base_url
        audience = read_audience(conn, self._sealer, tenant_id, tenant.settings)
        validation, style = _login_validation(conn, tenant), _style(conn, tenant.settings)
        used = _connectors(conn, self._sealer, tenant)
        return TenantConfiguration(version, tenant, issuer, jwt, key, audience, validation, style, used)

    def _read_application(self, conn: Connection, application_id: UUID) -> ApplicationConfiguration | None:
        # The version is read first: rows that are newer than it make the proof fail, never the other way round.
        version = configuration.version(conn)
        application = applications.get(conn, application_id)
        tenant = tenants.get(conn, application.tenant_id) if application else None
        if application is None or tenant is None:
            return None
        jwt = effective(
            jwt_configuration(application.settings, application.access_token_key_id, application.id_token_key_id),
            jwt_configuration(tenant.settings, tenant.access_token_key_id, tenant.id_token_key_id),
        )
        assert jwt.access_token_key_id is not None  # a tenant always has one
        key = keys.find_signer(conn, self._sealer, jwt.access_token_key_id)
        if key is None:
            return None
        issuer = tenant.issuer or self._base_url
        audience = read_audience(conn, self._sealer, tenant.id, tenant.settings)
        validation, style = _login_validation(conn, tenant), _style(conn, application.settings, tenant.settings)
        id_key = keys.find_signer(conn, self._sealer, jwt.id_token_key_id) if jwt.id_token_key_id else None
        used = _connectors(conn, self._sealer, tenant)
        return ApplicationConfiguration(
            version, tenant, issuer, jwt, key, audience, validation, style, used, application, id_key or key
        )

    def _read_provider(
        self, conn: Connection, provider_id: UUID, application: Application
    ) -> ProviderConfiguration | None:
        version = configuration.version(conn)
        config = providers.find(conn, self._sealer, provider_id)
        if config is None or not usable(config, application.id):
            return None
        return ProviderConfiguration(
            version,
            config,
            for_application(config, application.id),
            config.applications[application.id],
            config.tenants.get(application.tenant_id, LinkLimit()),
            lambdas.find(conn, config.reconcile_id) if config.reconcile_id else None,
        )


def _login_validation(conn: Connection, tenant: Tenant) -> Lambda | None:
    lambda_id = (tenant.settings.get("lambda_configuration") or {}).get("login_validation_id")
    return lambdas.find(conn, UUID(lambda_id)) if lambda_id else None


def _connectors(conn: Connection, sealer: Sealer, tenant: Tenant) -> TenantConnectors:
    policies = policies_of(tenant.settings)
    found = connectors.some(conn, sealer, {policy.connector_id for policy in policies if not policy.is_built_in})
    sources = {each.id: lambdas.find(conn, each.reconcile_id) for each in found}
    return TenantConnectors(
        policies,
        {each.id: ConnectorConfiguration(each, source) for each in found if (source := sources[each.id]) is not None},
    )


def _style(conn: Connection, *owners: Mapping[str, Any]) -> ThemeStyle:
    """Of the first owner's theme that there is: the application's comes before the tenant's."""
    for settings in owners:
        theme = themes.find(conn, UUID(settings["theme_id"])) if settings.get("theme_id") else None
        if theme is not None:
            return style_of(theme.settings.get("variables") or {})
    return OWN_STYLE
