"""Change or cancel an action that is in force on a user. Source: supporting contract 11.2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from identity.domain.action_logs import ActionLog
from identity.domain.errors import NotFound, invalid_field, invalid_fields
from identity.domain.events import NO_INFO, EventInfo
from identity.domain.model import User
from identity.domain.user_actions import UserAction
from identity.flows.actions.take_user_action import actioner_problems, expiry_problems, option_problems, reason_for
from identity.flows.actions.user_action_events import Phase, action_event, mail_user
from identity.flows.events.announce import Announce, transact
from identity.flows.services import Services
from identity.store import action_logs, audit, user_actions, users
from identity.store.db import Connection

DONE = {Phase.MODIFY: "Modified", Phase.CANCEL: "Cancelled"}
Step = Callable[[Connection, ActionLog, UserAction, User], ActionLog]


@dataclass(frozen=True, slots=True)
class ActionChange:
    """What somebody changes of an action; what is None stays. A cancellation looks at the first three only."""

    actioner_user_id: UUID | None
    """None: the service itself acts."""

    comment: str | None = None
    broadcast: bool = False
    has_expiry: bool = False
    """Whether the end moves: to `expiry`, or to the day it is cancelled when that is None."""

    expiry: int | None = None
    option: str | None = None
    reason_id: UUID | None = None
    email_user: bool = False
    notify_user: bool = False
    info: EventInfo = NO_INFO


def modify_user_action(
    services: Services, now: int, actor: str, log_id: UUID, change: ActionChange, tenant_id: UUID | None
) -> ActionLog:
    """No transaction may be open. Raises NotFound, Invalid, WebhooksRefused."""

    def step(conn: Connection, log: ActionLog, definition: UserAction, actionee: User) -> ActionLog:
        reason, problems = reason_for(conn, change.reason_id)
        problems += actioner_problems(conn, change.actioner_user_id, tenant_id)
        problems += option_problems(definition, change.option)
        problems += expiry_problems(change.expiry, now)
        if problems:
            raise invalid_fields(sorted(problems))
        expiry = change.expiry if change.has_expiry else log.expiry
        changed = replace(
            log.with_step(now, change.actioner_user_id, change.comment, expiry),
            email_user_on_end=definition.user_emailing_enabled and change.email_user,
            notify_user_on_end=definition.user_notifications_enabled and change.notify_user,
        )
        languages = actionee.preferred_languages
        return changed.because(reason, languages).choosing(definition, change.option, languages)

    return _next_step(services, now, actor, log_id, tenant_id, Phase.MODIFY, change, step)


def cancel_user_action(
    services: Services, now: int, actor: str, log_id: UUID, change: ActionChange, tenant_id: UUID | None
) -> ActionLog:
    """No transaction may be open. Raises NotFound, Invalid, WebhooksRefused."""

    def step(conn: Connection, log: ActionLog, _: UserAction, __: User) -> ActionLog:
        problems = actioner_problems(conn, change.actioner_user_id, tenant_id)
        if problems:
            raise invalid_fields(problems)
        return log.cancelled(now, change.actioner_user_id, change.comment)

    return _next_step(services, now, actor, log_id, tenant_id, Phase.CANCEL, change, step)


def _next_step(
    services: Services,
    now: int,
    actor: str,
    log_id: UUID,
    tenant_id: UUID | None,
    phase: Phase,
    change: ActionChange,
    step: Step,
) -> ActionLog:
    """Under the lock of the log. Raises NotFound, Invalid, WebhooksRefused."""

    def work(conn: Connection, announce: Announce) -> ActionLog:
        log = action_logs.lock(conn, log_id, tenant_id)
        definition = user_actions.get(conn, log.user_action_id) if log else None
        actionee = users.get(conn, log.tenant_id, log.actionee_user_id) if log else None
        if log is None or definition is None or actionee is None:
            raise NotFound
        if not log.is_active(now):
            raise invalid_field("actionId", "invalid", "The action is over, or was never one for a time.")
        changed = step(conn, log, definition, actionee)
        if change.broadcast:
            told = {"email_user": change.email_user, "notify_user": change.notify_user}
            announce(log.tenant_id, [action_event(changed, definition, phase, **told, info=change.info)])
        if log.prevents_login:
            users.bump(conn, log.tenant_id, log.actionee_user_id)
        action_logs.update(conn, changed)
        done = f"{DONE[phase]} the action {log.name!r} ({log.id}) on the user {log.actionee_user_id}"
        audit.add(conn, now, actor, done)
        mail_user(conn, services, changed, definition, phase, actionee, email_user=change.email_user)
        return changed

    return transact(services, work)
