"""The wire form of login records, of a search for them and of their export. Source: supporting contract 16."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow.fields import Nested

from identity.http.fusionauth.schemas.user_search import RecentLoginSchema
from identity.store.login_record_search import Criteria
from identity.wire import Flag, Id, Instant, Many, Part, Text, Whole, WireSchema

DEEPEST_ROW = 10_000
MOST_RESULTS = 10_000


class RecordCriteriaSchema(WireSchema):
    application_id = Id()
    user_id = Id()
    start = Instant()
    end = Instant()


class RecordPageSchema(RecordCriteriaSchema):
    number_of_results = Whole(least=0, most=MOST_RESULTS, load_default=25)
    start_row = Whole(least=0, most=DEEPEST_ROW, load_default=0)


class RecordSearchSchema(WireSchema):
    search = Part(RecordPageSchema)
    retrieve_total = Flag(load_default=False)


class RecordExportSchema(WireSchema):
    criteria = Part(RecordCriteriaSchema)
    date_time_seconds_format = Text(limit=100)
    zone_id = Text(limit=100)


class RecordSearchAnswerSchema(WireSchema):
    logins = Many(Nested(RecentLoginSchema))
    total = Whole()


def record_criteria(loaded: Mapping[str, Any], tenant_id: UUID | None) -> Criteria:
    """What a RecordCriteriaSchema has loaded, as the store takes it."""
    names = ("application_id", "user_id", "start", "end")
    return Criteria(tenant_id=tenant_id, **{name: loaded.get(name) for name in names})
