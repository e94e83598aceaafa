"""Whom a call means, by `userId` or `username`, and the refusals of parameters that can not be taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response

from identity.domain.contact import canonical
from identity.domain.model import User
from identity.domain.rocketchat import user_name
from identity.domain.rocketchat_parameters import BadParameter, optional_text
from identity.flows.rocketchat.personal_tokens import SessionOver
from identity.http.rocketchat.answers import not_signed_in, refused
from identity.http.rocketchat.call import ChatCall
from identity.store import rocketchat_ids, users

INVALID = "invalid-params"
NOBODY_NAMED = ('The required "userId" or "username" param was not provided', "error-user-param-not-provided")
NOBODY_FOUND = (
    'The required "userId" or "username" param provided does not match any users',
    "error-invalid-user",
)


def refuse_bad_parameters(blueprint: Blueprint) -> None:
    """Answer for what the views of this blueprint could not take, and for callers whose session ended meanwhile."""
    blueprint.register_error_handler(BadParameter, bad_parameter)
    blueprint.register_error_handler(SessionOver, lambda _: not_signed_in())


def bad_parameter(error: Exception) -> Response:
    return refused(str(error), INVALID)


def wanted_user(parameters: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """`userId` and `username`; the first one counts. Raises BadParameter."""
    return optional_text(parameters.get("userId"), "userId"), optional_text(parameters.get("username"), "username")


def find_user(call: ChatCall, user_id: str | None, username: str | None) -> User | None:
    """The user of the door's tenant; nobody else's users exist here."""
    tenant_id = call.configuration.tenant.id
    with call.services.db.read() as conn:
        if user_id is not None:
            return rocketchat_ids.find_user(conn, tenant_id, user_id)
        found = users.find_by_canonical(conn, tenant_id, username=canonical(username or ""))
    return call.caller.user if found is None and _is_own_name(call, username or "") else found


def _is_own_name(call: ChatCall, username: str) -> bool:
    """Who has no user name is called by their e-mail address here, and finds themselves by it: unless it is
    somebody's user name, who then is meant."""
    own = call.caller.user
    return own.username is None and canonical(username) == canonical(user_name(own) or "")
