"""Whose second factors are looked at or changed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from identity.domain.errors import NotFound
from identity.domain.model import Tenant, User
from identity.flows.services import Services
from identity.store import tenants, users


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose methods change, and the rules of their tenant."""

    user: User
    tenant: Tenant


def owner_of(services: Services, tenant_id: UUID | None, user_id: UUID) -> Owner:
    """Raises NotFound."""
    with services.db.read() as conn:
        user = users.get(conn, tenant_id, user_id)
        tenant = tenants.get(conn, user.tenant_id) if user else None
    if user is None or tenant is None:
        raise NotFound
    return Owner(user, tenant)
