"""The event user.login.failed: somebody who is known was refused (supporting contract 17.4). It never asks anybody."""

from __future__ import annotations

from collections.abc import Mapping

from identity.domain.events import Event
from identity.flows.events import announce
from identity.flows.events.announce import Announcement
from identity.flows.login.login_attempt import Entry, Person
from identity.flows.services import Services

EVENT = "user.login.failed"
CREDENTIALS = "credentials"


def login_failed(
    services: Services, entry: Entry, person: Person, reason: Mapping[str, object] | None = None
) -> Announcement:
    """To be recorded in a transaction of the caller's."""
    registered = person.registration_for(entry.application_id) is not None
    payload = {
        "application_id": entry.application_id if registered else None,
        "authentication_type": entry.authentication_type,
        "ip_address": entry.visit.ip_address,
        "reason": reason or {"code": CREDENTIALS},
        "user": (person.user, person.registrations),
    }
    event = Event(EVENT, payload, person.user.id, entry.visit.event_info)
    return announce.ask(services, entry.tenant_id, [event], audience=entry.configuration.audience)
