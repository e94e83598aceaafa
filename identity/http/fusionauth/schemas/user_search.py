"""Criteria and answers of the user search, and the list of recent logins, on the wire."""

from __future__ import annotations

from marshmallow.fields import Nested

from identity.http.fusionauth.schemas.users import UserSchema
from identity.wire import Flag, Id, Instant, Many, Part, Text, Whole, WireSchema


class SortFieldSchema(WireSchema):
    missing = Text(load_default="_last")
    name = Text(required=True, blank=False)
    order = Text(load_default="asc")


class UserSearchSchema(WireSchema):
    """The criteria of a user search, `search` in a POST body and the query of a GET."""

    accurate_total = Flag(load_default=False)
    ids = Many(Id(), load_default=list)
    next_results = Text(limit=20_000, load_default=None)
    number_of_results = Whole(least=1, most=10_000, load_default=None)
    query = Text(load_default=None)
    query_string = Text(load_default=None)
    sort_fields = Many(Nested(SortFieldSchema), most=10, load_default=list)
    start_row = Whole(least=0, most=10_000, load_default=0)


class UserSearchRequestSchema(WireSchema):
    search = Part(UserSearchSchema)


class UserSearchAnswerSchema(WireSchema):
    next_results = Text()
    total = Whole()
    users = Many(Nested(UserSchema))


class RecentLoginSchema(WireSchema):
    application_id = Id()
    application_name = Text()
    instant = Instant()
    ip_address = Text()
    login_id = Text()
    login_id_type = Text()
    user_id = Id()


class RecentLoginAnswerSchema(WireSchema):
    logins = Many(Nested(RecentLoginSchema))
