"""Trust tokens: what a step-up earns, good for one thing that takes a second factor, such as a new password.

Source: supporting contract sections 12 and 14.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

from identity.domain.model import Tenant
from identity.flows.new_identifier import end_of
from identity.flows.services import Services
from identity.store import external_identifiers
from identity.store.external_identifiers import ExternalIdentifier, Kind


def trust_digest(trust_challenge: str) -> str:
    """A trust challenge as it is kept: who spends the token names the challenge again."""
    return hashlib.sha256(trust_challenge.encode("utf-8", "surrogatepass")).hexdigest()


def issue_trust_token(services: Services, tenant: Tenant, user_id: UUID, challenge_digest: str | None) -> str:
    """A fresh token for this user."""
    now = services.runtime.now()
    token = services.runtime.new_secret()
    identifier = ExternalIdentifier(
        Kind.TRUST_TOKEN,
        tenant.id,
        now,
        end_of(tenant, "trust_token", now),
        user_id=user_id,
        data={"trust_challenge": challenge_digest},
    )
    with services.db.transaction() as conn:
        external_identifiers.add(conn, token, identifier)
    return token
