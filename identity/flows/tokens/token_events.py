"""The events of refresh tokens and of the keys that sign: jwt.refresh, jwt.refresh-token.revoke, jwt.public-key.update.

Source: supporting contract 17.4. No refresh token is in any of them (decision 24).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from identity.domain.events import NO_INFO, Event, EventInfo
from identity.domain.model import Registration, User
from identity.domain.outcome import Tokens
from identity.flows.services import Services
from identity.store.refresh_tokens import RefreshToken

REFRESH = "jwt.refresh"
Lives = Mapping[UUID, int]
"""How many seconds the access tokens of an application live: receivers refuse older ones that long."""


def refreshed(record: RefreshToken, tokens: Tokens, info: EventInfo) -> Event:
    """The new access token is in it, as in FusionAuth."""
    payload = {"application_id": record.application_id, "token": tokens.access_token, "user_id": record.user_id}
    return Event(REFRESH, payload, record.user_id, info)


def lives_of(services: Services, application_ids: Iterable[UUID | None]) -> Lives:
    """To be called with no transaction open: it may read the configuration."""
    services.configurations.forget_unless_current()
    found = [services.configurations.application(each) for each in set(application_ids) if each is not None]
    return {each.application_id: each.jwt.time_to_live_in_seconds for each in found if each is not None}


def revoked(
    lives: Lives,
    *,
    user: User | None = None,
    registrations: Sequence[Registration] = (),
    application_id: UUID | None = None,
    record: RefreshToken | None = None,
    info: EventInfo = NO_INFO,
) -> Event:
    """Of one token, of a user, of an application, or of a user at an application."""
    concerned = {each: seconds for each, seconds in lives.items() if application_id in (None, each)}
    payload: dict[str, object] = {
        "application_id": application_id,
        "application_time_to_live_in_seconds": concerned,
        "refresh_token": record,
        "user": (user, tuple(registrations)) if user else None,
        "user_id": user.id if user else None,
    }
    return Event("jwt.refresh-token.revoke", payload, user.id if user else None, info)


def keys_changed(application_ids: Sequence[UUID]) -> Event:
    """The keys that sign for these applications are others now."""
    return Event("jwt.public-key.update", {"application_ids": tuple(application_ids)})
