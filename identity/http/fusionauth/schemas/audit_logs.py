"""The wire form of audit-log entries, of a search for them and of their export. Source: supporting contract 18."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields

from identity.domain.bounds import LARGEST_DATA, data_problem
from identity.http.fusionauth.schemas.common import custom_data
from identity.store.audit import Criteria
from identity.wire import Id, Instant, Many, Part, Text, Whole, WireSchema

KINDS = ["array", "boolean", "integer", "number", "object", "string"]


class AnyJson(fields.Field[Any]):
    """Any JSON value of storable text, at most 256 KiB and 32 levels."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": KINDS}, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if (reason := data_problem({"value": value}, largest=LARGEST_DATA)) is not None:
            raise ValidationError(reason)
        return value


class AuditLogSchema(WireSchema):
    data = custom_data()
    id = Whole(dump_only=True)
    insert_instant = Instant(dump_only=True)
    insert_user = Text(required=True, blank=False, limit=255)
    message = Text(required=True, blank=False)
    new_value = AnyJson()
    old_value = AnyJson()
    reason = Text()
    tenant_id = Id()


class AuditLogRequest(WireSchema):
    audit_log = Part(AuditLogSchema, required=True)


class AuditLogResponse(WireSchema):
    audit_log = Part(AuditLogSchema)


class AuditCriteriaSchema(WireSchema):
    end = Instant()
    message = Text()
    new_value = Text()
    old_value = Text()
    reason = Text()
    start = Instant()
    tenant_id = Id()
    user = Text()


class AuditPageSchema(AuditCriteriaSchema):
    number_of_results = Whole(least=0, most=10_000, load_default=25)
    order_by = Text(limit=100)
    start_row = Whole(least=0, most=10_000, load_default=0)


class AuditSearchRequest(WireSchema):
    search = Part(AuditPageSchema)


class AuditSearchResponse(WireSchema):
    audit_logs = Many(fields.Nested(AuditLogSchema))
    total = Whole()


class AuditExportRequest(WireSchema):
    criteria = Part(AuditCriteriaSchema)
    date_time_seconds_format = Text(limit=100)
    zone_id = Text(limit=100)


def audit_criteria(loaded: Mapping[str, Any]) -> Criteria:
    """What an AuditCriteriaSchema has loaded, as the store takes it."""
    tenant_id: UUID | None = loaded.get("tenant_id")
    texts = ("message", "user", "reason", "old_value", "new_value")
    return Criteria(
        start=loaded.get("start"),
        end=loaded.get("end"),
        tenant_id=tenant_id,
        **{name: loaded.get(name) for name in texts},
    )
