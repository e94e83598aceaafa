"""The event log: read and searched with a key that is not locked to a tenant. Source: login contract 8.2."""

from __future__ import annotations

from typing import Any

from identity.domain.errors import NotFound, invalid_field
from identity.http.fusionauth.criteria import criteria
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.event_logs import (
    EventLogResponseSchema,
    EventLogSchema,
    SearchRequestSchema,
    SearchResponseSchema,
    criteria_from,
)
from identity.store import event_log
from identity.wire import MAXIMUM_INSTANT

routes = Routes("Event log", "What providers, lambdas and limits had to say.")
SEARCH = "/api/system/event-log/search"
QUERY = {
    "start": "The earliest instant, epoch milliseconds.",
    "end": "The latest instant, epoch milliseconds.",
    "message": "A part of the message; * stands for anything.",
    "type": "Information, Debug or Error.",
    "orderBy": "insertInstant, message or type, each with ASC or DESC.",
    "numberOfResults": "How many at the most; 25 unless given.",
    "startRow": "How many to pass over.",
}


@routes.get(
    "/api/system/event-log/<entry>",
    endpoint="/api/system/event-log",
    scope=Scope.GLOBAL,
    gives=EventLogResponseSchema,
)
def retrieve_event_log(call: Call, entry: str) -> dict[str, Any]:
    """One entry by its number."""
    if not (entry.isascii() and entry.isdigit()):
        raise invalid_field("eventLogId", "couldNotConvert")
    with call.services.db.read() as conn:
        found = event_log.find(conn, int(entry)) if len(entry) < len(str(MAXIMUM_INSTANT)) else None
    if found is None:
        raise NotFound
    return {"eventLog": EventLogSchema().dump(found)}


@routes.get(SEARCH, endpoint=SEARCH, scope=Scope.GLOBAL, gives=SearchResponseSchema, query=QUERY)
def search_event_logs_by_query(call: Call) -> dict[str, Any]:
    """The entries that match the query's criteria."""
    return _found(call)


@routes.post(SEARCH, endpoint=SEARCH, scope=Scope.GLOBAL, takes=SearchRequestSchema, gives=SearchResponseSchema)
def search_event_logs(call: Call) -> dict[str, Any]:
    """The entries that match the criteria under `search`."""
    return _found(call)


def _found(call: Call) -> dict[str, Any]:
    loaded = criteria(call, SearchRequestSchema())
    with call.services.db.read() as conn:
        entries, total = event_log.search(conn, criteria_from(loaded))
    return {"eventLogs": EventLogSchema(many=True).dump(entries), "total": total}
