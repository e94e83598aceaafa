"""Create, change and delete an identity provider: the rules that need other objects, the audit log, warnings.

Writers of one provider are serialised by a lock on its row, so that no change is lost (login contract 2.2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from identity.domain.errors import NotFound, invalid_fields
from identity.domain.model import ProviderConfig
from identity.domain.provider_config import override_warning
from identity.flows.services import Services
from identity.providers import PROVIDERS
from identity.store import audit, configuration, event_log, providers, references
from identity.store.db import Connection
from identity.upstream import IdentityProvider

Problems = list[tuple[str, str]]
Change = Callable[[IdentityProvider, ProviderConfig], ProviderConfig]


def create(services: Services, now: int, actor: str, draft: ProviderConfig, given_id: UUID | None) -> ProviderConfig:
    """The first and only provider of its type, under the type's own id (login contract 2.4). Raises Invalid."""
    config = replace(draft, insert_instant=now, last_update_instant=now)

    def work(conn: Connection) -> ProviderConfig:
        problems = _problems(conn, config)
        if given_id is not None and given_id != config.id:
            problems.append(("identityProvider.id", "invalid"))
        elif providers.find(conn, services.sealer, config.id):
            problems.append(("identityProvider.id", "duplicate"))
        if problems:
            raise invalid_fields(problems)
        providers.insert(conn, services.sealer, config, _secret_names(config))
        audit.add(conn, now, actor, f"Created the identity provider with id {config.id} and name {config.name!r}")
        _warn(conn, now, None, config)
        return config

    return configuration.change(services.db, work)


def update(services: Services, now: int, actor: str, provider_id: UUID, change: Change) -> ProviderConfig:
    """Replace a provider by what `change` makes of the stored one, which nobody else changes meanwhile.

    Raises NotFound, Invalid.
    """

    def work(conn: Connection) -> ProviderConfig:
        stored = providers.lock(conn, services.sealer, provider_id)
        if stored is None:
            raise NotFound
        config = replace(
            change(PROVIDERS[stored.type], stored),
            id=stored.id,
            insert_instant=stored.insert_instant,
            last_update_instant=now,
        )
        if problems := _problems(conn, config):
            raise invalid_fields(problems)
        providers.update(conn, services.sealer, stored, config, _secret_names(config))
        audit.add(conn, now, actor, f"Updated the identity provider with id {config.id} and name {config.name!r}")
        _warn(conn, now, stored, config)
        return config

    return configuration.change(services.db, work)


def delete(services: Services, now: int, actor: str, provider_id: UUID) -> None:
    """With its links; users stay (login contract 2.10). Raises NotFound."""

    def work(conn: Connection) -> None:
        if not providers.delete(conn, provider_id):
            raise NotFound
        audit.add(conn, now, actor, f"Deleted the identity provider with id {provider_id} and all its links")

    configuration.change(services.db, work)


def _problems(conn: Connection, config: ProviderConfig) -> Problems:
    """What a configuration says of other objects: they must exist."""
    problems: Problems = []
    if config.reconcile_id is not None:
        wanted = f"{config.type}Reconcile"
        if references.lambda_types(conn, [config.reconcile_id]).get(config.reconcile_id) != wanted:
            problems.append(("identityProvider.lambdaConfiguration.reconcileId", "invalid"))
    if config.applications:
        known = providers.known_applications(conn, config.applications)
        problems += _unknown("applicationConfiguration", config.applications.keys() - known)
    if config.tenants:
        known = providers.known_tenants(conn, config.tenants)
        problems += _unknown("tenantConfiguration", config.tenants.keys() - known)
    return problems


def _unknown(member: str, ids: set[UUID]) -> Problems:
    return [(f"identityProvider.{member}[{each}]", "invalid") for each in sorted(ids)]


def _secret_names(config: ProviderConfig) -> tuple[str]:
    return (PROVIDERS[config.type].credentials[1],)


def _warn(conn: Connection, now: int, stored: ProviderConfig | None, config: ProviderConfig) -> None:
    """Tell of an override that cannot work, once."""
    pair = PROVIDERS[config.type].credentials
    for application_id in config.applications:
        warning = override_warning(config, application_id, pair)
        if warning and not (stored and override_warning(stored, application_id, pair) == warning):
            event_log.add(conn, now, "Information", warning)
