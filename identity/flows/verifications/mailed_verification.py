"""A mailed verification id as the page behind its link sees it. Looking at it changes nothing."""

from __future__ import annotations

from uuid import UUID

from identity.flows.services import Services
from identity.store import external_identifiers, registrations, users
from identity.store.external_identifiers import ExternalIdentifier, Kind


def mailed_verification(
    services: Services, kind: Kind, secret: str | None, tenant_id: UUID | None
) -> ExternalIdentifier | None:
    """None when it is unknown, used, too old, or another tenant's."""
    if not secret:
        return None
    with services.db.read() as conn:
        found = external_identifiers.find(conn, kind, secret, services.runtime.now())
    return found if found is not None and tenant_id in (None, found.tenant_id) else None


def takes_code(found: ExternalIdentifier) -> bool:
    """Whether the id is worth something only with the code that was mailed beside it."""
    return found.data.get("code") is not None


def is_verified(services: Services, kind: Kind, tenant_id: UUID, user_id: UUID, application_id: UUID | None) -> bool:
    """Whether that was done: an id that was used by the first press of a button is none for the second."""
    with services.db.read() as conn:
        if kind is Kind.EMAIL_VERIFICATION:
            user = users.get(conn, tenant_id, user_id)
            return user is not None and user.verified
        if application_id is None:
            return False
        registration = registrations.get(conn, services.sealer, tenant_id, user_id, application_id)
    return registration is not None and registration.verified
