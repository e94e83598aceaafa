"""Groups and memberships on the wire. Source: supporting contract 7."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields

from identity.http.fusionauth.schemas.applications import ApplicationRole
from identity.http.fusionauth.schemas.common import SearchCriteria, custom_data, whole
from identity.wire import Id, IdMap, Instant, Many, Part, Text, Whole, WireSchema, parse_uuid


class GroupSchema(WireSchema):
    data = custom_data()
    id = Id(dump_only=True)
    insert_instant = Instant(dump_only=True)
    last_update_instant = Instant(dump_only=True)
    name = Text(required=True, blank=False, limit=191)
    roles = IdMap(ApplicationRole, many=True, dump_only=True)
    tenant_id = Id(dump_only=True)


class GroupRequest(WireSchema):
    group = Part(GroupSchema, required=True)
    role_ids = Many(Id(), load_default=list)


class GroupAnswer(WireSchema):
    group = fields.Nested(GroupSchema)


class GroupsAnswer(WireSchema):
    groups = Many(fields.Nested(GroupSchema))


class GroupCriteria(SearchCriteria):
    tenant_id = Id()


class GroupSearchRequest(WireSchema):
    search = Part(GroupCriteria)


class GroupSearchAnswer(WireSchema):
    groups = Many(fields.Nested(GroupSchema))
    total = Whole()


class MemberSchema(WireSchema):
    data = custom_data()
    group_id = Id(dump_only=True)
    id = Id(load_default=None)
    insert_instant = Instant(dump_only=True)
    user_id = Id(required=True)


class MembersEnvelope(WireSchema):
    """The members to be, or as they now are, by group."""

    members = IdMap(MemberSchema, many=True, required=True)


class IdsByGroup(fields.Dict):
    """A JSON object of arrays of UUIDs, keyed by UUIDs."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[Any, Any]:
        if not isinstance(value, dict):
            raise ValidationError("invalidJSON")
        loaded: dict[UUID, list[UUID]] = {}
        for key, entries in value.items():
            group_id = parse_uuid(key)
            listed = entries if isinstance(entries, list) else [None]
            ids = [parse_uuid(each) if isinstance(each, str) else None for each in listed]
            if group_id is None or None in ids:
                raise ValidationError({f"[{key}]": ["invalidJSON"]})
            loaded[group_id] = [each for each in ids if each is not None]
        return loaded


class MemberDeleteRequest(WireSchema):
    member_ids = Many(Id(), load_default=list)
    members = IdsByGroup(load_default=dict)


class MemberCriteria(WireSchema):
    group_id = Id()
    number_of_results = whole(25, least=0, most=10_000)
    order_by = Text(limit=100)
    start_row = whole(0, least=0, most=10_000)
    tenant_id = Id()
    user_id = Id()


class MemberSearchRequest(WireSchema):
    search = Part(MemberCriteria)


class MemberSearchAnswer(WireSchema):
    members = Many(fields.Nested(MemberSchema))
    total = Whole()
