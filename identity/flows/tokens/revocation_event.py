"""jwt.refresh-token.revoke: what webhooks hear when many of a user's sessions end. Source: supporting contract 17.4."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from identity.domain.events import Event
from identity.domain.model import Registration, User
from identity.flows.services import Services


def revocation_event(
    services: Services, user: User, registrations: Sequence[Registration], application_ids: Sequence[UUID] = ()
) -> Event:
    """All sessions, or those for these applications; with how long the access tokens live that are out there.

    It reads the configuration: no transaction may be open.
    """
    concerned = application_ids or [each.application_id for each in registrations]
    found = [services.configurations.application(each) for each in concerned]
    lives = {str(each.application_id): each.jwt.time_to_live_in_seconds for each in found if each is not None}
    payload: dict[str, object] = {
        "application_time_to_live_in_seconds": lives,
        "user": (user, tuple(registrations)),
        "user_id": user.id,
    }
    if len(application_ids) == 1:
        payload["application_id"] = application_ids[0]
    return Event("jwt.refresh-token.revoke", payload, user.id)
