"""Whether the link that a login came by is still there: what was begun by it goes no further without it."""

from __future__ import annotations

from identity.flows.services import Services
from identity.store import links
from identity.store.external_identifiers import ExternalIdentifier
from identity.store.logins import LinkUse


def is_linked(services: Services, begun: ExternalIdentifier, link: LinkUse) -> bool:
    """Whether the outside person is still the user whom `begun` is about."""
    with services.db.read() as conn:
        found = links.find(conn, link.provider_id, link.subject, begun.tenant_id)
    return any(each.user_id == begun.user_id for each in found)
