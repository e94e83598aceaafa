"""Computers that a user trusts: a login from one is not asked for a second factor. Source: supporting contract 12.1.

One id names the trusts of one user on one computer, an application each. It changes whenever a trust is added.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from identity.domain.second_factor import Trust
from identity.flows.configuration.configurations import TenantConfiguration
from identity.flows.services import Services
from identity.store import external_identifiers
from identity.store.db import Connection
from identity.store.external_identifiers import ExternalIdentifier, Kind

MILLISECONDS = 1000


def trusts_of(conn: Connection, tenant_id: UUID, user_id: UUID, trust_id: str | None, now: int) -> list[Trust]:
    """What this id is worth for this user: nothing, when it is unknown, too old, or somebody else's."""
    if trust_id is None:
        return []
    found = external_identifiers.find(conn, Kind.TWO_FACTOR_TRUST, trust_id, now)
    if found is None or (found.tenant_id, found.user_id) != (tenant_id, user_id):
        return []
    return [trust for trust in map(_trust, found.data["trusts"]) if trust.expiry > now]


def seconds_of(configuration: TenantConfiguration) -> int:
    """How long a computer is trusted: the application's word, else the tenant's."""
    application = configuration.application
    own = (application.settings.get("external_identifier_configuration") or {}) if application else {}
    chosen = own.get("two_factor_trust_id_time_to_live_in_seconds")
    return int(chosen) if chosen else configuration.seconds_of("two_factor_trust_id")


def trust_computer(services: Services, configuration: TenantConfiguration, user_id: UUID, former_id: str | None) -> str:
    """A fresh id for a computer that is trusted from now on, for what it was trusted before and this application."""
    now, tenant_id = services.runtime.now(), configuration.tenant.id
    added = Trust(configuration.application_id, now, now + seconds_of(configuration) * MILLISECONDS)
    fresh_id = services.runtime.new_secret()

    def work(conn: Connection) -> None:
        former = trusts_of(conn, tenant_id, user_id, former_id, now)
        trusts = [*(trust for trust in former if trust.application_id != added.application_id), added]
        if former and former_id is not None:
            external_identifiers.take(conn, Kind.TWO_FACTOR_TRUST, former_id, now)
        identifier = ExternalIdentifier(
            Kind.TWO_FACTOR_TRUST,
            tenant_id,
            insert_instant=now,
            expiry=max(trust.expiry for trust in trusts),
            user_id=user_id,
            data={"trusts": [_kept(trust) for trust in trusts]},
        )
        external_identifiers.add(conn, fresh_id, identifier)

    services.db.transact(work)
    return fresh_id


def _trust(kept: dict[str, Any]) -> Trust:
    application_id = kept["application_id"]
    return Trust(UUID(application_id) if application_id else None, kept["start_instant"], kept["expiry"])


def _kept(trust: Trust) -> dict[str, Any]:
    application_id = str(trust.application_id) if trust.application_id else None
    return {"application_id": application_id, "start_instant": trust.start_instant, "expiry": trust.expiry}
