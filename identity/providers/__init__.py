"""The registry: every kind of identity provider this service speaks to, one line each."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from identity.providers.facebook.provider import Facebook
from identity.providers.twitter.provider import Twitter
from identity.upstream import IdentityProvider, StartsLogins

STARTED = "code"
"""The member of `data` that names a login which began here (login contract 4.4)."""

PROVIDERS: Mapping[str, IdentityProvider] = {
    Twitter.wire_type: Twitter(),
    Facebook.wire_type: Facebook(),
}
"""By wire type."""

STARTERS: Mapping[str, StartsLogins] = {
    wire_type: implementation
    for wire_type, implementation in PROVIDERS.items()
    if isinstance(implementation, StartsLogins)
}
"""Those whose logins can begin here, by wire type."""

FIXED_IDS: Mapping[UUID | None, IdentityProvider] = {
    implementation.fixed_id: implementation for implementation in PROVIDERS.values()
}
"""Those of which there is one, by its id."""


def started_code(implementation: IdentityProvider, data: Mapping[str, str]) -> str | None:
    """The code of a login that began here, if `data` names one.

    It stands for all that the provider needs. A provider's own code comes with all the rest of that.
    """
    code = data.get(STARTED, "").strip()
    if not code or implementation.wire_type not in STARTERS:
        return None
    return None if implementation.has_codes and not implementation.missing(data) else code


def missing_data(implementation: IdentityProvider, data: Mapping[str, str]) -> list[str]:
    """The members of a login's `data` that are absent or blank, and that no code of a login begun here replaces."""
    return [] if started_code(implementation, data) else implementation.missing(data)
