"""Fresh external identifiers, as the tenant configured their generators and times to live (supporting contract 6.3)."""

from __future__ import annotations

from identity.domain.generators import generate
from identity.domain.model import Tenant
from identity.flows.services import Services

MILLISECONDS = 1000


def new_identifier(services: Services, tenant: Tenant, name: str) -> str:
    """A fresh id or code by the generator `NAME_generator`, e.g. "change_password_id"."""
    generators = tenant.settings["external_identifier_configuration"]
    return generate(generators[f"{name}_generator"], services.runtime.random_bytes)


def seconds_of(tenant: Tenant, name: str) -> int:
    """How long such an id lives, e.g. "two_factor_id"."""
    return int(tenant.settings["external_identifier_configuration"][f"{name}_time_to_live_in_seconds"])


def end_of(tenant: Tenant, name: str, now: int) -> int:
    """The instant at which an id made now stops working."""
    return now + seconds_of(tenant, name) * MILLISECONDS
