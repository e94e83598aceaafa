"""The events of a login, in the order of supporting contract 17.4, and who is asked about them (rows 22 and 30)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from identity.domain.events import Event, EventInfo
from identity.domain.model import Link
from identity.domain.precedence import row
from identity.domain.trace import Trace
from identity.flows.events import announce
from identity.flows.events.announce import SILENCE, Announcement, WebhooksRefused
from identity.flows.login.login_attempt import Entry, Person
from identity.flows.login.login_failed import EVENT as FAILED
from identity.flows.login.login_failed import login_failed
from identity.flows.services import Services
from identity.flows.users.user_events import (
    linked,
    registration_created,
    registration_updated,
    user_created,
    user_updated,
)
from identity.store import login_records

NEW_DEVICE = "user.login.new-device"


def established(before: Person | None, after: Person, link: Link | None, info: EventInfo) -> list[Event]:
    """What row 24 does: `before` is the person as stored until now, None for a new one; `link` the link it makes."""
    events: list[Event] = []
    if before is None:
        events += user_created(after.user, after.registrations)
    elif before.user != after.user:
        events += user_updated((before.user, before.registrations), (after.user, after.registrations))
    for each in after.registrations if before else ():
        known = before.registration_for(each.application_id) if before else None
        if known is None:
            events += registration_created(after.user, after.registrations, each)
        elif known != each:
            events += registration_updated(after.user, after.registrations, known, each)
    happens = [event for event in events if not event.type.endswith(".complete")]
    completes = [event for event in events if event.type.endswith(".complete")]
    made = [linked(link, after.user, after.registrations)] if link else []
    return [replace(event, info=info) for event in (*happens, *made, *completes)]


def ask_about_login(services: Services, entry: Entry, person: Person, now: int) -> Announcement:
    """Row 30: user.login.success, and user.login.new-device where it is one. Raises WebhooksRefused."""
    audience = entry.configuration.audience
    if not audience.listeners:
        return SILENCE
    registered = person.registration_for(entry.application_id) is not None
    provider = entry.provider.config if entry.provider else None
    payload: dict[str, object] = {
        "application_id": entry.application_id if registered else None,
        "authentication_type": entry.authentication_type,
        "connector_id": person.user.connector_id,
        "identity_provider_id": provider.id if provider else None,
        "identity_provider_name": provider.name if provider else None,
        "ip_address": entry.visit.ip_address,
        "user": (replace(person.user, last_login_instant=now), person.registrations),
    }
    info = entry.visit.event_info
    events = [Event("user.login.success", payload, person.user.id, info)]
    if audience.of(NEW_DEVICE) and _is_new_device(services, entry, person):
        events.append(Event(NEW_DEVICE, payload, person.user.id, info))
    with deciding(entry.trace, row(30)):
        return announce.ask(services, entry.tenant_id, events, audience=audience)


def tell_of_failure(services: Services, entry: Entry, person: Person, reason: dict[str, object] | None = None) -> None:
    """user.login.failed for somebody who is known; it never changes the answer."""
    if not entry.configuration.audience.of(FAILED):
        return
    announcement = login_failed(services, entry, person, reason)
    with services.db.transaction() as conn:
        announce.record(conn, services, announcement)


@contextmanager
def deciding(trace: Trace, rule: str) -> Iterator[None]:
    """The rule by which a refusal of the webhooks within ends the login."""
    try:
        yield
    except WebhooksRefused as refused:
        trace.add(f"The webhooks did not accept the event {refused.event_type}.", rule)
        raise


def _is_new_device(services: Services, entry: Entry, person: Person) -> bool:
    """Whether the client says so, or the user has logged in before and never with this browser or program."""
    if entry.visit.says_new_device:
        return True
    with services.db.read() as conn:
        return login_records.is_new_device(conn, entry.tenant_id, person.user.id, entry.visit.user_agent)
