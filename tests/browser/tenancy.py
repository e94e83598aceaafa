"""A tenant of its own for every test, with an application and the Twitter button, in the one service of all."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import requests

from tests.browser.application import Application
from tests.login_world import World
from tests.service import Service

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class TenantService(Service):
    """The service as somebody uses it who has one tenant: every call names it."""

    def call(
        self, method: str, path: str, json: Any = None, *, tenant: UUID | str | None = None, **options: Any
    ) -> requests.Response:
        return super().call(method, path, json, tenant=tenant or self.tenant_id, **options)


def own_tenant(shared: World, application: Application) -> World:
    """The world with a tenant that nothing was done to; X has its own people again, and time is what it is."""
    shared.x.reset()
    shared.clock.offset = 0
    tenant_id = uuid4()
    members = {each.name: getattr(shared.service, each.name) for each in fields(Service)}
    members |= {"tenant_id": tenant_id, "client": shared.service.client_for(tenant=tenant_id)}
    world = replace(shared, service=TenantService(**members), application_id=str(uuid4()))
    _make(shared, f"/api/tenant/{tenant_id}", {"tenant": {"name": f"Tenant {tenant_id}", "issuer": "acme.example"}})
    document = {
        "name": "Pied Piper",
        "loginConfiguration": {"generateRefreshTokens": True, "allowTokenRefresh": True},
        "registrationConfiguration": {"enabled": True},
        "roles": [{"name": "user", "isDefault": True}],
        "oauthConfiguration": {
            "authorizedRedirectURLs": [application.callback],
            "clientAuthenticationPolicy": "NotRequired",
            "enabledGrants": ["authorization_code", "refresh_token"],
            "logoutURL": f"{application.origin}/bye",
            "requireRegistration": True,
        },
    }
    _make(world, f"/api/application/{world.application_id}", {"application": document})
    world.configure()
    return world


def _make(world: World, path: str, document: dict[str, Any]) -> None:
    answer = world.service.call("POST", path, document)
    assert answer.status_code == 200, answer.text


def authorize_url(world: World, application: Application, **parameters: str) -> str:
    """Where the application sends the browser."""
    query = {
        "client_id": world.application_id,
        "redirect_uri": application.callback,
        "response_type": "code",
        "scope": "openid email offline_access",
        "state": "af0ifjsldkj",
    } | parameters
    return f"{world.service.url}/oauth2/authorize?{urlencode(query)}"


def code_for_tokens(world: World, application: Application, code: str, **more: str) -> requests.Response:
    """What the application does with the code that the browser has brought."""
    form = {
        "client_id": world.application_id,
        "code": code,
        "grant_type": "authorization_code",
        "redirect_uri": application.callback,
    } | more
    return requests.post(f"{world.service.url}/oauth2/token", data=form, timeout=30)
