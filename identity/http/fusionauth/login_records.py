"""/api/system/login-record: search and export of login records. Source: supporting contract 16."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from identity.domain.errors import invalid_field
from identity.domain.java_dates import DEFAULT_PATTERN, BadPattern, formatter, zone
from identity.http.csv_export import ZIP, zipped_csv
from identity.http.fusionauth.criteria import criteria
from identity.http.fusionauth.routes import Call, Routes
from identity.http.fusionauth.schemas.login_records import (
    RecordExportSchema,
    RecordSearchAnswerSchema,
    RecordSearchSchema,
    record_criteria,
)
from identity.store import login_record_search
from identity.wire import WireSchema

SEARCH = "/api/system/login-record/search"
EXPORT = "/api/system/login-record/export"
HEADER = ("userId", "loginId", "loginIdType", "applicationId", "applicationName", "time", "instant", "ipAddress")
REQUEST: WireSchema = RecordSearchSchema()
EXPORT_REQUEST: WireSchema = RecordExportSchema()
ANSWER: WireSchema = RecordSearchAnswerSchema()

CRITERIA = {
    "applicationId": "Only logins to this application.",
    "userId": "Only this user's.",
    "start": "The earliest instant, epoch milliseconds.",
    "end": "The latest instant, epoch milliseconds.",
}
PAGE = {
    "numberOfResults": "How many at the most; 25 unless given.",
    "startRow": "How many to pass over.",
    "retrieveTotal": "true: also count all that match.",
}
FORMAT = {
    "dateTimeSecondsFormat": f"A pattern of DateTimeFormatter; {DEFAULT_PATTERN} unless given.",
    "zoneId": "The time zone of the times; UTC unless given.",
}
routes = Routes("Login records", "Who logged in, when, from where and how.")


@routes.get(SEARCH, endpoint=SEARCH, gives=RecordSearchAnswerSchema, query=CRITERIA | PAGE)
def search_login_records_by_query(call: Call) -> Any:
    """The records that match the query's criteria, newest first."""
    return _found(call, criteria(call, REQUEST), with_total=call.flag("retrieveTotal"))


@routes.post(SEARCH, endpoint=SEARCH, takes=RecordSearchSchema, gives=RecordSearchAnswerSchema)
def search_login_records(call: Call) -> Any:
    """The records that match the criteria under `search`, newest first."""
    loaded = call.load(REQUEST)
    return _found(call, loaded["search"], with_total=loaded["retrieve_total"])


@routes.get(EXPORT, endpoint=EXPORT, gives=ZIP, query=CRITERIA | FORMAT)
def export_login_records_by_query(call: Call) -> Response:
    """All records that match the query's criteria: a zip file with a CSV file in it, oldest first."""
    return _exported(call, {"criteria": _criteria_of_query(call), **{name: call.text(name) for name in FORMAT}})


@routes.post(EXPORT, endpoint=EXPORT, takes=RecordExportSchema, gives=ZIP)
def export_login_records(call: Call) -> Response:
    """All records that match the criteria: a zip file with a CSV file in it, oldest first."""
    return _exported(call, call.json())


def _found(call: Call, wanted: Mapping[str, Any], *, with_total: bool) -> Any:
    chosen = record_criteria(wanted, call.tenant_id)
    page = {"limit": wanted["number_of_results"], "offset": wanted["start_row"]}
    with call.services.db.read() as conn:
        answer: dict[str, Any] = {"logins": login_record_search.search(conn, chosen, **page)}
        if with_total:
            answer["total"] = login_record_search.count(conn, chosen)
    return ANSWER.dump(answer)


def _criteria_of_query(call: Call) -> dict[str, Any]:
    ids = {name: call.uuid(name) for name in ("applicationId", "userId")}
    return {name: value and str(value) for name, value in ids.items()} | {
        name: call.whole(name) for name in ("start", "end")
    }


def _exported(call: Call, document: dict[str, Any]) -> Response:
    loaded = EXPORT_REQUEST.load(document)
    where = zone(loaded.get("zone_id") or "UTC")
    if where is None:
        raise invalid_field("zoneId", "invalid")
    try:
        time_of = formatter(loaded.get("date_time_seconds_format") or DEFAULT_PATTERN, where)
    except BadPattern as error:
        raise invalid_field("dateTimeSecondsFormat", "invalid") from error
    chosen = record_criteria(loaded["criteria"], call.tenant_id)
    with call.services.db.read() as conn:
        rows = (
            (row.user_id, row.login_id, row.login_id_type, row.application_id, row.application_name,
             time_of(row.instant), row.instant, row.ip_address)
            for row in login_record_search.every(conn, chosen)
        )  # fmt: skip
        return zipped_csv("login_records", HEADER, rows)
