"""Wire forms of actions on users. Source: supporting contract 11.2."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from identity.domain.action_logs import ENDLESS, ActionLog
from identity.http.fusionauth.schemas.common import off
from identity.http.fusionauth.schemas.login import EventInfoSchema
from identity.http.fusionauth.schemas.user_actions import NAME_LIMIT
from identity.wire import Flag, Id, Instant, Many, Part, Text, WireSchema

MOST_APPLICATIONS = 1_000


class HistoryItemSchema(WireSchema):
    actioner_user_id = Id()
    comment = Text()
    create_instant = Instant()
    expiry = Instant()


class HistorySchema(WireSchema):
    history_items = Many(fields.Nested(HistoryItemSchema))


class ActionLogSchema(WireSchema):
    """An action as it is answered."""

    actionee_user_id = Id()
    actioner_user_id = Id()
    application_ids = Many(Id())
    comment = Text()
    email_user_on_end = Flag()
    end_event_sent = Flag()
    expiry = Instant()
    history = fields.Nested(HistorySchema)
    id = Id()
    insert_instant = Instant()
    localized_name = Text()
    localized_option = Text()
    localized_reason = Text()
    name = Text()
    notify_user_on_end = Flag()
    option = Text()
    reason = Text()
    reason_code = Text()
    user_action_id = Id()


class CancelSchema(WireSchema):
    """What ends an action."""

    actioner_user_id = Id(required=True)
    comment = Text()
    email_user = off()
    notify_user = off()


class ModifySchema(CancelSchema):
    """What changes an action; a member left out stays as it is."""

    expiry = Instant()
    option = Text(limit=NAME_LIMIT)
    reason_id = Id()


class TakeSchema(ModifySchema):
    """What takes an action."""

    actionee_user_id = Id(required=True)
    application_ids = Many(Id(), load_default=list, most=MOST_APPLICATIONS)
    user_action_id = Id(required=True)


class TakeRequest(WireSchema):
    action = Part(TakeSchema)
    broadcast = off()
    event_info = Part(EventInfoSchema)


class ModifyRequest(WireSchema):
    action = Part(ModifySchema)
    broadcast = off()
    event_info = Part(EventInfoSchema)


class CancelRequest(WireSchema):
    action = Part(CancelSchema)
    broadcast = off()
    event_info = Part(EventInfoSchema)


class ActionResponse(WireSchema):
    action = fields.Nested(ActionLogSchema)
    actions = Many(fields.Nested(ActionLogSchema))


_SCHEMA = ActionLogSchema()


def action_log_wire(log: ActionLog) -> dict[str, Any]:
    """The log as it is answered; an action without an end says so by the largest instant."""
    wire: dict[str, Any] = _SCHEMA.dump(log)
    items = [{**item, "expiry": _end(log, item["expiry"])} for item in log.history]
    wire["history"] = HistorySchema().dump({"history_items": items})
    if log.temporal:
        wire["expiry"] = _end(log, log.expiry)
    return wire


def _end(log: ActionLog, expiry: int | None) -> int | None:
    return ENDLESS if log.temporal and expiry is None else expiry


def end_of(expiry: int | None) -> int | None:
    """The instant at which an action ends; None when it was asked to hold until it is cancelled."""
    return None if expiry == ENDLESS else expiry
