"""The events of changes to users and registrations, in the order of supporting contract 17.4.

A change and its `.complete` partner carry the same; the partner never asks anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from identity.domain.events import NO_INFO, Event, EventInfo
from identity.domain.model import Link, Registration, User

Registered = tuple[User, Sequence[Registration]]
"""A user with all of the user's registrations."""


def changed(before: Registered | None, after: Registered, info: EventInfo = NO_INFO) -> list[Event]:
    """What made `after` of `before`; None when the user is new. Without the partners."""
    user, registrations = after
    shown = (user, tuple(registrations))
    events: list[Event] = []
    if before is None:
        events.append(Event("user.create", {"user": shown}, user.id, info))
    elif before[0] != user:
        original = (before[0], tuple(before[1]))
        events.append(Event("user.update", {"original": original, "user": shown}, user.id, info))
    known = {each.application_id: each for each in before[1]} if before else {}
    for registration in registrations:
        original_too = known.pop(registration.application_id, None)
        if original_too != registration:
            events.append(_of_registration(registration, original_too, shown, info))
    for gone in known.values():
        payload = {"application_id": gone.application_id, "registration": gone, "user": shown}
        events.append(Event("user.registration.delete", payload, user.id, info))
    return events


def with_partners(events: Sequence[Event], between: Sequence[Event] = ()) -> list[Event]:
    """The events, those `between`, and the `.complete` partner of each of the first."""
    return [*events, *between, *(replace(event, type=f"{event.type}.complete") for event in events)]


def linked(link: Link, after: Registered, info: EventInfo = NO_INFO, *, kind: str = "link") -> Event:
    """user.identity-provider.link or unlink. The link's tokens are sealed anew each time, and nobody's business."""
    user, registrations = after
    shown = replace(link, token=None, token_secret=None)
    payload = {"identity_provider_link": shown, "user": (user, tuple(registrations))}
    return Event(f"user.identity-provider.{kind}", payload, user.id, info)


def of_user(kind: str, user: User, registrations: Sequence[Registration], info: EventInfo = NO_INFO) -> Event:
    """An event that says nothing but whom it is about."""
    return Event(kind, {"user": (user, tuple(registrations))}, user.id, info)


def _of_registration(
    registration: Registration, original: Registration | None, shown: Registered, info: EventInfo
) -> Event:
    payload = {"application_id": registration.application_id, "registration": registration, "user": shown}
    if original is None:
        return Event("user.registration.create", payload, shown[0].id, info)
    return Event("user.registration.update", {**payload, "original": original}, shown[0].id, info)
