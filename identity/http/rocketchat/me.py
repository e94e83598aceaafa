"""GET /api/v1/me, and the `me` of every login: a user as Rocket.Chat's clients know one (rocket sections 4 and 11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import Response

from identity.domain.model import User
from identity.domain.rocketchat import chat_roles, display_name, user_name, utc_offset
from identity.domain.second_factor import AUTHENTICATOR, EMAIL
from identity.flows.rocketchat.people import ChatPerson, person_of_session
from identity.flows.services import Services
from identity.http.rocketchat.answers import moment, success
from identity.http.rocketchat.call import ChatCall
from identity.http.rocketchat.routes import door_blueprint, rocket_route

blueprint = door_blueprint("me")
AWAY = "offline"
"""Nobody is present here: that is another system's business."""


@rocket_route(blueprint, "GET", "/api/v1/me")
def me(call: ChatCall) -> Response:
    return success(me_wire(call.services, person_of_session(call.services, call.caller, call.now), call.now))


def me_wire(services: Services, person: ChatPerson, now: int) -> dict[str, Any]:
    """The user with real booleans and numbers; what is not set is left out."""
    user = person.user
    name = user_name(user)
    wire: dict[str, Any] = {
        "_id": person.rc_id,
        "name": display_name(user),
        "username": name,
        "emails": emails_wire(user),
        "email": user.email if user.verified else None,
        "status": AWAY,
        "statusConnection": AWAY,
        "utcOffset": utc_offset(user.timezone, now),
        "active": user.active,
        "roles": chat_roles(person.configuration.application, user, person.registrations),
        "settings": {"profile": {}, "preferences": _preferences(user.data)},
        "avatarUrl": avatar_url(services, name or person.rc_id),
        "isOAuthUser": person.has_links,
        "services": _services_wire(user),
        "language": next(iter(user.preferred_languages), None),
        "_updatedAt": moment(user.last_update_instant),
    }
    if person.change_reason is not None:
        wire |= {"requirePasswordChange": True, "requirePasswordChangeReason": person.change_reason.value}
    return {member: value for member, value in wire.items() if value is not None}


def emails_wire(user: User) -> list[dict[str, Any]] | None:
    return None if user.email is None else [{"address": user.email, "verified": user.verified}]


def avatar_url(services: Services, name: str) -> str:
    return f"{services.settings.base_url}/avatar/{quote(name, safe='')}"


def _preferences(data: Mapping[str, Any]) -> Mapping[str, Any]:
    own = data.get("preferences")
    return own if isinstance(own, dict) else {}


def _services_wire(user: User) -> dict[str, Any]:
    """What proofs the user has; never what they are."""
    kinds = {method.method for method in user.two_factor_methods}
    wire: dict[str, Any] = {"password": {"exists": user.password_last_update_instant is not None}}
    if AUTHENTICATOR in kinds:
        wire["totp"] = {"enabled": True}
    if EMAIL in kinds:
        wire["email2fa"] = {"enabled": True}
    return wire
