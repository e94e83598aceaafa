"""Whether a login of a user would need a second factor now, and what a trusted computer is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from identity.domain.second_factor import Trust
from identity.flows.second_factors.method_owner import configuration_for
from identity.flows.second_factors.second_factor import policy_of
from identity.flows.second_factors.trusted_computers import trusts_of
from identity.flows.services import Services
from identity.store import two_factor


@dataclass(frozen=True, slots=True)
class Status:
    needed: bool
    trusts: Sequence[Trust]


def two_factor_status(
    services: Services, tenant_id: UUID, user_id: UUID, application_id: UUID | None, trust_id: str | None
) -> Status:
    """Raises Invalid, NotFound."""
    configuration = configuration_for(services, tenant_id, application_id)
    now = services.runtime.now()
    with services.db.read() as conn:
        methods = [kept.method for kept in two_factor.methods_of(conn, tenant_id, user_id)]
        trusts = trusts_of(conn, tenant_id, user_id, trust_id, now)
    policy = policy_of(configuration)
    return Status(policy.asks(methods) and not policy.trusts(trusts, application_id, now), trusts)
