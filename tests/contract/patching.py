"""What can be patched over HTTP: the object's routes, its member in the envelope, and how to make one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from tests.connectors import CONNECTOR, add_connector
from tests.service import Service

PROVIDER_ID = "45bb233c-0901-4236-b5ca-ac46e2e0a5a5"
TWITTER = {"type": "Twitter", "buttonText": "Login with Twitter", "consumerKey": "key", "consumerSecret": "secret"}
MERGE = "application/merge-patch+json"
OPERATIONS = "application/json-patch+json"


@dataclass(frozen=True)
class Patchable:
    """One kind of object with custom data."""

    member: str
    make: Callable[[Service], str]
    """Makes one and returns its path."""


def make_provider(service: Service) -> str:
    created = service.call("POST", "/api/identity-provider", {"identityProvider": TWITTER})
    assert created.status_code == 200, created.text
    return f"/api/identity-provider/{PROVIDER_ID}"


def make_tenant(service: Service) -> str:
    created = service.call("POST", "/api/tenant", {"tenant": {"name": "Patched"}})
    assert created.status_code == 200, created.text
    return f"/api/tenant/{created.json()['tenant']['id']}"


def make_user(service: Service) -> str:
    created = service.call("POST", "/api/user", {"user": {"username": "patched", "password": "correct horse"}})
    assert created.status_code == 200, created.text
    return f"/api/user/{created.json()['user']['id']}"


def make_application(service: Service) -> str:
    created = service.call("POST", "/api/application", {"application": {"name": "Patched"}})
    assert created.status_code == 200, created.text
    return f"/api/application/{created.json()['application']['id']}"


def make_group(service: Service) -> str:
    created = service.call("POST", "/api/group", {"group": {"name": "Patched"}})
    assert created.status_code == 200, created.text
    return f"/api/group/{created.json()['group']['id']}"


def make_webhook(service: Service) -> str:
    document = {"url": "http://127.0.0.1/", "connectTimeout": 1000, "readTimeout": 2000}
    created = service.call("POST", "/api/webhook", {"webhook": document})
    assert created.status_code == 200, created.text
    return f"/api/webhook/{created.json()['webhook']['id']}"


def make_theme(service: Service) -> str:
    created = service.call("POST", "/api/theme", {"theme": {"name": "Patched"}})
    assert created.status_code == 200, created.text
    return f"/api/theme/{created.json()['theme']['id']}"


def make_connector(service: Service) -> str:
    return f"{CONNECTOR}/{add_connector(service)['id']}"


PATCHABLES = (
    Patchable("connector", make_connector),
    Patchable("theme", make_theme),
    Patchable("systemConfiguration", lambda _: "/api/system-configuration"),
    Patchable("application", make_application),
    Patchable("group", make_group),
    Patchable("identityProvider", make_provider),
    Patchable("tenant", make_tenant),
    Patchable("user", make_user),
    Patchable("webhook", make_webhook),
)


def patch(service: Service, path: str, kind: str, document: Any) -> requests.Response:
    return service.call("PATCH", path, document, headers={"Content-Type": kind})
