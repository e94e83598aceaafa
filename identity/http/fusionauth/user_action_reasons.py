"""Reasons for user actions: create, retrieve, update, patch, delete. Source: supporting contract 11.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound
from identity.domain.user_actions import UserActionReason
from identity.flows.actions import save_user_action_reason
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.user_actions import (
    ReasonSchema,
    UserActionReasonRequest,
    UserActionReasonResponse,
)
from identity.http.patch import patched
from identity.store import user_action_reasons

ENDPOINT = "/api/user-action-reason"
ONE = "/api/user-action-reason/<user_action_reason_id>"

routes = Routes("User action reasons", "The reasons from which one is chosen when a user action is taken.")
_shown, _request = ReasonSchema(), UserActionReasonRequest()


@routes.post(
    ENDPOINT,
    ONE,
    endpoint=ENDPOINT,
    scope=Scope.GLOBAL,
    takes=UserActionReasonRequest,
    gives=UserActionReasonResponse,
)
def create_user_action_reason(call: Call, user_action_reason_id: UUID | None = None) -> dict[str, Any]:
    """Create a reason; no two share a code or a text."""
    values = call.load(_request)["user_action_reason"]
    return _one(save_user_action_reason.create(call.services, call.now, call.actor, values, user_action_reason_id))


@routes.get(ENDPOINT, endpoint=ENDPOINT, scope=Scope.GLOBAL, gives=UserActionReasonResponse)
def retrieve_user_action_reasons(call: Call) -> dict[str, Any]:
    """All reasons by code."""
    with call.services.db.read() as conn:
        return {"userActionReasons": [_shown.dump(each) for each in user_action_reasons.every(conn)]}


@routes.get(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, gives=UserActionReasonResponse)
def retrieve_user_action_reason(call: Call, user_action_reason_id: UUID) -> dict[str, Any]:
    """One reason."""
    return _one(_existing(call, user_action_reason_id))


@routes.put(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=UserActionReasonRequest, gives=UserActionReasonResponse)
def update_user_action_reason(call: Call, user_action_reason_id: UUID) -> dict[str, Any]:
    """Replace a reason; actions that were taken keep its text as it was."""
    return _save(call, user_action_reason_id, lambda _: call.json())


@routes.patch(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=UserActionReasonRequest, gives=UserActionReasonResponse)
def patch_user_action_reason(call: Call, user_action_reason_id: UUID) -> dict[str, Any]:
    """Change members of a reason, in one of three dialects that the content type chooses."""
    return _save(call, user_action_reason_id, lambda stored: patched(call.request, _one(stored)))


@routes.delete(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL)
def delete_user_action_reason(call: Call, user_action_reason_id: UUID) -> None:
    """Delete a reason."""
    save_user_action_reason.delete(call.services, call.now, call.actor, user_action_reason_id)


def _save(call: Call, reason_id: UUID, document: Callable[[UserActionReason], dict[str, Any]]) -> dict[str, Any]:
    _existing(call, reason_id)
    call.request.get_data(cache=True)  # a slow body must not hold the row

    def change(stored: UserActionReason) -> dict[str, Any]:
        values: dict[str, Any] = _request.load(document(stored))["user_action_reason"]
        return values

    return _one(save_user_action_reason.update(call.services, call.now, call.actor, reason_id, change))


def _existing(call: Call, reason_id: UUID) -> UserActionReason:
    with call.services.db.read() as conn:
        found = user_action_reasons.get(conn, reason_id)
    if found is None:
        raise NotFound
    return found


def _one(found: UserActionReason) -> dict[str, Any]:
    return {"userActionReason": _shown.dump(found)}
