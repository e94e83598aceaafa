"""What the operator sees of each request: its correlation id, one line in the log, and numbers.

A line names the route, never the path or the query: those may hold ids that grant something.
"""

from __future__ import annotations

import logging

from flask import Flask, Response, g, request

from identity import logs
from identity.flows.services import Services
from identity.http.limits import REQUEST_ID, VERBS
from identity.http.metrics import Metrics
from identity.http.tracing import TRACE_ID

log = logging.getLogger("identity.request")


def observe(app: Flask, services: Services, metrics: Metrics) -> None:
    """To be registered before whatever may end a request early, and so told of its answer last."""
    monotonic, new_id = services.runtime.monotonic, services.runtime.new_id

    def begin() -> None:
        """An id for the log: the caller's own if it is a sane one, else a fresh one."""
        given = request.headers.get(REQUEST_ID, "")
        sane = 8 <= len(given) <= 64 and given.replace("-", "").isalnum() and given.isascii()
        g.request_id = given if sane else new_id().hex
        g.began = monotonic()
        logs.request_id.set(g.request_id)

    def end(response: Response) -> Response:
        response.headers[REQUEST_ID] = g.request_id
        now = monotonic()
        _count(metrics, response, now - g.began)
        if metrics.wants_pool(now):
            metrics.pool(*services.db.pool_state())
        if log.isEnabledFor(logging.INFO):
            log.info("request", extra={logs.FIELDS: _line(response, now - g.began)})
        return response

    def forget(_: BaseException | None) -> None:
        logs.request_id.set(None)

    app.before_request(begin)
    app.after_request(end)
    app.teardown_request(forget)


def _count(metrics: Metrics, response: Response, seconds: float) -> None:
    rule = request.url_rule
    method = request.method if request.method in VERBS else "other"  # a caller may make up any number of them
    metrics.answered(method, rule.rule if rule else "-", response.status_code, seconds)
    if "trace" in g:
        metrics.login(g.trace.door, g.get("verdict", response.status_code))


def _line(response: Response, seconds: float) -> dict[str, str | int | float]:
    rule = request.url_rule
    line: dict[str, str | int | float] = {
        "method": request.method,
        "route": rule.rule if rule else "-",
        "status": response.status_code,
        "milliseconds": round(seconds * 1000, 1),
    }
    if TRACE_ID in response.headers:
        line["trace"] = response.headers[TRACE_ID]
    return line
