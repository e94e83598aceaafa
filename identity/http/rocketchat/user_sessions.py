"""Sessions that end by a call, and one that an administrator makes: users.logout and its neighbours (rocket 5.5)."""

from __future__ import annotations

from flask import Response

from identity.domain.model import User
from identity.domain.rocketchat_parameters import optional_text, required_text
from identity.domain.rocketchat_permissions import Permission
from identity.flows.rocketchat.create_token import MayNotLogIn, create_token, is_the_secret
from identity.flows.rocketchat.end_sessions import end_everything, end_other_sessions
from identity.http.rocketchat.answers import forbidden, moment, refused, success
from identity.http.rocketchat.call import ChatCall
from identity.http.rocketchat.parameters import (
    NOBODY_FOUND,
    NOBODY_NAMED,
    find_user,
    refuse_bad_parameters,
    wanted_user,
)
from identity.http.rocketchat.permissions import permits
from identity.http.rocketchat.routes import TOKEN_HEADER, door_blueprint, rocket_route
from identity.store import rocketchat_ids

blueprint = door_blueprint("user_sessions")
refuse_bad_parameters(blueprint)


@rocket_route(blueprint, "POST", "/api/v1/users.logout")
def log_user_out(call: ChatCall) -> Response:
    """Everywhere at this door: every token of the user ends, personal ones too."""
    wanted = optional_text(call.members.get("userId"), "userId")
    user: User | None = call.caller.user
    if wanted is not None and not call.caller.is_named(wanted):
        if not permits(call, Permission.LOGOUT_OTHER_USER):
            return forbidden()
        user = find_user(call, wanted, None)
    if user is None or not end_everything(call.services, user.tenant_id, user.id):
        return refused("Invalid user id", "error-invalid-user-id")
    return success({"message": f"User {_rc_id(call, user)} has been logged out!"})


@rocket_route(blueprint, "POST", "/api/v1/users.logoutOtherClients")
def log_other_clients_out(call: ChatCall) -> Response:
    """`tokenExpires` is empty for a personal token, which has no end."""
    end_other_sessions(call.services, call.caller)
    expiry = call.caller.token.expiry
    return success(
        {"token": call.request.headers[TOKEN_HEADER], "tokenExpires": "" if expiry is None else moment(expiry)}
    )


@rocket_route(blueprint, "POST", "/api/v1/users.removeOtherTokens")
def remove_other_tokens(call: ChatCall) -> Response:
    end_other_sessions(call.services, call.caller)
    return success()


@rocket_route(blueprint, "POST", "/api/v1/users.createToken")
def create_user_token(call: ChatCall) -> Response:
    """Only for administrators who know the operator's secret; nothing of other users shows to anybody else."""
    secret = required_text(call.members.get("secret"), "secret")
    wanted = wanted_user(call.members)
    allowed = permits(call, Permission.USER_GENERATE_ACCESS_TOKEN)
    if not is_the_secret(call.services, secret) or not allowed:
        return refused("Not authorized", "error-not-authorized")
    if wanted == (None, None):
        return refused(*NOBODY_NAMED)
    user = find_user(call, *wanted)
    if user is None:
        return refused(*NOBODY_FOUND)
    try:
        token = create_token(call.services, call.caller, user)
    except MayNotLogIn:
        return refused("User is not activated", "error-user-is-not-activated")
    return success({"data": {"userId": _rc_id(call, user), "authToken": token}})


def _rc_id(call: ChatCall, user: User) -> str:
    with call.services.db.read() as conn:
        return rocketchat_ids.rc_id_of(conn, user.id)
