"""POST and GET /api/v1/logout: the end of the session that calls, and of no other (rocket section 5.5)."""

from __future__ import annotations

from flask import Response

from identity.flows.rocketchat.end_sessions import end_session
from identity.http.rocketchat.answers import reply
from identity.http.rocketchat.call import ChatCall
from identity.http.rocketchat.routes import door_blueprint, rocket_route

blueprint = door_blueprint("logout")
GONE = {"status": "success", "data": {"message": "You've been logged out!"}}


@rocket_route(blueprint, "GET", "/api/v1/logout")
@rocket_route(blueprint, "POST", "/api/v1/logout")
def log_out(call: ChatCall) -> Response:
    end_session(call.services, call.caller)
    return reply(GONE)
