"""The registry: every kind of identity provider this service speaks to, one line each."""

from __future__ import annotations

from collections.abc import Mapping

from identity.providers.twitter.provider import Twitter
from identity.upstream import IdentityProvider

PROVIDERS: Mapping[str, IdentityProvider] = {
    Twitter.wire_type: Twitter(),
}
"""By wire type."""
