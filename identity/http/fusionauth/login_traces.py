"""Login traces: why a login ended as it did, by the id that its answer names. Our own addition to FusionAuth's API."""

from __future__ import annotations

from typing import Any

from identity.domain.errors import NotFound
from identity.domain.trace import ID_LENGTH
from identity.http.fusionauth.criteria import criteria
from identity.http.fusionauth.routes import Call, Routes
from identity.http.fusionauth.schemas.login_traces import (
    LoginTraceSchema,
    TraceResponse,
    TraceSearchRequest,
    TraceSearchResponse,
)
from identity.store import login_traces

routes = Routes("Login traces", "The steps of each login attempt, and the rule that decided it.")
ENDPOINT = "/api/system/login-trace"
SEARCH = f"{ENDPOINT}/search"
QUERY = {
    "userId": "Attempts of this user.",
    "applicationId": "Attempts to log in to this application.",
    "door": "Where they came in, such as `complete login`.",
    "status": "How they were answered: the HTTP status.",
    "start": "The earliest instant, epoch milliseconds.",
    "end": "The latest instant, epoch milliseconds.",
    "numberOfResults": "How many at the most; 25 unless given.",
    "startRow": "How many to pass over.",
}


@routes.get(f"{ENDPOINT}/<trace>", endpoint=ENDPOINT, gives=TraceResponse)
def retrieve_login_trace(call: Call, trace: str) -> dict[str, Any]:
    """One trace, by what the header X-Identity-Trace of the login's answer said."""
    if not (len(trace) == ID_LENGTH and trace.isascii() and trace.isalnum()):
        raise NotFound
    call.services.traces.flush()
    with call.services.db.read() as conn:
        found = login_traces.find(conn, call.tenant_id, trace.upper())
    if found is None:
        raise NotFound
    return {"loginTrace": LoginTraceSchema().dump(found)}


@routes.get(SEARCH, endpoint=SEARCH, gives=TraceSearchResponse, query=QUERY)
def search_login_traces_by_query(call: Call) -> dict[str, Any]:
    """The traces that match the query's criteria, newest first."""
    return _found(call)


@routes.post(SEARCH, endpoint=SEARCH, takes=TraceSearchRequest, gives=TraceSearchResponse)
def search_login_traces(call: Call) -> dict[str, Any]:
    """The traces that match the criteria under `search`, newest first."""
    return _found(call)


def _found(call: Call) -> dict[str, Any]:
    wanted = criteria(call, TraceSearchRequest())
    call.services.traces.flush()
    with call.services.db.read() as conn:
        found, total = login_traces.search(
            conn,
            login_traces.Criteria(
                tenant=call.tenant_id,
                user=wanted.get("user_id"),
                application=wanted.get("application_id"),
                door=wanted.get("door"),
                status=wanted.get("status"),
                start=wanted.get("start"),
                end=wanted.get("end"),
                number_of_results=wanted["number_of_results"],
                start_row=wanted["start_row"],
            ),
        )
    return {"loginTraces": LoginTraceSchema(many=True).dump(found), "total": total}
