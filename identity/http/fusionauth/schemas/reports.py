"""The wire form of reports. Source: supporting contract 16 and 20; names of FusionAuth's OpenAPI document."""

from __future__ import annotations

from marshmallow import fields

from identity.wire import IdMap, Many, Whole, WireSchema


class CountSchema(WireSchema):
    count = Whole()
    interval = Whole()


class HourlyReport(WireSchema):
    hourly_counts = Many(fields.Nested(CountSchema))
    total = Whole()


class DailyReport(WireSchema):
    daily_active_users = Many(fields.Nested(CountSchema))
    total = Whole()


class MonthlyReport(WireSchema):
    monthly_active_users = Many(fields.Nested(CountSchema))
    total = Whole()


class ApplicationTotals(WireSchema):
    logins = Whole()
    registrations = Whole()
    total_registrations = Whole()


class TotalsReport(WireSchema):
    application_totals = IdMap(ApplicationTotals)
    global_registrations = Whole()
    total_global_registrations = Whole()
