"""A successful call of every route that writes configuration."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from identity.http.fusionauth import PAGES
from identity.http.fusionauth.routes import Route
from tests.connectors import add_lambda, connector
from tests.contract.patching import PROVIDER_ID, TWITTER
from tests.service import Service

SECRET = "canary-secret-that-nobody-may-read-in-a-log"
PROVIDER = "/api/identity-provider"
SYSTEM = "/api/system-configuration"
ELSEWHERE = {
    "/api/email/template/preview",
    "/api/group",
    "/api/group/member",
    "/api/identity-provider/link",
    "/api/identity-provider/test",
    "/api/jwt/refresh",
    "/api/jwt/vend",
    "/api/message/template/preview",
    "/api/login",
    "/api/system/audit-log",
    "/api/system/audit-log/export",
    "/api/system/reindex",
    "/api/system/login-record/export",
    "/api/user",
    "/api/two-factor/send",
    "/api/two-factor/start",
    "/api/two-factor/status",
    "/api/user/bulk",
    "/api/user/import",
    "/api/user/two-factor",
    "/api/user/two-factor/recovery-code",
    "/api/user/refresh-token/import",
    "/api/user/action",
    "/api/user/registration",
}
"""Endpoints whose POST, PUT ... change people and what belongs to them, or nothing."""


@dataclass(frozen=True)
class Kind:
    """One kind of configuration: its member in the envelope and what a body for it says."""

    member: str
    body: Callable[[], dict[str, Any]]
    create: str
    """Where one is made; for the one there is, where it is."""

    wrong: dict[str, Any] = field(default_factory=lambda: {"name": 7})
    needed: Callable[[Service], dict[str, Any]] = lambda _: {}
    """Members that name other objects, which it makes."""


def unique() -> str:
    return uuid4().hex


def application() -> dict[str, Any]:
    return {"name": unique(), "oauthConfiguration": {"clientSecret": SECRET}}


def tenant() -> dict[str, Any]:
    return {"name": unique(), "emailConfiguration": {"password": SECRET}}


def reconcile() -> dict[str, Any]:
    return {"name": unique(), "type": "TwitterReconcile", "body": f"function reconcile() {{ '{SECRET}'; }}"}


def reason() -> dict[str, Any]:
    return {"code": unique(), "text": unique()}


def webhook() -> dict[str, Any]:
    return {
        "url": f"http://127.0.0.1/?token={SECRET}",
        "connectTimeout": 1000,
        "readTimeout": 2000,
        "httpAuthenticationPassword": SECRET,
        "headers": {"X-Secret": SECRET},
    }


def secret() -> dict[str, Any]:
    return {"name": unique(), "type": "HMAC", "algorithm": "HS256", "secret": SECRET}


def email_template() -> dict[str, Any]:
    texts = {"defaultSubject": SECRET, "defaultTextTemplate": SECRET, "defaultHtmlTemplate": SECRET}
    return {"name": unique(), **texts}


def message_template() -> dict[str, Any]:
    return {"name": unique(), "type": "SMS", "defaultTemplate": SECRET}


def messenger() -> dict[str, Any]:
    url = "http://127.0.0.1:9/messages"
    return {"name": unique(), "type": "Generic", "url": url, "httpAuthenticationPassword": SECRET}


def directory() -> dict[str, Any]:
    made: dict[str, Any] = connector("", lambdaConfiguration=None, systemAccountPassword=SECRET)["connector"]
    return made


def its_lambda(service: Service) -> dict[str, Any]:
    return {"lambdaConfiguration": {"reconcileId": add_lambda(service)}}


KINDS = {
    "/api/api-key": Kind("apiKey", lambda: {"name": unique()}, "/api/api-key"),
    "/api/application": Kind("application", application, "/api/application"),
    "/api/application/role": Kind("role", lambda: {"name": unique()}, "/api/application/{application}/role"),
    "/api/application/scope": Kind("scope", lambda: {"name": unique()}, "/api/application/{application}/scope"),
    "/api/connector": Kind("connector", directory, "/api/connector", needed=its_lambda),
    "/api/email/template": Kind("emailTemplate", email_template, "/api/email/template"),
    PROVIDER: Kind("identityProvider", lambda: {**TWITTER, "consumerSecret": SECRET}, PROVIDER),
    "/api/key": Kind("key", lambda: {"name": unique()}, "/api/key/import"),
    "/api/key/generate": Kind("key", lambda: {"name": unique(), "algorithm": "ES256"}, "/api/key/generate"),
    "/api/key/import": Kind("key", secret, "/api/key/import"),
    "/api/lambda": Kind("lambda", reconcile, "/api/lambda"),
    "/api/message/template": Kind("messageTemplate", message_template, "/api/message/template"),
    "/api/messenger": Kind("messenger", messenger, "/api/messenger"),
    SYSTEM: Kind("systemConfiguration", lambda: {"data": {"a": unique()}}, SYSTEM, {"data": 7}),
    "/api/webhook": Kind("webhook", webhook, "/api/webhook"),
    "/api/tenant": Kind("tenant", tenant, "/api/tenant"),
    "/api/theme": Kind("theme", lambda: {"name": unique()}, "/api/theme"),
    "/api/user-action": Kind("userAction", lambda: {"name": unique()}, "/api/user-action"),
    "/api/user-action-reason": Kind("userActionReason", reason, "/api/user-action-reason"),
}
WRITES = [
    row
    for page in PAGES
    for row in page.table
    if row.method != "GET" and row.endpoint is not None and not row.path.endswith("/search")
]
CONFIGURATION = [row for row in WRITES if row.endpoint in KINDS]


def call(service: Service, verb: str, path: str, body: Any = None) -> Any:
    """In the default tenant, where the route looks at tenants: other tests of this module make more of them."""
    return service.call(verb, path, body, tenant=service.tenant_id if "/application" in path else None)


def made(service: Service, kind: Kind, path: str) -> dict[str, Any]:
    response = call(service, "POST", path, {kind.member: kind.body() | kind.needed(service)})
    assert response.status_code == 200, response.text
    shown: dict[str, Any] = response.json()[kind.member]
    return shown


def prepared(service: Service, row: Route) -> tuple[str, Any]:
    """The path and the body of a call of this route that succeeds."""
    assert row.endpoint is not None
    kind, path = KINDS[row.endpoint], row.path
    if row.endpoint == PROVIDER:
        service.call("DELETE", f"{PROVIDER}/{PROVIDER_ID}")
    nested = "/role" in path or "/scope" in path
    if nested:
        owner = made(service, KINDS["/api/application"], "/api/application")
        path = path.replace("<application_id>", owner["id"])
    body = {kind.member: kind.body() | kind.needed(service)}
    if row.endpoint == SYSTEM:
        return path, body
    if row.method == "POST":
        new_id = PROVIDER_ID if row.endpoint == PROVIDER else str(uuid4())
        return re.sub(r"<\w+>", new_id, path), body
    where = re.sub(r"/<\w+>$", "", path) if nested else kind.create
    there = made(service, KINDS.get(kind.create, kind), where)
    if "<" not in path:
        path += f"?name={there['name']}" if "/role" in path else "?type=Twitter"
    return re.sub(r"<\w+>", there["id"], path), None if row.method == "DELETE" else body
