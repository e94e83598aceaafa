"""User action definitions: create, retrieve, update, patch, deactivate, delete. Source: supporting contract 11.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound
from identity.domain.user_actions import UserAction
from identity.flows.actions import save_user_action
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.user_actions import UserActionRequest, UserActionResponse, UserActionSchema
from identity.http.patch import patched
from identity.store import user_actions

ENDPOINT = "/api/user-action"
ONE = "/api/user-action/<user_action_id>"
INACTIVE = {"inactive": "true: the deactivated ones instead of the active ones"}
REACTIVATE = {"reactivate": "true: only undo a deactivation; there is no body"}
HARD = {"hardDelete": "true: delete it for good, and every action that was taken by it"}

routes = Routes("User actions", "What may be done to a user by name: a ban, a warning, a reward.")
_shown, _request = UserActionSchema(), UserActionRequest()


@routes.post(ENDPOINT, ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=UserActionRequest, gives=UserActionResponse)
def create_user_action(call: Call, user_action_id: UUID | None = None) -> dict[str, Any]:
    """Create a user action; only a temporal one may prevent logins."""
    values = call.load(_request)["user_action"]
    return _one(save_user_action.create(call.services, call.now, call.actor, values, user_action_id))


@routes.get(ENDPOINT, endpoint=ENDPOINT, scope=Scope.GLOBAL, gives=UserActionResponse, query=INACTIVE)
def retrieve_user_actions(call: Call) -> dict[str, Any]:
    """All active user actions by name, or all others."""
    inactive = call.flag("inactive")
    with call.services.db.read() as conn:
        return {"userActions": [_shown.dump(each) for each in user_actions.every(conn, active=not inactive)]}


@routes.get(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, gives=UserActionResponse)
def retrieve_user_action(call: Call, user_action_id: UUID) -> dict[str, Any]:
    """One user action, active or not."""
    return _one(_existing(call, user_action_id))


@routes.put(
    ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=UserActionRequest, gives=UserActionResponse, query=REACTIVATE
)
def update_user_action(call: Call, user_action_id: UUID) -> dict[str, Any]:
    """Replace a user action: a member left out returns to its default. What was taken stays as it was."""
    if call.flag("reactivate"):
        return _one(save_user_action.set_active(call.services, call.now, call.actor, user_action_id, active=True))
    return _save(call, user_action_id, lambda _: call.json())


@routes.patch(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=UserActionRequest, gives=UserActionResponse)
def patch_user_action(call: Call, user_action_id: UUID) -> dict[str, Any]:
    """Change members of a user action, in one of three dialects that the content type chooses."""
    return _save(call, user_action_id, lambda stored: patched(call.request, _one(stored)))


@routes.delete(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, query=HARD)
def delete_user_action(call: Call, user_action_id: UUID) -> None:
    """Deactivate a user action: nobody takes it any more, and what was taken stays in force."""
    if call.flag("hardDelete"):
        save_user_action.delete(call.services, call.now, call.actor, user_action_id)
    else:
        save_user_action.set_active(call.services, call.now, call.actor, user_action_id, active=False)


def _save(call: Call, user_action_id: UUID, document: Callable[[UserAction], dict[str, Any]]) -> dict[str, Any]:
    _existing(call, user_action_id)
    call.request.get_data(cache=True)  # a slow body must not hold the row

    def change(stored: UserAction) -> dict[str, Any]:
        values: dict[str, Any] = _request.load(document(stored))["user_action"]
        return values

    return _one(save_user_action.update(call.services, call.now, call.actor, user_action_id, change))


def _existing(call: Call, user_action_id: UUID) -> UserAction:
    with call.services.db.read() as conn:
        found = user_actions.get(conn, user_action_id)
    if found is None:
        raise NotFound
    return found


def _one(found: UserAction) -> dict[str, Any]:
    return {"userAction": _shown.dump(found)}
