"""users.list and users.info: people of the door's tenant as others see them (rocket section 5.5).

Everybody sees names and whether somebody is active. E-mail addresses, roles and instants are for whoever has
`view-full-other-user-info`, and for oneself.
"""

from __future__ import annotations

from typing import Any

from flask import Response

from identity.domain.model import User
from identity.domain.rocketchat import chat_roles, display_name, user_name, utc_offset
from identity.domain.rocketchat_listing import DEEPEST_OFFSET, page_of
from identity.domain.rocketchat_permissions import Permission
from identity.domain.user_order import Search
from identity.http.rocketchat.answers import failure, forbidden, moment, refused, success
from identity.http.rocketchat.call import ChatCall
from identity.http.rocketchat.me import AWAY, avatar_url, emails_wire
from identity.http.rocketchat.parameters import INVALID, NOBODY_NAMED, find_user, refuse_bad_parameters, wanted_user
from identity.http.rocketchat.permissions import permits
from identity.http.rocketchat.routes import door_blueprint, rocket_route
from identity.store import registrations, rocketchat_ids, user_search
from identity.store.user_search import EVERYBODY

blueprint = door_blueprint("people")
refuse_bad_parameters(blueprint)
TOO_DEEP = f"An offset reaches to {DEEPEST_OFFSET}"
NOBODY = "User not found."


@rocket_route(blueprint, "GET", "/api/v1/users.list")
def list_users(call: ChatCall) -> Response:
    """A page of the tenant's users. The total stops at 10,000, as far as an offset reaches."""
    if not permits(call, Permission.VIEW_D_ROOM):
        return forbidden()
    page = page_of(call.request.args)
    if page.too_deep:
        return refused(TOO_DEEP, INVALID)
    tenant_id = call.configuration.tenant.id
    search = Search(EVERYBODY, (page.sort,), page.count)
    with call.services.db.read() as conn:
        found, _ = user_search.page(conn, tenant_id, search, start_row=page.offset)
        total = user_search.count(conn, tenant_id, EVERYBODY, accurate=False)
    wires = _wires(call, found, full=permits(call, Permission.VIEW_FULL_OTHER_USER_INFO))
    return success({"users": wires, "count": len(wires), "offset": page.offset, "total": total})


@rocket_route(blueprint, "GET", "/api/v1/users.info")
def user_info(call: ChatCall) -> Response:
    """One user by `userId` or `username`. Who may not see others is told nothing of them, not even that they exist."""
    wanted = wanted_user(call.request.args)
    if wanted == (None, None):
        return refused(*NOBODY_NAMED)
    user = find_user(call, *wanted)
    itself = user is not None and user.id == call.caller.user.id
    if not itself and not permits(call, Permission.VIEW_D_ROOM):
        return forbidden()
    if user is None:
        return failure(400, NOBODY)
    full = itself or permits(call, Permission.VIEW_FULL_OTHER_USER_INFO)
    (wire,) = _wires(call, [user], full=full)
    return success({"user": wire | {"canViewAllInfo": full}})


def _wires(call: ChatCall, found: list[User], *, full: bool) -> list[dict[str, Any]]:
    ids = [user.id for user in found]
    with call.services.db.read() as conn:
        short = rocketchat_ids.rc_ids_of(conn, ids)
        registered = registrations.of_users(conn, call.services.sealer, ids) if full else {}
    application = call.configuration.application
    wires = []
    for user in found:
        if user.id not in short:  # deleted a moment ago
            continue
        wire = _wire(call, user, short[user.id])
        if full:
            roles = chat_roles(application, user, registered.get((user.tenant_id, user.id), []))
            wire |= _private_wire(user, roles)
        wires.append({member: value for member, value in wire.items() if value is not None})
    return wires


def _wire(call: ChatCall, user: User, rc_id: str) -> dict[str, Any]:
    """What everybody sees of others."""
    name = user_name(user)
    return {
        "_id": rc_id,
        "type": "user",
        "name": display_name(user),
        "username": name,
        "status": AWAY,
        "utcOffset": utc_offset(user.timezone, call.now),
        "active": user.active,
        "avatarUrl": avatar_url(call.services, name or rc_id),
    }


def _private_wire(user: User, roles: list[str]) -> dict[str, Any]:
    """The rest: for administrators, and for oneself."""
    return {
        "emails": emails_wire(user),
        "roles": roles,
        "statusConnection": AWAY,
        "createdAt": moment(user.insert_instant),
        "lastLogin": None if user.last_login_instant is None else moment(user.last_login_instant),
        "requirePasswordChange": user.password_change_required,
    }
