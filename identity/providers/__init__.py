"""The registry: every kind of identity provider this service speaks to, one line each."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from identity.providers.twitter.provider import Twitter
from identity.upstream import IdentityProvider, StartsLogins

STARTED = "code"
"""The member of `data` that names a login which began here (login contract 4.4)."""

PROVIDERS: Mapping[str, IdentityProvider] = {
    Twitter.wire_type: Twitter(),
}
"""By wire type."""

STARTERS: Mapping[str, StartsLogins] = {
    Twitter.wire_type: Twitter(),
}
"""Those whose logins can begin here, by wire type."""

FIXED_IDS: Mapping[UUID | None, IdentityProvider] = {
    implementation.fixed_id: implementation for implementation in PROVIDERS.values()
}
"""Those of which there is one, by its id."""


def missing_data(implementation: IdentityProvider, data: Mapping[str, str]) -> list[str]:
    """The members of a login's `data` that this provider cannot do without, and that are absent or blank.

    The code of a login that began here stands for all of them.
    """
    if implementation.wire_type in STARTERS and data.get(STARTED, "").strip():
        return []
    return [name for name in implementation.required_data if not data.get(name, "").strip()]
