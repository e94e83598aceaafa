"""Failed password grants per client address, counted with those of the password door (decision 21)."""

from __future__ import annotations

from collections.abc import Callable

from identity.domain.outcome import LoginOutcome, Verdict
from identity.flows.login import rate_limits
from identity.flows.oauth.tokens import OAuthTokens
from identity.http.client_address import deciding_address
from identity.http.oauth.requests import OAuthRequest

FAILURES = frozenset({Verdict.REFUSED, Verdict.NOT_FOUND, Verdict.WRONG_CODE, Verdict.LOCKED})
"""Outcomes that somebody gets who guesses."""

Answer = OAuthTokens | LoginOutcome


def limiting_failures(request: OAuthRequest, answer: Callable[[], Answer]) -> Answer:
    """The answer, unless this address has failed too often. Raises TooManyRequests."""
    services = request.services
    limit = rate_limits.address_limit(services, deciding_address(request.source, services.settings.proxies))
    rate_limits.refuse_if_spent(services, limit)
    found = answer()
    if isinstance(found, LoginOutcome) and found.verdict in FAILURES:
        rate_limits.spend(services, limit)
    return found
