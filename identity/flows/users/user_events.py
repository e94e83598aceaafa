"""The events of users and registrations that administrators cause. Source: supporting contract 17.3 and 17.4.

What may veto comes first, each `.complete` partner after all of them. Tokens of a registration are in no event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from identity.domain.events import Event
from identity.domain.model import Link, Registration, User

Registered = tuple[User, Sequence[Registration]]


def user_created(user: User, registered: Sequence[Registration] = ()) -> list[Event]:
    """Of the user, and of the registrations made with them."""
    events = [_of(user, "user.create", user=_shown(user, registered))]
    events += [event for each in registered for event in registration_created(user, registered, each)[:1]]
    return with_partners(events)


def user_updated(original: Registered, changed: Registered) -> list[Event]:
    """With the changes of login ids and password, if there were any."""
    before, after = original[0], changed[0]
    update, complete = with_partners([_of(after, "user.update", original=_shown(*original), user=_shown(*changed))])
    events = [update, *_identities_updated(before, changed), complete]
    if before.email != after.email:
        events.append(_of(after, "user.email.update", previous_email=before.email, user=_shown(*changed)))
    if after.password_last_update_instant not in (None, before.password_last_update_instant):
        events.append(_of(after, "user.password.update", user=_shown(*changed)))
    return events


def _identities_updated(before: User, changed: Registered) -> list[Event]:
    after = changed[0]
    pairs = [("email", before.email, after.email), ("username", before.username, after.username)]
    return [
        _of(
            after,
            "user.identity.update",
            login_id_type=kind,
            new_login_id=new,
            previous_login_id=previous,
            user=_shown(*changed),
        )
        for kind, previous, new in pairs
        if previous and new and previous != new
    ]


def login_id_in_use(verb: str, wanted: User, holder: Registered, duplicate: Mapping[str, str]) -> Event:
    """Of a user who was to be made, or changed, and of who has the e-mail address or username already."""
    members: dict[str, object] = {"existing": _shown(*holder), "user": _shown(wanted, ())}
    return _of(wanted, f"user.loginId.duplicate.{verb}", **members, **duplicate)


def user_activity(user: User, registered: Sequence[Registration]) -> list[Event]:
    """Of a user who was made active or inactive."""
    return [_of(user, "user.reactivate" if user.active else "user.deactivate", user=_shown(user, registered))]


def user_deleted(user: User, registered: Sequence[Registration]) -> list[Event]:
    return with_partners([_of(user, "user.delete", user=_shown(user, registered))])


def users_imported(users: Sequence[Registered]) -> list[Event]:
    """One event for all of them."""
    return [Event("user.bulk.create", {"users": [_shown(*each) for each in users]})]


def registration_created(user: User, registered: Sequence[Registration], new: Registration) -> list[Event]:
    return _of_registration("create", user, registered, registration=new)


def registration_updated(
    user: User, registered: Sequence[Registration], original: Registration, changed: Registration
) -> list[Event]:
    return _of_registration("update", user, registered, registration=changed, original=original)


def registration_deleted(user: User, registered: Sequence[Registration], gone: Registration) -> list[Event]:
    return _of_registration("delete", user, registered, registration=gone)


def linked(link: Link, user: User, registered: Sequence[Registration], *, verb: str = "link") -> Event:
    """user.identity-provider.link or unlink. The link's tokens are nobody's business."""
    shown = replace(link, token=None, token_secret=None)
    return _of(user, f"user.identity-provider.{verb}", identity_provider_link=shown, user=_shown(user, registered))


def with_partners(events: Sequence[Event]) -> list[Event]:
    """The events, then their `.complete` partners."""
    return [*events, *(replace(event, type=f"{event.type}.complete") for event in events)]


def _of_registration(
    verb: str, about: User, registered: Sequence[Registration], **members: Registration
) -> list[Event]:
    payload: dict[str, object] = {
        "application_id": members["registration"].application_id,
        "user": _shown(about, registered),
        **{name: _plain(registration) for name, registration in members.items()},
    }
    return with_partners([Event(f"user.registration.{verb}", payload, about.id)])


def _of(about: User, kind: str, **payload: object) -> Event:
    return Event(kind, payload, about.id)


def _shown(user: User, registered: Sequence[Registration]) -> tuple[User, tuple[Registration, ...]]:
    return user, tuple(_plain(each) for each in registered)


def _plain(registration: Registration) -> Registration:
    """Without what opens something: an event that is asked about must be the same when the work is done again."""
    return replace(registration, authentication_token=None, tokens={})
