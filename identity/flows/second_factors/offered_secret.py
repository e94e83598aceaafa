"""The secret that a page offers to an authenticator application before there is a method that could keep it.

It is derived from the challenge that demands the method, so that every look at the page shows the same one and nothing
has to be kept or carried for it; without our key nobody can tell it.
"""

from __future__ import annotations

from identity.domain.model import Tenant
from identity.domain.second_factor import authenticator_settings
from identity.domain.totp import SECRET_BYTES, Authenticator, provisioning_uri
from identity.flows.services import Services

PURPOSE = "authenticator"


def offered_secret(services: Services, two_factor_id: str) -> bytes:
    return services.sealer.derive(PURPOSE, two_factor_id.encode("utf-8", "surrogatepass"))[:SECRET_BYTES]


def offered_uri(services: Services, tenant: Tenant, two_factor_id: str, account: str) -> str:
    """What the QR code says."""
    shape = Authenticator(**authenticator_settings(tenant.settings))
    return provisioning_uri(offered_secret(services, two_factor_id), shape, tenant.name, account)
