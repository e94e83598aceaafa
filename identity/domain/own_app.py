"""Whether a client that brings a provider's token knows the app it was issued to: this service's own, or none.

Nothing that a client says of an app is ever used in place of the configuration: it can only be the same or refused
(Rocket.Chat contract 6.4).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from identity.domain.model import ProviderValues


def is_own_app(said: Mapping[str, str], values: ProviderValues) -> bool:
    """Whether everything `said` is what is configured; how long the answer takes tells nothing about either."""
    others = [name for name, text in said.items() if not _is_same(text, values.get(name))]
    return not others


def _is_same(said: str, configured: object) -> bool:
    own = configured if isinstance(configured, str) else ""
    return hmac.compare_digest(_octets(said), _octets(own)) and own != ""


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
