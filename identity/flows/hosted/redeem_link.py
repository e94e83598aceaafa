"""Redeem the pending link of a sign-in for the person who has just completed it.

They proved the local account themselves, in the sign-in that the outside person was met in; so nothing of the account
is taken away: what decision 12 removes is what somebody may have set on an account that only an e-mail address matched.
Such a link is removed with the rest, should the owner of an unproved address come by a provider later (security T5).
"""

from __future__ import annotations

from uuid import UUID

from identity.domain.errors import Invalid, Problem
from identity.domain.model import Application
from identity.flows.login.link_user import complete_pending_link
from identity.flows.services import Services
from identity.store import pending_links
from identity.store.pending_links import PendingLink

OVER = Problem("[InvalidPendingIdPLinkId]", "The pending link id is unknown, expired or used.")


def pending_of(services: Services, pending_id: str | None, application: Application | None) -> PendingLink | None:
    """The pending link, if it was made for this application and the provider may still be used there (security T6)."""
    if pending_id is None or application is None:
        return None
    with services.db.read() as conn:
        found = pending_links.find(conn, pending_id, application.tenant_id, services.runtime.now())
    if found is None or found.application_id != application.id:
        return None
    open_way = services.configurations.provider(found.identity_provider_id, application) is not None
    return found if open_way else None


def redeem_link(services: Services, pending_id: str, application: Application | None, user_id: UUID) -> Problem | None:
    """What speaks against it; None when the outside person is this user from now on."""
    if application is None or pending_of(services, pending_id, application) is None:
        return OVER
    try:
        complete_pending_link(
            services, pending_id, user_id, application.tenant_id, services.runtime.now(), vouched=False
        )
    except Invalid as refused:
        return next((problem for found in refused.field_errors.values() for problem in found), None) or next(
            iter(refused.general_errors), OVER
        )
    return None
