"""The wire form of event-log entries and of a search for them. Source: login contract 8.1 and 8.2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from identity.store.event_log import COLUMNS, Criteria
from identity.wire import Instant, Many, OneOf, Part, Text, Whole, WireSchema

TYPES = ("Information", "Debug", "Error")
DEEPEST_ROW = 10_000
MOST_RESULTS = 10_000


class Order(fields.Field[tuple[tuple[str, bool], ...]]):
    """`column ASC|DESC`, several with commas; loads as pairs of column and whether it descends."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[tuple[str, bool], ...]:
        if not isinstance(value, str):
            raise ValidationError("invalidJSON")
        return tuple(_column(part) for part in value.split(","))


def _column(text: str) -> tuple[str, bool]:
    name, *direction = text.split() or [""]
    upper = [word.upper() for word in direction]
    if name not in COLUMNS or upper not in ([], ["ASC"], ["DESC"]):
        raise ValidationError("invalid")
    return name, upper == ["DESC"]


class EventLogSchema(WireSchema):
    id = Whole()
    insert_instant = Instant()
    message = Text()
    type = OneOf(TYPES)


class CriteriaSchema(WireSchema):
    start = Instant()
    end = Instant()
    message = Text()
    type = OneOf(TYPES)
    order_by = Order(
        load_default=(("insertInstant", True),), metadata={"type": "string", "default": "insertInstant DESC"}
    )
    number_of_results = Whole(least=0, most=MOST_RESULTS, load_default=25)
    start_row = Whole(least=0, most=DEEPEST_ROW, load_default=0)


class SearchRequestSchema(WireSchema):
    search = Part(CriteriaSchema)


class EventLogResponseSchema(WireSchema):
    event_log = Part(EventLogSchema)


class SearchResponseSchema(WireSchema):
    event_logs = Many(fields.Nested(EventLogSchema))
    total = Whole()


def criteria_from(loaded: Mapping[str, Any]) -> Criteria:
    """What a CriteriaSchema has loaded, as the store takes it."""
    return Criteria(
        start=loaded.get("start"),
        end=loaded.get("end"),
        message=loaded.get("message"),
        type=loaded.get("type"),
        order=loaded["order_by"],
        number_of_results=loaded["number_of_results"],
        start_row=loaded["start_row"],
    )
