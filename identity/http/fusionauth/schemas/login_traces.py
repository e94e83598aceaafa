"""The wire form of login traces and of a search for them; our own addition to FusionAuth's API."""

from __future__ import annotations

from marshmallow import fields

from identity.domain.outcome import Door
from identity.domain.trace import LONGEST_STEP
from identity.wire import Id, Instant, Many, OneOf, Part, Text, Whole, WireSchema

DOORS = tuple(sorted(door.value for door in Door))


class TraceStepSchema(WireSchema):
    milliseconds = Whole(attribute="instant", least=0)
    """Since the login began."""
    text = Text(limit=LONGEST_STEP)
    rule = Text()


class LoginTraceSchema(WireSchema):
    id = Text()
    instant = Instant()
    door = OneOf(DOORS)
    status = Whole()
    rule = Text()
    milliseconds = Whole(least=0)
    tenant_id = Id()
    application_id = Id()
    identity_provider_id = Id()
    user_id = Id()
    steps = Many(fields.Nested(TraceStepSchema))


class TraceCriteriaSchema(WireSchema):
    user_id = Id()
    application_id = Id()
    door = OneOf(DOORS)
    status = Whole(least=100, most=599)
    start = Instant()
    end = Instant()
    number_of_results = Whole(least=0, most=10_000, load_default=25)
    start_row = Whole(least=0, most=10_000, load_default=0)


class TraceSearchRequest(WireSchema):
    search = Part(TraceCriteriaSchema)


class TraceResponse(WireSchema):
    login_trace = Part(LoginTraceSchema)


class TraceSearchResponse(WireSchema):
    login_traces = Many(fields.Nested(LoginTraceSchema))
    total = Whole()
