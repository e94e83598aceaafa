"""Delete many users at once. Source: supporting contract 3.1; what may be searched for is that of the user search."""

from __future__ import annotations

from typing import Any

from identity.domain.errors import invalid_field
from identity.flows.users.user_status import MOST_AT_ONCE, BulkDelete, delete_users
from identity.http import body
from identity.http.fusionauth.routes import ABSENT, Call, Routes
from identity.http.fusionauth.schemas.user_deletion import UserBulkDeleteSchema, UsersDeletedSchema
from identity.http.fusionauth.user_search import term_of
from identity.wire import WireSchema

ENDPOINT = "/api/user/bulk"

REQUEST: WireSchema = UserBulkDeleteSchema()

routes = Routes("User deletion", "Deactivate or delete many users at once.")


@routes.delete(
    ENDPOINT,
    endpoint=ENDPOINT,
    takes=UserBulkDeleteSchema,
    gives=UsersDeletedSchema,
    statuses={504: "A transactional webhook refused; the users before it are done."},
    query={
        "userId": "The id of a user; repeat it.",
        "queryString": "Everybody whom the user search finds by it.",
        "dryRun": "true: only say who it would be.",
        "hardDelete": "true: remove the users for good instead of deactivating them.",
        "limit": "At most so many users, default 10,000.",
    },
)
def delete_many_users(call: Call) -> dict[str, Any]:
    """Deactivate users and end their sessions, or with hardDelete remove them and all that belongs to them."""
    asked = call.load(REQUEST) if body.has_body(call.request) else REQUEST.load(_of_query(call))
    if asked["query"] is not None:
        raise invalid_field("query", "invalid", "There is no search engine here: use queryString or userIds.")
    if not asked["user_ids"] and asked["query_string"] is None:
        raise invalid_field("userIds", "missing")
    wanted = BulkDelete(
        user_ids=asked["user_ids"],
        term=None if asked["user_ids"] else term_of(asked["query_string"], "queryString"),
        limit=asked["limit"],
        dry_run=asked["dry_run"],
        hard=asked["hard_delete"],
    )
    found = delete_users(call.services, call.tenant_id, wanted, call.actor, call.now)
    return {
        "dryRun": wanted.dry_run,
        "hardDelete": wanted.hard,
        "total": len(found),
        "userIds": [str(user_id) for user_id in found],
    }


def _of_query(call: Call) -> dict[str, Any]:
    """The query as the document that a body would hold."""
    limit = call.whole("limit")
    return {
        "dryRun": call.flag("dryRun"),
        "hardDelete": call.flag("hardDelete"),
        "limit": MOST_AT_ONCE if limit is None else limit,
        "query": call.text("query"),
        "queryString": call.text("queryString"),
        "userIds": [value for value in call.request.args.getlist("userId") if value not in ABSENT],
    }
