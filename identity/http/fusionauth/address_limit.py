"""Failed logins, and logins begun at a provider, per client address: counted for callers without a key (decision 21).

The address is the one that decides: the peer, or the right-most hop that is no proxy of ours (T17).
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Request, Response

from identity.domain.errors import WrongCode
from identity.domain.outcome import LoginOutcome
from identity.flows.login import rate_limits
from identity.flows.login.rate_limits import Limit
from identity.flows.services import Services
from identity.http import api_key
from identity.http.client_address import deciding_address
from identity.http.fusionauth.routes import Call

FAILURES = frozenset({401, 404, 421, 423})
"""Answers that somebody gets who guesses."""

LIMITED = {429: "Too many failed logins; Retry-After says when to try again."}
"""What a limited door may answer, for the OpenAPI document."""


def limiting_failures(call: Call, answer: Callable[[], Response]) -> Response:
    """The answer, unless this address has failed too often. Raises TooManyRequests."""
    if _is_free(call):
        return answer()
    limit = _failures_limit(call.services, call.request)
    rate_limits.refuse_if_spent(call.services, limit)
    response = answer()
    if response.status_code in FAILURES:
        rate_limits.spend(call.services, limit)
    return response


def limiting_failed_logins(services: Services, request: Request, log_in: Callable[[], LoginOutcome]) -> LoginOutcome:
    """The same for a page, where nobody has a key: the outcome counts. Raises TooManyRequests."""
    limit = _failures_limit(services, request)
    rate_limits.refuse_if_spent(services, limit)
    outcome = log_in()
    if outcome.verdict.value in FAILURES:
        rate_limits.spend(services, limit)
    return outcome


def limiting_wrong_codes(services: Services, request: Request, answer: Callable[[], str]) -> str:
    """The same for a code that is no part of a login. Raises TooManyRequests, and what `answer` raises."""
    limit = _failures_limit(services, request)
    rate_limits.refuse_if_spent(services, limit)
    try:
        return answer()
    except WrongCode:
        rate_limits.spend(services, limit)
        raise


def spend_start(call: Call) -> None:
    """Count a login that is begun: each costs a call to the provider. Raises TooManyRequests."""
    if not _is_free(call):
        spend_start_from_page(call.services, call.request)


def spend_start_from_page(services: Services, request: Request) -> None:
    """The same for a page, where nobody has a key. Raises TooManyRequests."""
    rate_limits.spend(services, rate_limits.start_limit(services, _address(services, request)))


def _failures_limit(services: Services, request: Request) -> Limit | None:
    return rate_limits.address_limit(services, _address(services, request))


def _address(services: Services, request: Request) -> str | None:
    return deciding_address(request, services.settings.proxies)


def _is_free(call: Call) -> bool:
    return not call.services.settings.login.rate_limit or _has_key(call)


def _has_key(call: Call) -> bool:
    if "Authorization" not in call.request.headers:
        return False
    with call.services.db.read() as conn:
        return api_key.find_caller(conn, call.request, call.now) is not None
