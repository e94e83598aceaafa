"""Begin a connection test: ask the provider about the configured credentials, and open a test for a login to use."""

from __future__ import annotations

from uuid import UUID

from identity.domain.connection_test import ConnectionTest, LoginStep
from identity.domain.errors import invalid_field, invalid_fields
from identity.domain.model import ProviderConfig, Tenant
from identity.domain.trace import Trace
from identity.flows.login.reach_provider import CALLBACK_PATH, outside_of
from identity.flows.services import Services
from identity.providers import PROVIDERS
from identity.store import connection_tests, providers, tenants
from identity.store.db import Connection
from identity.upstream import UpstreamRefused


def start(services: Services, now: int, provider_id: UUID | None, tenant_id: UUID | None) -> ConnectionTest:
    """A test that a login may name for a while. No transaction is open while the provider is asked. Raises Invalid."""
    if provider_id is None:
        raise invalid_field("identityProviderId", "missing")
    with services.db.read() as conn:
        config = providers.find(conn, services.sealer, provider_id)
        tenant = _tenant(conn, tenant_id)
    problems = [] if config else [("identityProviderId", "invalid")]
    problems += [] if tenant else [("tenantId", "missing" if tenant_id is None else "invalid")]
    if config is None or tenant is None:
        raise invalid_fields(problems)
    life = tenant.settings["external_identifier_configuration"][
        "identity_provider_connection_test_time_to_live_in_seconds"
    ]
    begun = ConnectionTest(services.runtime.new_id(), config.id, tenant.id, now, now + life * 1000)
    test = begun.after(_credentials_step(services, config))
    with services.db.transaction() as conn:
        connection_tests.insert(conn, test)
    return test


def _tenant(conn: Connection, tenant_id: UUID | None) -> Tenant | None:
    """The tenant of that id, or without one the only tenant there is."""
    if tenant_id is not None:
        return tenants.get(conn, tenant_id)
    found = tenants.first_ids(conn, 2)
    return tenants.get(conn, found[0]) if len(found) == 1 else None


def _credentials_step(services: Services, config: ProviderConfig) -> LoginStep:
    implementation = PROVIDERS[config.type]
    outside = outside_of(services, implementation, Trace(services.runtime.now))
    try:
        implementation.check(config.settings, services.settings.base_url + CALLBACK_PATH, outside)
    except UpstreamRefused as refused:
        return LoginStep(implementation.checks, refused.message, False)
    return LoginStep(implementation.checks, f"{config.type} accepts them.", True)
