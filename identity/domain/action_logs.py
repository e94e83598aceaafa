"""What was done to a user: an action taken, changed, cancelled or over. Source: supporting contract 11.2.

A log keeps the words of its definition and reason as they were when the action was taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from identity.domain.user_actions import UserAction, UserActionReason, localized

ENDLESS = 2**63 - 1
"""The wire's expiry of an action that holds until it is cancelled; None inside."""


@dataclass(frozen=True, slots=True)
class ActionLog:
    """One action on one user. Field names equal the columns' names."""

    tenant_id: UUID
    id: UUID
    actionee_user_id: UUID
    actioner_user_id: UUID | None
    """Who acted last; None for the service itself."""

    user_action_id: UUID
    application_ids: list[UUID]
    """Empty: every application."""

    prevents_login: bool
    temporal: bool
    expiry: int | None
    """None: until cancelled, or not temporal."""

    name: str
    localized_name: str | None
    option: str | None
    localized_option: str | None
    reason: str | None
    localized_reason: str | None
    reason_code: str | None
    comment: str | None
    email_user_on_end: bool
    notify_user_on_end: bool
    ended: bool
    """Cancelled, over, or never temporal."""

    end_event_sent: bool
    history: list[dict[str, Any]]
    """Each step with actioner_user_id, comment, create_instant and expiry; oldest first."""

    insert_instant: int

    def is_active(self, now: int) -> bool:
        """Whether it is in force: temporal, not cancelled and not over."""
        return self.temporal and not self.ended and (self.expiry is None or self.expiry > now)

    def with_step(self, now: int, actioner_user_id: UUID | None, comment: str | None, expiry: int | None) -> ActionLog:
        """The log after one more step, which may move the end."""
        step = {
            "actioner_user_id": str(actioner_user_id) if actioner_user_id else None,
            "comment": comment,
            "create_instant": now,
            "expiry": expiry,
        }
        return replace(
            self,
            actioner_user_id=actioner_user_id,
            comment=comment,
            expiry=expiry,
            history=[*self.history, step],
        )

    def cancelled(self, now: int, actioner_user_id: UUID | None, comment: str | None) -> ActionLog:
        """The log once somebody ended the action before its time."""
        return replace(self.with_step(now, actioner_user_id, comment, now), ended=True)

    def because(self, reason: UserActionReason | None, languages: list[str]) -> ActionLog:
        """The log with this reason."""
        if reason is None:
            return self
        return replace(
            self,
            reason=reason.text,
            localized_reason=localized(reason.localized_texts, languages),
            reason_code=reason.code,
        )

    def choosing(self, definition: UserAction, option: str | None, languages: list[str]) -> ActionLog:
        """The log with one of the definition's options, which exists."""
        chosen = definition.option(option) if option is not None else None
        if chosen is None:
            return self
        return replace(self, option=chosen["name"], localized_option=localized(chosen["localized_names"], languages))
