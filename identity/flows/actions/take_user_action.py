"""Take a user action: do something to a user that a definition names, for a time or once.

Source: supporting contract 11.2. Called by the API, and by the lockout of a tenant that locks out with a user action.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from identity.domain.action_logs import ActionLog
from identity.domain.errors import Invalid, invalid_field, invalid_fields
from identity.domain.events import NO_INFO, Event, EventInfo
from identity.domain.model import Registration, User
from identity.domain.user_actions import UserAction, UserActionReason, localized
from identity.flows.actions import prevent_logins
from identity.flows.actions.user_action_events import Phase, action_event, mail_user
from identity.flows.events.announce import Announce, transact
from identity.flows.services import Services
from identity.store import action_logs, applications, audit, logins, user_action_reasons, user_actions, users
from identity.store.db import Connection, InUse

Problems = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class WantedAction:
    """What is to be done to whom. `expiry` None: until it is cancelled, which only a temporal action can be."""

    actionee_user_id: UUID
    user_action_id: UUID
    actioner_user_id: UUID | None = None
    """None: the service itself acts."""

    has_expiry: bool = True
    """Whether the caller said when it ends; a temporal action needs that."""

    expiry: int | None = None
    application_ids: tuple[UUID, ...] = ()
    comment: str | None = None
    option: str | None = None
    reason_id: UUID | None = None
    email_user: bool = False
    notify_user: bool = False
    broadcast: bool = False
    """Whether webhooks are told."""

    info: EventInfo = NO_INFO


@dataclass(frozen=True, slots=True)
class _Found:
    actionee: User
    registrations: tuple[Registration, ...]
    definition: UserAction
    reason: UserActionReason | None


def take_user_action(
    services: Services, now: int, actor: str, wanted: WantedAction, tenant_id: UUID | None = None
) -> ActionLog:
    """`tenant_id` is the tenant the call is scoped to, if it is. No transaction may be open.

    Raises Invalid, WebhooksRefused.
    """
    with services.db.read() as conn:
        found = _find(conn, wanted, tenant_id, now)
    log = _new_log(services, now, wanted, found)
    revocations = prevent_logins.revocations(services, log, found.actionee, found.registrations)

    def work(conn: Connection, announce: Announce) -> None:
        definition = user_actions.share(conn, log.user_action_id)
        if definition is None or not definition.active:
            raise invalid_field("action.userActionId", "invalid")
        announce(log.tenant_id, (*_start(log, definition, wanted), *revocations))
        if log.prevents_login:
            users.bump(conn, log.tenant_id, log.actionee_user_id)
        if revocations:
            prevent_logins.revoke_barred(conn, log.tenant_id, log.actionee_user_id, log.application_ids)
        action_logs.insert(conn, log)
        audit.add(conn, now, actor, f"Took the action {log.name!r} ({log.id}) on the user {log.actionee_user_id}")
        mail_user(conn, services, log, definition, Phase.START, found.actionee, email_user=wanted.email_user)

    try:
        transact(services, work)
    except InUse as error:
        raise invalid_field("action.actioneeUserId", "invalid") from error
    return log


def _start(log: ActionLog, definition: UserAction, wanted: WantedAction) -> list[Event]:
    if not wanted.broadcast:
        return []
    told = {"email_user": wanted.email_user, "notify_user": wanted.notify_user}
    return [action_event(log, definition, Phase.START, **told, info=wanted.info)]


def option_problems(definition: UserAction, option: str | None) -> Problems:
    """An option must be one of the definition's."""
    known = option is None or definition.option(option) is not None
    return [] if known else [("action.option", "invalid")]


def reason_for(conn: Connection, reason_id: UUID | None) -> tuple[UserActionReason | None, Problems]:
    reason = None if reason_id is None else user_action_reasons.get(conn, reason_id)
    unknown = reason_id is not None and reason is None
    return reason, [("action.reasonId", "invalid")] if unknown else []


def actioner_problems(conn: Connection, actioner_user_id: UUID | None, tenant_id: UUID | None) -> Problems:
    """Whoever acts must be a user, of any tenant unless the call is scoped to one."""
    known = actioner_user_id is None or users.get(conn, tenant_id, actioner_user_id) is not None
    return [] if known else [("action.actionerUserId", "invalid")]


def expiry_problems(expiry: int | None, now: int) -> Problems:
    return [("action.expiry", "invalid")] if expiry is not None and expiry <= now else []


def _find(conn: Connection, wanted: WantedAction, tenant_id: UUID | None, now: int) -> _Found:
    """Raises Invalid with everything that is wrong."""
    actionee = users.get(conn, tenant_id, wanted.actionee_user_id)
    definition = user_actions.get(conn, wanted.user_action_id)
    reason, problems = reason_for(conn, wanted.reason_id)
    problems += actioner_problems(conn, wanted.actioner_user_id, tenant_id)
    if actionee is None:
        problems.append(("action.actioneeUserId", "invalid"))
    elif not _are_applications_of(conn, actionee.tenant_id, wanted.application_ids):
        problems.append(("action.applicationIds", "invalid"))
    if definition is None or not definition.active:
        problems.append(("action.userActionId", "invalid"))
    else:
        problems += option_problems(definition, wanted.option)
        if definition.temporal and not wanted.has_expiry:
            problems.append(("action.expiry", "missing"))
        elif definition.temporal:
            problems += expiry_problems(wanted.expiry, now)
    if problems or actionee is None or definition is None:
        raise _refused(problems)
    known = logins.find_by_id(conn, actionee.tenant_id, actionee.id)
    return _Found(actionee, known.registrations if known else (), definition, reason)


def _refused(problems: Problems) -> Invalid:
    return invalid_fields(sorted(problems))


def _are_applications_of(conn: Connection, tenant_id: UUID, application_ids: tuple[UUID, ...]) -> bool:
    return all(applications.get(conn, each, tenant_id) is not None for each in application_ids)


def _new_log(services: Services, now: int, wanted: WantedAction, found: _Found) -> ActionLog:
    definition, languages = found.definition, found.actionee.preferred_languages
    new = ActionLog(
        tenant_id=found.actionee.tenant_id,
        id=services.runtime.new_id(),
        actionee_user_id=found.actionee.id,
        actioner_user_id=wanted.actioner_user_id,
        user_action_id=definition.id,
        application_ids=sorted(set(wanted.application_ids)),
        prevents_login=definition.prevent_login,
        temporal=definition.temporal,
        expiry=None,
        name=definition.name,
        localized_name=localized(definition.localized_names, languages),
        option=None,
        localized_option=None,
        reason=None,
        localized_reason=None,
        reason_code=None,
        comment=None,
        email_user_on_end=definition.user_emailing_enabled and wanted.email_user,
        notify_user_on_end=definition.user_notifications_enabled and wanted.notify_user,
        ended=not definition.temporal,
        end_event_sent=False,
        history=[],
        insert_instant=now,
    )
    stepped = new.with_step(
        now, wanted.actioner_user_id, wanted.comment, wanted.expiry if definition.temporal else None
    )
    return stepped.because(found.reason, languages).choosing(definition, wanted.option, languages)
