"""What is said of a user action: the event for webhooks, and the mail to the user it is about.

Source: supporting contract 11 and 17.4.
"""

from __future__ import annotations

from enum import Enum
from uuid import UUID

from identity.domain.action_logs import ENDLESS, ActionLog
from identity.domain.events import NO_INFO, Event, EventInfo, TransactionType
from identity.domain.mail import Purpose
from identity.domain.model import User
from identity.domain.user_actions import UserAction
from identity.flows.mail.send_mail import queue_mail
from identity.flows.services import Services
from identity.store import tenants
from identity.store.db import Connection


class Phase(Enum):
    """Of an action that lasts for a time; one that does not only starts."""

    START = "start"
    MODIFY = "modify"
    CANCEL = "cancel"
    END = "end"


def template_of(definition: UserAction, phase: Phase) -> UUID | None:
    return {
        Phase.START: definition.start_email_template_id,
        Phase.MODIFY: definition.modify_email_template_id,
        Phase.CANCEL: definition.cancel_email_template_id,
        Phase.END: definition.end_email_template_id,
    }[phase]


def mails(definition: UserAction, phase: Phase, *, email_user: bool) -> bool:
    """Whether the user gets a mail: the definition allows it, has a template for it, and somebody wants it."""
    return email_user and definition.user_emailing_enabled and template_of(definition, phase) is not None


def action_event(
    log: ActionLog,
    definition: UserAction,
    phase: Phase,
    *,
    email_user: bool,
    notify_user: bool,
    info: EventInfo = NO_INFO,
) -> Event:
    """The user.action event. Nobody has a say in an end, since time does not wait for an answer."""
    agreement = TransactionType.NONE if phase is Phase.END else TransactionType(definition.transaction_type)
    payload = {
        "action": log.name,
        "action_id": log.id,
        "actionee_user_id": log.actionee_user_id,
        "actioner_user_id": log.actioner_user_id,
        "application_ids": log.application_ids,
        "comment": log.comment,
        "emailed_user": mails(definition, phase, email_user=email_user),
        "expiry": ENDLESS if log.temporal and log.expiry is None else log.expiry,
        "localized_action": log.localized_name,
        "localized_option": log.localized_option,
        "localized_reason": log.localized_reason,
        "notify_user": notify_user and definition.user_notifications_enabled,
        "option": log.option,
        "phase": phase.value,
        "reason": log.reason,
        "reason_code": log.reason_code,
    }
    return Event("user.action", payload, log.actionee_user_id, info, agreement)


def mail_user(
    conn: Connection,
    services: Services,
    log: ActionLog,
    definition: UserAction,
    phase: Phase,
    actionee: User,
    *,
    email_user: bool,
) -> None:
    """Queue the mail of this phase, if there is one; its template finds the event's members under `event`."""
    tenant = tenants.get(conn, log.tenant_id)
    if tenant is None or not mails(definition, phase, email_user=email_user):
        return
    event = services.present_event(action_event(log, definition, phase, email_user=email_user, notify_user=False))
    template_id = template_of(definition, phase)
    variables = {"event": event}
    queue_mail(conn, services, tenant, None, Purpose.USER_ACTION, actionee, variables, template_id=template_id)
