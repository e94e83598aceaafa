"""Actions on users: take, retrieve, modify, cancel. Source: supporting contract 11.2."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from identity.domain.action_logs import ActionLog
from identity.domain.errors import NotFound, invalid_field
from identity.flows.actions.change_user_action import ActionChange, cancel_user_action, modify_user_action
from identity.flows.actions.take_user_action import WantedAction, take_user_action
from identity.http.fusionauth.routes import Call, Routes
from identity.http.fusionauth.schemas.action_logs import (
    ActionResponse,
    CancelRequest,
    ModifyRequest,
    TakeRequest,
    action_log_wire,
    end_of,
)
from identity.http.visit import event_info_of
from identity.store import action_logs, users

ENDPOINT = "/api/user/action"
ONE = "/api/user/action/<action_id>"
FILTERS = {
    "userId": "The user; required.",
    "active": "true: those in force; false: all others. Not together with preventingLogin.",
    "preventingLogin": "true: those in force that prevent logins.",
}

routes = Routes("Actions on users", "Take an action on a user, change it, cancel it, and see what was done.")
_take, _modify, _cancel = TakeRequest(), ModifyRequest(), CancelRequest()


@routes.post(ENDPOINT, endpoint=ENDPOINT, takes=TakeRequest, gives=ActionResponse)
def take_action(call: Call) -> dict[str, Any]:
    """Take an action on a user. One that prevents logins ends sessions too, as the tenant's policy says."""
    loaded = call.load(_take)
    given = loaded["action"]
    wanted = WantedAction(
        actionee_user_id=given["actionee_user_id"],
        user_action_id=given["user_action_id"],
        actioner_user_id=given["actioner_user_id"],
        has_expiry="expiry" in given,
        expiry=end_of(given.get("expiry")),
        application_ids=tuple(given["application_ids"]),
        comment=given.get("comment"),
        option=given.get("option"),
        reason_id=given.get("reason_id"),
        email_user=given["email_user"],
        notify_user=given["notify_user"],
        broadcast=loaded["broadcast"],
        info=event_info_of(call.request, loaded["event_info"]),
    )
    return _one(take_user_action(call.services, call.now, call.actor, wanted, call.tenant_id))


@routes.get(ENDPOINT, endpoint=ENDPOINT, gives=ActionResponse, query=FILTERS, statuses={404: "There is no such user."})
def retrieve_actions(call: Call) -> dict[str, Any]:
    """The actions on a user, newest first."""
    user_id = call.uuid("userId")
    if user_id is None:
        raise invalid_field("userId", "missing")
    preventing = call.flag("preventingLogin")
    active = None if call.text("active") is None else call.flag("active")
    if preventing and active is not None:
        raise invalid_field("preventingLogin", "invalid", "It can not be asked together with active.")
    with call.services.db.read() as conn:
        user = users.get(conn, call.tenant_id, user_id)
        if user is None:
            raise NotFound
        found = action_logs.of_user(conn, user.tenant_id, user.id)
    return {"actions": [action_log_wire(log) for log in found if _is_asked_for(call, log, active, preventing)]}


@routes.get(ONE, endpoint=ENDPOINT, gives=ActionResponse)
def retrieve_action(call: Call, action_id: UUID) -> dict[str, Any]:
    """One action with its history."""
    return _one(_existing(call, action_id))


@routes.put(ONE, endpoint=ENDPOINT, takes=ModifyRequest, gives=ActionResponse)
def modify_action(call: Call, action_id: UUID) -> dict[str, Any]:
    """Change an action that is in force: its end, comment, option or reason."""
    _existing(call, action_id)
    loaded = call.load(_modify)
    given = loaded["action"]
    change = replace(
        _change(call, loaded),
        has_expiry="expiry" in given,
        expiry=end_of(given.get("expiry")),
        option=given.get("option"),
        reason_id=given.get("reason_id"),
    )
    return _one(modify_user_action(call.services, call.now, call.actor, action_id, change, call.tenant_id))


@routes.delete(ONE, endpoint=ENDPOINT, takes=CancelRequest, gives=ActionResponse)
def cancel_action(call: Call, action_id: UUID) -> dict[str, Any]:
    """Cancel an action that is in force."""
    _existing(call, action_id)
    change = _change(call, call.load(_cancel))
    return _one(cancel_user_action(call.services, call.now, call.actor, action_id, change, call.tenant_id))


def _change(call: Call, loaded: dict[str, Any]) -> ActionChange:
    """What changing an action and cancelling it have in common."""
    given = loaded["action"]
    return ActionChange(
        actioner_user_id=given["actioner_user_id"],
        comment=given.get("comment"),
        broadcast=loaded["broadcast"],
        info=event_info_of(call.request, loaded["event_info"]),
        email_user=given["email_user"],
        notify_user=given["notify_user"],
    )


def _is_asked_for(call: Call, log: ActionLog, active: bool | None, preventing: bool) -> bool:
    in_force = log.is_active(call.now)
    if preventing:
        return in_force and log.prevents_login
    return active is None or in_force is active


def _existing(call: Call, action_id: UUID) -> ActionLog:
    with call.services.db.read() as conn:
        found = action_logs.get(conn, action_id, call.tenant_id)
    if found is None:
        raise NotFound
    return found


def _one(log: ActionLog) -> dict[str, Any]:
    return {"action": action_log_wire(log)}
