"""How flows reach a provider: by its own part of the settings, and where it sends browsers back to."""

from __future__ import annotations

from identity.domain.trace import Trace
from identity.flows.services import Services
from identity.providers import PROVIDERS
from identity.upstream import IdentityProvider, Outside, Reach

CALLBACK_PATH = "/oauth2/callback"
"""One for all providers. Source: login contract 4.2."""


def reach_of(services: Services, provider_type: str) -> Reach:
    """Where providers of this type are, by the operator's settings."""
    return PROVIDERS[provider_type].reach(services.settings)


def outside_of(services: Services, implementation: IdentityProvider, trace: Trace) -> Outside:
    """What this provider may use of the world in one login."""
    reach = implementation.reach(services.settings)
    return Outside(
        http=services.http,
        runtime=services.runtime,
        api_url=reach.api_url,
        trace=trace,
        budget=reach.budget,
        options=reach.options,
    )
