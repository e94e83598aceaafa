"""/api/report: logins, active users, registrations and totals, from login records and users.

Removed users and pruned login records are not counted any more, so the "all time" totals count what there is.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from identity.domain.contact import canonical
from identity.domain.errors import NotFound, invalid_field
from identity.http.fusionauth.routes import Call, Routes
from identity.http.fusionauth.schemas.reports import DailyReport, HourlyReport, MonthlyReport, TotalsReport
from identity.store import logins, reports
from identity.store.reports import Count, Span

routes = Routes("Reports", "How many logged in and registered, by hour, day and month.")
LOGIN, DAILY, MONTHLY, REGISTRATION, TOTALS = (
    f"/api/report/{name}" for name in ("login", "daily-active-user", "monthly-active-user", "registration", "totals")
)
SPAN = {
    "start": "The first instant, epoch milliseconds; required.",
    "end": "The instant after the last one, epoch milliseconds; required.",
    "applicationId": "For this application only.",
}
WHO = {"userId": "Logins of this user.", "loginId": "Logins of the user with this e-mail address or username."}
LATEST = 32_503_680_000_000
"""The year 3000: PostgreSQL's own calendar reaches further than anybody's report."""


@routes.get(LOGIN, endpoint=LOGIN, gives=HourlyReport, query=SPAN | WHO, statuses={404: "There is no such user."})
def report_logins(call: Call) -> dict[str, Any]:
    """Logins by hour of the report time zone."""
    span = _span(call, _user(call))
    with call.services.db.read() as conn:
        return _report("hourlyCounts", reports.logins(conn, span))


@routes.get(DAILY, endpoint=DAILY, gives=DailyReport, query=SPAN)
def report_daily_active_users(call: Call) -> dict[str, Any]:
    """Different users who logged in, by day of the report time zone."""
    span = _span(call)
    with call.services.db.read() as conn:
        return _report("dailyActiveUsers", reports.active_users(conn, span, "day"))


@routes.get(MONTHLY, endpoint=MONTHLY, gives=MonthlyReport, query=SPAN)
def report_monthly_active_users(call: Call) -> dict[str, Any]:
    """Different users who logged in, by month of the report time zone."""
    span = _span(call)
    with call.services.db.read() as conn:
        return _report("monthlyActiveUsers", reports.active_users(conn, span, "month"))


@routes.get(REGISTRATION, endpoint=REGISTRATION, gives=HourlyReport, query=SPAN)
def report_registrations(call: Call) -> dict[str, Any]:
    """New registrations for the application by hour; without one, new users."""
    span = _span(call)
    with call.services.db.read() as conn:
        return _report("hourlyCounts", reports.registrations(conn, span))


@routes.get(TOTALS, endpoint=TOTALS, gives=TotalsReport)
def report_totals(call: Call) -> dict[str, Any]:
    """Logins and registrations of every application, and the number of users."""
    with call.services.db.read() as conn:
        applications, users = reports.totals(conn, call.tenant_id)
    return {
        "applicationTotals": {
            str(each.application_id): {
                "logins": each.logins,
                "registrations": each.registrations,
                "totalRegistrations": each.registrations,
            }
            for each in applications
        },
        "globalRegistrations": users,
        "totalGlobalRegistrations": users,
    }


def _span(call: Call, user_id: UUID | None = None) -> Span:
    """Raises Invalid."""
    instants = {name: call.whole(name) for name in ("start", "end")}
    for name, instant in instants.items():
        if instant is None:
            raise invalid_field(name, "missing")
        if not 0 <= instant <= LATEST:
            raise invalid_field(name, "invalid")
    start, end = (int(instant or 0) for instant in instants.values())
    zone = call.services.system.current().report_timezone
    return Span(start, end, zone, call.tenant_id, call.uuid("applicationId"), user_id)


def _user(call: Call) -> UUID | None:
    """The user that the login id or the id names; the login id wins. Raises NotFound."""
    login_id = call.text("loginId")
    if login_id is None:
        return call.uuid("userId")
    with call.services.db.read() as conn:
        for key in ("email", "username"):
            if found := logins.find_by_key(conn, call.tenant(), key, canonical(login_id)):
                return found.user.id
    raise NotFound


def _report(name: str, counts: list[Count]) -> dict[str, Any]:
    return {
        name: [{"interval": each.interval, "count": each.count} for each in counts],
        "total": sum(each.count for each in counts),
    }
