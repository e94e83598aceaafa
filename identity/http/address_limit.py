"""Failed logins, and logins begun at a provider, per client address (decision 21).

The address is the one that decides: the peer, or the right-most hop that is no proxy of ours (T17).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Request

from identity.domain.errors import WrongCode
from identity.domain.outcome import LoginOutcome, Verdict
from identity.flows.login import rate_limits
from identity.flows.login.rate_limits import Limit
from identity.flows.services import Services
from identity.http.client_address import deciding_address

FAILURES = frozenset({Verdict.REFUSED, Verdict.NOT_FOUND, Verdict.WRONG_CODE, Verdict.LOCKED})
"""Outcomes that somebody gets who guesses."""

Found = TypeVar("Found")


def limiting_failed_logins(services: Services, request: Request, log_in: Callable[[], Found]) -> Found:
    """What the login comes to, unless this address has failed too often. Raises TooManyRequests."""
    limit = failures_limit(services, request)
    rate_limits.refuse_if_spent(services, limit)
    found = log_in()
    if isinstance(found, LoginOutcome) and found.verdict in FAILURES:
        rate_limits.spend(services, limit)
    return found


def limiting_wrong_codes(services: Services, request: Request, answer: Callable[[], str]) -> str:
    """The same for a code that is no part of a login. Raises TooManyRequests, and what `answer` raises."""
    limit = failures_limit(services, request)
    rate_limits.refuse_if_spent(services, limit)
    try:
        return answer()
    except WrongCode:
        rate_limits.spend(services, limit)
        raise


def spend_start(services: Services, request: Request) -> None:
    """Count a login that is begun: each costs a call to the provider. Raises TooManyRequests."""
    rate_limits.spend(services, rate_limits.start_limit(services, _address(services, request)))


def failures_limit(services: Services, request: Request) -> Limit | None:
    return rate_limits.address_limit(services, _address(services, request))


def _address(services: Services, request: Request) -> str | None:
    return deciding_address(request, services.settings.proxies)
