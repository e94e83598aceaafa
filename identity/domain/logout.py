"""Where a browser goes that has signed out, and which applications hear of it by way of that browser.

Source: supporting contract 21.3, docs/decisions/0020-sso-sessions.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from identity.domain.oauth import is_destination
from identity.domain.policy_source import source_of

REDIRECT_ONLY = "RedirectOnly"
MOST_FRAMES = 50
"""Applications that are told by one page; their origins go into a header of it."""


def named(settings: Mapping[str, Any]) -> str | None:
    """The logoutURL of an application or a tenant, if it is one that a browser can be sent to."""
    oauth: Mapping[str, Any] = settings.get("oauth_configuration") or {}
    url = oauth.get("logout_url") or settings.get("logout_url")
    return url if url and is_destination(url) else None


def is_allowed(settings: Mapping[str, Any], uri: str) -> bool:
    """Whether the application names exactly this address: as a redirect URL, or as its logoutURL."""
    oauth: Mapping[str, Any] = settings.get("oauth_configuration") or {}
    registered = (*(oauth.get("authorized_redirect_urls") or ()), oauth.get("logout_url"))
    return uri in registered and is_destination(uri)


def tells_everybody(settings: Mapping[str, Any]) -> bool:
    """logoutBehavior of the application that signs somebody out."""
    oauth: Mapping[str, Any] = settings.get("oauth_configuration") or {}
    return bool(oauth.get("logout_behavior") != REDIRECT_ONLY)


def with_state(uri: str, state: str | None) -> str:
    """The address stays byte for byte what was registered; it has no fragment."""
    return uri if state is None else f"{uri}{'&' if '?' in uri else '?'}{urlencode({'state': state})}"


def frames(urls: Iterable[str], destination: str | None) -> tuple[str, ...]:
    """Which of these addresses are to be called: all but the one that the browser goes to anyway."""
    return tuple(url for url in urls if url != destination and is_destination(url) and _has_origin(url))


def _has_origin(url: str) -> bool:
    """Whether it has an origin that a content security policy can name."""
    source = source_of(url)
    return source is not None and source.startswith(("http://", "https://"))
