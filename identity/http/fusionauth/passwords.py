"""Forgotten and changed passwords. Source: supporting contract 14.

A change-password id is a right by itself; without one it takes a key, or an access token with the current password.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from flask import Response

from identity.domain.errors import NotFound, Unauthorized, invalid_field
from identity.flows.passwords.forgot_password import ForgotRequest, forgot_password
from identity.flows.passwords.new_password import PasswordChange, change_password
from identity.flows.passwords.password_right import PasswordRight, require_no_trust, right_by_id, right_by_login_id
from identity.flows.put_off import put_off_forgotten
from identity.http.bearer import id_of, presented_token, require_claims
from identity.http.fusionauth.respond import empty_reply, json_reply
from identity.http.fusionauth.routes import ABSENT, Call, Routes
from identity.http.fusionauth.schemas.passwords import (
    LOGIN_ID_TYPES,
    ChangePasswordAnswer,
    ChangePasswordRequest,
    ForgotPasswordAnswer,
    ForgotPasswordRequest,
)
from identity.http.fusionauth.users import tenant_for
from identity.http.raw_member import state_of
from identity.http.visit import event_info_of

CHANGE = "/api/user/change-password"
FORGOT = "/api/user/forgot-password"
CHANGE_REQUEST, FORGOT_REQUEST = ChangePasswordRequest(), ForgotPasswordRequest()
CHANGE_STATUSES = {
    401: "A change-password id, an API key or an access token is needed.",
    404: "The id is unknown, expired or used, or the current password is wrong.",
    504: "A transactional webhook refused: nothing was changed.",
}

routes = Routes("Passwords", "Users set a new password, or a first one.")


@routes.get(f"{CHANGE}/<secret>", endpoint=None, statuses=CHANGE_STATUSES)
def check_change_password_by_id(call: Call, secret: str) -> None:
    """Whether the id still works; 400 `[TrustTokenRequired]` when a second factor is needed as well."""
    require_no_trust(call.services, right_by_id(call.services, call.tenant_id, secret, call.now))


@routes.get(
    CHANGE,
    endpoint=None,
    statuses=CHANGE_STATUSES,
    query={
        "loginId": "The user's e-mail address or username; it takes a key. Without it the owner of the access token.",
        "loginIdTypes": "What loginId may be: email, username. Repeat it; default: both.",
        "ipAddress": "Accepted; no decision depends on it.",
    },
)
def check_change_password(call: Call) -> None:
    """Whether a change of the password takes a second factor first: then 400 `[TrustTokenRequired]`."""
    login_id = call.text("loginId")
    types = [kind for kind in call.request.args.getlist("loginIdTypes") if kind not in ABSENT]
    if not set(types) <= set(LOGIN_ID_TYPES):
        raise invalid_field("loginIdTypes", "invalid")
    right = _owner(call) if login_id is None else _by_login_id(call, login_id, types, None)
    if right is None:
        raise NotFound
    require_no_trust(call.services, right)


@routes.post(
    CHANGE,
    f"{CHANGE}/<secret>",
    endpoint=None,
    takes=ChangePasswordRequest,
    gives=ChangePasswordAnswer,
    statuses=CHANGE_STATUSES,
)
def change_password_of_user(call: Call, secret: str | None = None) -> Response:
    """Set a password, end the sessions that the tenant's policy ends, and close every open change-password id."""
    given = call.load(CHANGE_REQUEST)
    right = _right(call, given.get("change_password_id") or secret, given)
    change = PasswordChange(
        password=given["password"],
        current_password=given.get("current_password"),
        trust_token=given.get("trust_token"),
        trust_challenge=given.get("trust_challenge"),
        info=event_info_of(call.request, given["event_info"]),
    )
    changed = change_password(call.services, right, change, call.now)
    if right.keyed:
        return empty_reply()
    state = {} if changed.state is None else {"state": orjson.Fragment(changed.state)}
    return json_reply({"oneTimePassword": changed.one_time_password, **state})


@routes.post(
    FORGOT,
    endpoint=None,
    takes=ForgotPasswordRequest,
    gives=ForgotPasswordAnswer,
    statuses={
        401: "Only a key may choose the id, or do without a mail.",
        404: "Nobody has this login id (only with a key).",
        422: "The user has no e-mail address (only with a key).",
        429: "The login id has had its mails for now.",
    },
)
def begin_forgotten_password(call: Call) -> Response:
    """Mail an id that lets the user set a new password. Without a key the answer tells nothing about anybody."""
    given = call.load(FORGOT_REQUEST)
    keyed = _has_key(call, FORGOT)
    mailed = given["send_forgot_password_email"] and given["send_forgot_password_message"]
    if not keyed and (not mailed or given.get("change_password_id")):
        raise Unauthorized
    application_id = given.get("application_id")
    request = ForgotRequest(
        tenant_id=tenant_for(call, application_id, "applicationId"),
        login_id=given["login_id"],
        login_id_types=given["login_id_types"] or LOGIN_ID_TYPES,
        application_id=application_id,
        state=state_of(call.request),
        keyed=keyed,
        mailed=mailed,
        change_password_id=given.get("change_password_id"),
        info=event_info_of(call.request, given["event_info"]),
    )
    if not keyed:
        put_off_forgotten(call.services, request)
        return empty_reply()
    return json_reply({"changePasswordId": forgot_password(call.services, request, call.now)})


def _right(call: Call, secret: str | None, given: dict[str, Any]) -> PasswordRight:
    """Raises NotFound, Unauthorized, Invalid."""
    if secret is not None:
        return right_by_id(call.services, call.tenant_id, secret, call.now)
    login_id = given.get("login_id")
    if login_id is None:
        return _owner(call, given.get("application_id"))
    right = _by_login_id(call, login_id, given["login_id_types"], given.get("application_id"))
    if right is None:
        raise invalid_field("loginId", "invalid")
    return right


def _by_login_id(call: Call, login_id: str, types: list[str], application_id: UUID | None) -> PasswordRight | None:
    if not _has_key(call, CHANGE):
        raise Unauthorized
    tenant_id = tenant_for(call, application_id, "applicationId")
    return right_by_login_id(call.services, tenant_id, login_id, types or LOGIN_ID_TYPES, application_id)


def _owner(call: Call, application_id: UUID | None = None) -> PasswordRight:
    """The owner of the access token; a key must say whose password it is about. Raises Unauthorized."""
    if call.caller is not None or presented_token(call.request) is None:
        raise Unauthorized
    claims = require_claims(call.services, call.request, call.now)
    tenant_id = id_of(claims, "tid")
    if call.tenant_id not in (None, tenant_id):
        raise Unauthorized
    return PasswordRight(tenant_id, id_of(claims, "sub"), application_id, must_prove=True)


def _has_key(call: Call, endpoint: str) -> bool:
    return call.caller is not None and call.caller.may(endpoint, call.request.method)
