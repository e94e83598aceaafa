"""Wire forms of user actions and of the reasons for them. Source: supporting contract 11.1."""

from __future__ import annotations

from marshmallow import fields

from identity.http.fusionauth.schemas.common import off, on, one_of
from identity.http.fusionauth.schemas.login import Strings
from identity.wire import Flag, Id, Instant, Many, Part, Text, WireSchema

NAME_LIMIT = 191
TRANSACTION_TYPES = ("None", "Any", "SimpleMajority", "SuperMajority", "AbsoluteMajority")


def localized() -> Strings:
    """Texts by language."""
    kind = {"type": "object", "additionalProperties": {"type": "string"}}
    return Strings(load_default=dict, metadata=kind)


class OptionSchema(WireSchema):
    localized_names = localized()
    name = Text(required=True, blank=False, limit=NAME_LIMIT)


class UserActionSchema(WireSchema):
    active = Flag(dump_only=True)
    cancel_email_template_id = Id(load_default=None)
    end_email_template_id = Id(load_default=None)
    id = Id(dump_only=True)
    include_email_in_event_json = Flag(load_default=False, data_key="includeEmailInEventJSON")
    insert_instant = Instant(dump_only=True)
    last_update_instant = Instant(dump_only=True)
    localized_names = localized()
    modify_email_template_id = Id(load_default=None)
    name = Text(required=True, blank=False, limit=NAME_LIMIT)
    options = Many(fields.Nested(OptionSchema), load_default=list, most=1_000)
    prevent_login = off()
    send_end_event = on()
    start_email_template_id = Id(load_default=None)
    temporal = off()
    transaction_type = one_of(*TRANSACTION_TYPES, default="None")
    user_emailing_enabled = off()
    user_notifications_enabled = off()


class UserActionRequest(WireSchema):
    user_action = Part(UserActionSchema)


class UserActionResponse(WireSchema):
    user_action = fields.Nested(UserActionSchema)
    user_actions = Many(fields.Nested(UserActionSchema))


class ReasonSchema(WireSchema):
    code = Text(required=True, blank=False, limit=NAME_LIMIT)
    id = Id(dump_only=True)
    insert_instant = Instant(dump_only=True)
    last_update_instant = Instant(dump_only=True)
    localized_texts = localized()
    text = Text(required=True, blank=False, limit=NAME_LIMIT)


class UserActionReasonRequest(WireSchema):
    user_action_reason = Part(ReasonSchema)


class UserActionReasonResponse(WireSchema):
    user_action_reason = fields.Nested(ReasonSchema)
    user_action_reasons = Many(fields.Nested(ReasonSchema))
