"""Deleting many users at once, on the wire."""

from __future__ import annotations

from identity.flows.users.user_status import MOST_AT_ONCE
from identity.wire import Flag, Id, Many, Text, Whole, WireSchema


class UserBulkDeleteSchema(WireSchema):
    dry_run = Flag(load_default=False)
    hard_delete = Flag(load_default=False)
    limit = Whole(least=1, most=MOST_AT_ONCE, load_default=MOST_AT_ONCE)
    query = Text(load_default=None)
    query_string = Text(load_default=None)
    user_ids = Many(Id(), most=MOST_AT_ONCE, load_default=list)


class UsersDeletedSchema(WireSchema):
    dry_run = Flag()
    hard_delete = Flag()
    total = Whole()
    user_ids = Many(Id())
