"""GET /api/info: by which clients find out that they talk to a Rocket.Chat, and of which release.

The number says which of Rocket.Chat's contracts this door keeps: that of release 8.0, whose users.createToken takes a
`secret`, and whose login failures still have the classic body. Our own version is nobody's business here.
Source: Rocket.Chat contract 5.5.
"""

from __future__ import annotations

from flask import Response

from identity.domain.rocketchat_permissions import Permission
from identity.http.rocketchat.answers import success
from identity.http.rocketchat.call import ChatCall
from identity.http.rocketchat.permissions import permits
from identity.http.rocketchat.routes import door_blueprint, rocket_route, session_of

blueprint = door_blueprint("info")
SERIES = "8.0"
VERSION = f"{SERIES}.0"


@rocket_route(blueprint, "GET", "/api/info", signed_in=False)
def info(call: ChatCall) -> Response:
    """The series; the whole number, and the member that older clients read, for whoever may view statistics."""
    call.session = session_of(call.services, call.request)
    if permits(call, Permission.VIEW_STATISTICS):
        return success({"version": VERSION, "info": {"version": VERSION}})
    return success({"version": SERIES})


@rocket_route(blueprint, "GET", "/api/v1/info", signed_in=False)
def info_by_version(call: ChatCall) -> Response:
    """The same, where older clients look for it."""
    return info(call)
