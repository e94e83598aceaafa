"""What became of the events that webhooks were to hear of. Source: supporting contract 17.2."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound
from identity.http.fusionauth.criteria import CRITERIA, criteria, page_of, refusing_unknown_order
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.webhooks import (
    ToldAttemptResponse,
    ToldEventResponse,
    ToldEventSearchRequest,
    ToldEventSearchResponse,
    attempt_wire,
    event_log_wire,
)
from identity.store import webhook_logs

EVENTS = "/api/system/webhook-event-log"
ATTEMPTS = "/api/system/webhook-attempt-log"
SEARCH = f"{EVENTS}/search"
QUERY = {
    **{name: text for name, text in CRITERIA.items() if name != "name"},
    "end": "The latest instant, epoch milliseconds.",
    "event": "A part of the event's JSON; * stands for anything",
    "eventResult": "Running, Succeeded or Failed.",
    "eventType": "Events of this type only.",
    "start": "The earliest instant, epoch milliseconds.",
}

routes = Routes("Webhook logs", "Which events webhooks were told of, and what they answered.")


@routes.get(f"{EVENTS}/<event_id>", endpoint=EVENTS, scope=Scope.GLOBAL, gives=ToldEventResponse)
def retrieve_webhook_event_log(call: Call, event_id: UUID) -> dict[str, Any]:
    """One event with its attempts."""
    with call.services.db.read() as conn:
        found = webhook_logs.find(conn, event_id)
        if found is None:
            raise NotFound
        return {"webhookEventLog": event_log_wire(found, webhook_logs.attempts_of(conn, event_id))}


@routes.get(f"{ATTEMPTS}/<attempt_id>", endpoint=ATTEMPTS, scope=Scope.GLOBAL, gives=ToldAttemptResponse)
def retrieve_webhook_attempt_log(call: Call, attempt_id: UUID) -> dict[str, Any]:
    """One attempt to tell one webhook."""
    with call.services.db.read() as conn:
        found = webhook_logs.find_attempt(conn, attempt_id)
    if found is None:
        raise NotFound
    return {"webhookAttemptLog": attempt_wire(found)}


@routes.get(SEARCH, endpoint=SEARCH, scope=Scope.GLOBAL, gives=ToldEventSearchResponse, query=QUERY)
def search_webhook_event_logs_by_query(call: Call) -> dict[str, Any]:
    """The events that match the query's criteria, the latest first."""
    return _search(call)


@routes.post(SEARCH, endpoint=SEARCH, scope=Scope.GLOBAL, takes=ToldEventSearchRequest, gives=ToldEventSearchResponse)
def search_webhook_event_logs(call: Call) -> dict[str, Any]:
    """The events that match the criteria under `search`, the latest first."""
    return _search(call)


def _search(call: Call) -> dict[str, Any]:
    wanted = criteria(call, ToldEventSearchRequest())
    sought = webhook_logs.Criteria(
        start=wanted.get("start"),
        end=wanted.get("end"),
        event=wanted.get("event"),
        event_type=wanted.get("event_type"),
        event_result=wanted.get("event_result"),
    )
    with refusing_unknown_order(), call.services.db.read() as conn:
        found, total = webhook_logs.search(conn, page_of(wanted), sought)
    return {"webhookEventLogs": [event_log_wire(each) for each in found], "total": total}
