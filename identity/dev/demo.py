"""The Demo application's side of the service: whether it is there, and that it lets people come back to the demo's URL.

A demo that had to move to another port, or an installation made before there was a demo, is put right here, through the
API as anybody would. What has been set otherwise on purpose is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from identity.dev.children import Report
from identity.dev.service_api import ServiceApi
from identity.settings import Settings

DEMO_APPLICATION_ID = "85a03867-dccf-4882-adde-1a79aeec50df"
"""As `config/development-kickstart.json` has it."""
GRANTS = ["authorization_code", "refresh_token"]
METHODS = ["GET", "POST", "OPTIONS"]
APPLICATION = f"/api/application/{DEMO_APPLICATION_ID}"
SYSTEM = "/api/system-configuration"


@dataclass(frozen=True, slots=True)
class DemoClient:
    """What the demo is to the service."""

    id: str
    secret: str = field(repr=False)


def chat_door(settings: Settings, tenant_id: str) -> dict[str, str]:
    """What makes the Rocket.Chat door lead to the Demo application, unless it is set to lead elsewhere."""
    if settings.rocketchat.open:
        return {}
    return {"IDENTITY_ROCKETCHAT_TENANT_ID": tenant_id, "IDENTITY_ROCKETCHAT_APPLICATION_ID": DEMO_APPLICATION_ID}


def client_at(api: ServiceApi, url: str, earlier_url: str, report: Report) -> DemoClient | None:
    """The Demo application, which lets people come back to `url` from now on; None when there is none (any more).

    Raises ServiceRefused.
    """
    found = api.read(APPLICATION)
    if found is None:
        return None
    oauth = found["application"]["oauthConfiguration"]
    if f"{url}/callback" not in oauth["authorizedRedirectURLs"]:
        _let_origin_call(api, url, earlier_url)
        api.patch(APPLICATION, {"application": moved(oauth, url, earlier_url)})
        report(f"the Demo application now has the demo's redirect URLs at {url}")
    return DemoClient(DEMO_APPLICATION_ID, oauth["clientSecret"])


def moved(oauth: Mapping[str, Any], url: str, earlier_url: str) -> dict[str, Any]:
    """The change that moves the application from one URL to the other, and lets it begin where nobody had set it up."""
    stale = {earlier_url, f"{earlier_url}/", f"{earlier_url}/callback"}
    changed: dict[str, Any] = {
        "authorizedRedirectURLs": [f"{url}/callback", f"{url}/", *_without(oauth["authorizedRedirectURLs"], stale)],
        "authorizedOriginURLs": [url, *_without(oauth["authorizedOriginURLs"], stale)],
    }
    if (oauth.get("logoutURL") or f"{earlier_url}/") in stale:
        changed["logoutURL"] = f"{url}/"
    if oauth["enabledGrants"]:
        return {"oauthConfiguration": changed}
    changed |= {
        "enabledGrants": GRANTS,
        "generateRefreshTokens": True,
        "clientAuthenticationPolicy": "NotRequiredWhenUsingPKCE",
    }
    return {"oauthConfiguration": changed, "registrationConfiguration": {"enabled": True}}


def _let_origin_call(api: ServiceApi, url: str, earlier_url: str) -> None:
    found = api.read(SYSTEM)
    cors = {} if found is None else found["systemConfiguration"]["corsConfiguration"]
    origins = cors.get("allowedOrigins", [])
    if "*" in origins or url in origins:
        return
    changed: dict[str, Any] = {"allowedOrigins": [url, *_without(origins, {earlier_url})]}
    if not cors.get("enabled"):
        changed |= {"enabled": True, "allowCredentials": True, "allowedMethods": METHODS}
    api.patch(SYSTEM, {"systemConfiguration": {"corsConfiguration": changed}})


def _without(urls: list[str], stale: set[str]) -> list[str]:
    return [url for url in urls if url not in stale]
