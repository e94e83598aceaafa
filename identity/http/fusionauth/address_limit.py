"""What of this front end is counted per client address: calls without a key (decision 21)."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response

from identity.flows.login import rate_limits
from identity.http import address_limit, api_key
from identity.http.fusionauth.routes import Call

LIMITED = {429: "Too many failed logins; Retry-After says when to try again."}
"""What a limited door may answer, for the OpenAPI document."""

FAILURES = frozenset(verdict.value for verdict in address_limit.FAILURES)


def limiting_failures(call: Call, answer: Callable[[], Response]) -> Response:
    """The answer, unless this address has failed too often. Raises TooManyRequests."""
    if _is_free(call):
        return answer()
    limit = address_limit.failures_limit(call.services, call.request)
    rate_limits.refuse_if_spent(call.services, limit)
    response = answer()
    if response.status_code in FAILURES:
        rate_limits.spend(call.services, limit)
    return response


def spend_start(call: Call) -> None:
    """Count a login that is begun. Raises TooManyRequests."""
    if not _is_free(call):
        address_limit.spend_start(call.services, call.request)


def _is_free(call: Call) -> bool:
    return not call.services.settings.login.rate_limit or _has_key(call)


def _has_key(call: Call) -> bool:
    if "Authorization" not in call.request.headers:
        return False
    with call.services.db.read() as conn:
        return api_key.find_caller(conn, call.request, call.now) is not None
