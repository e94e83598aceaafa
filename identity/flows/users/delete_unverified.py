"""Delete users and registrations that nobody verified in time: userDeletePolicy, registrationDeletePolicy.

One round at a time, run by a thread of each worker. Each is deleted as an administrator would: webhooks hear of it, and
where one has a say and refuses, the user stays until the next round asks again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from identity.domain.errors import NotFound
from identity.flows.events.announce import WebhooksRefused
from identity.flows.services import Services
from identity.flows.users.register_user import delete_registration
from identity.flows.users.user_status import delete_user
from identity.store import unverified

BATCH = 200
EVERY_SECONDS = 60.0
ACTOR = "userDeletePolicy"


@dataclass(frozen=True, slots=True)
class Deleted:
    """How many of each one round deleted."""

    users: int
    registrations: int


def delete_unverified(services: Services) -> Deleted:
    """Raises StoreUnavailable."""
    now = services.runtime.now()
    with services.db.read() as conn:
        late_users = unverified.users(conn, now, BATCH)
        late_registrations = unverified.registrations(conn, now, BATCH)
    user = partial(delete_user, services, actor=ACTOR, now=now, only_unverified=True)
    registration = partial(delete_registration, services, only_unverified=True)
    return Deleted(
        sum(_is_done(partial(user, *each)) for each in late_users),
        sum(_is_done(partial(registration, *each)) for each in late_registrations),
    )


def _is_done(delete: Callable[[], None]) -> bool:
    try:
        delete()
    except (NotFound, WebhooksRefused):  # another worker was faster, or somebody wants to keep them
        return False
    return True
