"""/api/system/audit-log: entries by hand, one by its number, search and export. Source: supporting contract 18."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response

from identity.domain.errors import NotFound, invalid_field
from identity.domain.java_dates import DEFAULT_PATTERN, BadPattern, formatter, zone
from identity.http.csv_export import ZIP, zipped_csv
from identity.http.fusionauth.criteria import criteria, page_of, refusing_unknown_order
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.audit_logs import (
    AuditExportRequest,
    AuditLogRequest,
    AuditLogResponse,
    AuditLogSchema,
    AuditSearchRequest,
    AuditSearchResponse,
    audit_criteria,
)
from identity.store import audit
from identity.wire import MAXIMUM_INSTANT

routes = Routes("Audit log", "Who changed what.")
ENDPOINT = "/api/system/audit-log"
SEARCH = f"{ENDPOINT}/search"
EXPORT = f"{ENDPOINT}/export"
SCHEMA = AuditLogSchema()
HEADER = ("id", "time", "instant", "user", "message", "reason", "data", "oldValue", "newValue", "tenantId")
CRITERIA = {
    "start": "The earliest instant, epoch milliseconds.",
    "end": "The latest instant, epoch milliseconds.",
    "message": "A part of the message; * stands for anything.",
    "user": "A part of the user; * stands for anything.",
    "reason": "A part of the reason; * stands for anything.",
    "oldValue": "A part of the old value; * stands for anything.",
    "newValue": "A part of the new value; * stands for anything.",
    "tenantId": "Entries about this tenant.",
}
PAGE = {
    "orderBy": "insertInstant, insertUser or message, each with ASC or DESC.",
    "numberOfResults": "How many at the most; 25 unless given.",
    "startRow": "How many to pass over.",
}
FORMAT = {
    "dateTimeSecondsFormat": f"A pattern of DateTimeFormatter; {DEFAULT_PATTERN} unless given.",
    "zoneId": "The time zone of the times; that of reports unless given.",
}


@routes.post(ENDPOINT, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=AuditLogRequest, gives=AuditLogResponse)
def create_audit_log(call: Call) -> dict[str, Any]:
    """Add an entry by hand."""
    values = dict(call.load(AuditLogRequest())["audit_log"])
    with call.services.db.transaction() as conn:
        entry_id = audit.add(conn, call.now, values.pop("insert_user"), values.pop("message"), **values)
        entry = audit.find(conn, entry_id)
    return {"auditLog": SCHEMA.dump(entry)}


@routes.get(f"{ENDPOINT}/<entry>", endpoint=ENDPOINT, scope=Scope.GLOBAL, gives=AuditLogResponse)
def retrieve_audit_log(call: Call, entry: str) -> dict[str, Any]:
    """One entry by its number."""
    if not (entry.isascii() and entry.isdigit()):
        raise invalid_field("auditLogId", "couldNotConvert")
    with call.services.db.read() as conn:
        found = audit.find(conn, int(entry)) if len(entry) < len(str(MAXIMUM_INSTANT)) else None
    if found is None:
        raise NotFound
    return {"auditLog": SCHEMA.dump(found)}


@routes.get(SEARCH, endpoint=SEARCH, scope=Scope.GLOBAL, gives=AuditSearchResponse, query=CRITERIA | PAGE)
def search_audit_logs_by_query(call: Call) -> dict[str, Any]:
    """The entries that match the query's criteria."""
    return _found(call)


@routes.post(SEARCH, endpoint=SEARCH, scope=Scope.GLOBAL, takes=AuditSearchRequest, gives=AuditSearchResponse)
def search_audit_logs(call: Call) -> dict[str, Any]:
    """The entries that match the criteria under `search`."""
    return _found(call)


@routes.get(EXPORT, endpoint=EXPORT, scope=Scope.GLOBAL, gives=ZIP, query=CRITERIA | FORMAT)
def export_audit_logs_by_query(call: Call) -> Response:
    """All entries that match the query's criteria: a zip file with a CSV file in it, oldest first."""
    instants = {"start", "end"}
    chosen = {name: call.whole(name) if name in instants else call.text(name) for name in CRITERIA}
    return _exported(call, {"criteria": chosen, **{name: call.text(name) for name in FORMAT}})


@routes.post(EXPORT, endpoint=EXPORT, scope=Scope.GLOBAL, takes=AuditExportRequest, gives=ZIP)
def export_audit_logs(call: Call) -> Response:
    """All entries that match the criteria: a zip file with a CSV file in it, oldest first."""
    return _exported(call, call.json())


def _found(call: Call) -> dict[str, Any]:
    wanted = criteria(call, AuditSearchRequest())
    with refusing_unknown_order(), call.services.db.read() as conn:
        found, total = audit.search(conn, audit_criteria(wanted), page_of(wanted))
    return {"auditLogs": [SCHEMA.dump(entry) for entry in found], "total": total}


def _exported(call: Call, document: dict[str, Any]) -> Response:
    loaded = AuditExportRequest().load(document)
    where = zone(loaded.get("zone_id") or call.services.system.current().report_timezone)
    if where is None:
        raise invalid_field("zoneId", "invalid")
    try:
        time_of = formatter(loaded.get("date_time_seconds_format") or DEFAULT_PATTERN, where)
    except BadPattern as error:
        raise invalid_field("dateTimeSecondsFormat", "invalid") from error
    with call.services.db.read() as conn:
        rows = (
            (entry.id, time_of(entry.insert_instant), entry.insert_instant, entry.insert_user, entry.message,
             entry.reason, _text(entry.data or None), _text(entry.old_value), _text(entry.new_value), entry.tenant_id)
            for entry in audit.every(conn, audit_criteria(loaded["criteria"]))
        )  # fmt: skip
        return zipped_csv("audit_logs", HEADER, rows)


def _text(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()
