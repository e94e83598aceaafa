"""What is another tenant's looks like what is not there (security T27): to a locked key and behind the header alike.

Every call names an object of the first tenant on behalf of the second, and then an object that does not exist: the
answers are the same, and nothing of the first tenant has changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import requests
from psycopg import sql

from identity.http.fusionauth import PAGES
from identity.http.fusionauth.routes import Route, Scope
from tests.acting import Acting
from tests.login_world import TWITTER, World

JSON_PATCH = {"Content-Type": "application/json-patch+json"}
MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}
LINK = "/api/identity-provider/link"
NEW_USER = {"email": "new@example.com", "password": "correct horse battery"}
NEW_LINK = {"identityProviderId": TWITTER, "identityProviderUserId": "5"}
LOGIN = {"identityProviderId": TWITTER, "data": {"oauth_token": "a", "oauth_token_secret": "b"}}

Ids = Mapping[str, str]


@dataclass(frozen=True)
class Ask:
    """A call whose path and body hold names of ids in angle brackets."""

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] | None = None

    def __str__(self) -> str:
        return re.sub(r"\W+", "-", f"{self.method} {self.path} {json.dumps(self.body) if self.body else ''}")


BODIES: dict[str, Any] = {
    "/api/application/<application_id>": {"application": {"name": "New name"}},
    "/api/application/<application_id>/role": {"role": {"name": "new"}},
    "/api/application/<application_id>/role/<role_id>": {"role": {"name": "new"}},
    "/api/group/<group_id>": {"group": {"name": "New name"}},
    "/api/tenant/<tenant_id>": {"tenant": {"name": "New name"}},
    "/api/user/<user_id>": {"user": {"email": "new@example.com"}},
    "/api/user/registration/<user_id>": {"registration": {"applicationId": "<application_id>"}},
    "/api/user/registration/<user_id>/<application_id>": {"registration": {"roles": []}},
    "/api/user/change-password/<secret>": {"password": "staple battery horse"},
}
CREATES = {
    "/api/application/<application_id>",
    "/api/group/<group_id>",
    "/api/tenant/<tenant_id>",
    "/api/user/<user_id>",
}
"""POST to these makes an object under that id; ids are unique in the whole installation."""

OPEN = "/api/tenant/password-validation-rules/<tenant_id>"


def by_path(row: Route) -> bool:
    creates = row.method == "POST" and row.path in CREATES
    return "<" in row.path and row.scope in (Scope.TENANT, Scope.OWN) and row.path != OPEN and not creates


FROM_THE_TABLE = [
    Ask(row.method, row.path, BODIES.get(row.path) if row.method in {"POST", "PUT", "PATCH"} else None)
    for page in PAGES
    for row in page.table
    if by_path(row)
]
PATCHES = [
    Ask("PATCH", ask.path, body, headers)
    for ask in FROM_THE_TABLE
    if ask.method == "PATCH"
    for body, headers in (([], JSON_PATCH), ({}, MERGE_PATCH))
]
BY_QUERY = [
    Ask("GET", "/api/user?email=<email>"),
    Ask("GET", "/api/user?loginId=<email>"),
    Ask("GET", "/api/user/search?ids=<user_id>"),
    Ask("GET", "/api/user/search?queryString=<email>"),
    Ask("GET", "/api/user/recent-login?userId=<user_id>"),
    Ask("GET", "/api/application/search?tenantId=<tenant_id>"),
    Ask("GET", "/api/jwt/refresh?userId=<user_id>"),
    Ask("DELETE", "/api/jwt/refresh?userId=<user_id>"),
    Ask("DELETE", "/api/jwt/refresh?applicationId=<application_id>"),
    Ask("DELETE", "/api/jwt/refresh?userId=<user_id>&applicationId=<application_id>"),
    Ask("DELETE", "/api/jwt/refresh?token=<refresh_token>"),
    Ask("DELETE", "/api/application/<application_id>?hardDelete=true"),
    Ask("DELETE", "/api/user/<user_id>?hardDelete=true"),
    Ask("PUT", "/api/application/<application_id>?reactivate=true"),
    Ask("PUT", "/api/user/<user_id>?reactivate=true"),
    Ask("DELETE", "/api/application/<application_id>/role?name=admin"),
    Ask("GET", "/api/user?changePasswordId=<secret>"),
    Ask("GET", "/api/user?verificationId=<verification>"),
    Ask("PUT", "/api/user/verify-email?email=<email>"),
    Ask("PUT", "/api/user/verify-email?email=<email>&sendVerifyEmail=false"),
    Ask("PUT", "/api/user/verify-registration?email=<email>&applicationId=<application_id>"),
    Ask("GET", f"{LINK}?userId=<user_id>"),
    Ask("GET", f"{LINK}?userId=<user_id>&identityProviderId={TWITTER}"),
    Ask("GET", f"{LINK}?identityProviderId={TWITTER}&identityProviderUserId=<subject>"),
    Ask("DELETE", f"{LINK}?identityProviderId={TWITTER}&identityProviderUserId=<subject>&userId=<user_id>"),
    Ask("GET", f"{LINK}/pending/<pending_link>?userId=<user_id>"),
]
BY_BODY = [
    Ask("POST", "/api/user", {"user": NEW_USER, "applicationId": "<application_id>"}),
    Ask("POST", "/api/user/registration", {"user": NEW_USER, "registration": {"applicationId": "<application_id>"}}),
    Ask("POST", "/api/application", {"application": {"name": "New"}, "sourceApplicationId": "<application_id>"}),
    Ask("POST", "/api/application/search", {"search": {"tenantId": "<tenant_id>"}}),
    Ask("POST", "/api/user/search", {"search": {"ids": ["<user_id>"]}}),
    Ask("POST", "/api/user/search", {"search": {"queryString": "<email>"}}),
    Ask("POST", "/api/user/verify-email", {"userId": "<user_id>"}),
    Ask("POST", "/api/user/verify-email", {"verificationId": "<verification>"}),
    Ask("POST", "/api/user/verify-registration", {"verificationId": "<verification>"}),
    Ask("POST", "/api/user/change-password", {"changePasswordId": "<secret>", "password": "staple battery horse"}),
    Ask("POST", "/api/user/change-password", {"loginId": "<email>", "password": "staple battery horse"}),
    Ask("POST", "/api/user/forgot-password", {"loginId": "<email>"}),
    Ask("POST", "/api/user/forgot-password", {"loginId": "<email>", "applicationId": "<application_id>"}),
    Ask("POST", "/api/jwt/refresh", {"refreshToken": "<refresh_token>"}),
    Ask("DELETE", "/api/jwt/refresh", {"token": "<refresh_token>"}),
    Ask("DELETE", "/api/jwt/refresh", {"userId": "<user_id>"}),
    Ask("DELETE", "/api/jwt/refresh", {"applicationId": "<application_id>"}),
    Ask("POST", LINK, {"identityProviderLink": {**NEW_LINK, "userId": "<user_id>"}}),
    Ask("POST", LINK, {"pendingIdPLinkId": "<pending_link>", "identityProviderLink": {"userId": "<user_id>"}}),
    Ask("POST", LINK, {"pendingIdPLinkId": "<pending_link>", "identityProviderLink": {"userId": "<own_user_id>"}}),
    Ask("POST", "/api/identity-provider/login", {**LOGIN, "applicationId": "<application_id>"}),
    Ask("POST", "/api/jwt/vend", {"claims": {"tid": "<tenant_id>", "sub": "<user_id>"}}),
]
EVERY_ASK = [*FROM_THE_TABLE, *PATCHES, *BY_QUERY, *BY_BODY]


@dataclass
class Walls:
    """Two tenants; the first has one of everything, the second a user and a key."""

    world: World
    foreign: Ids
    own_user_id: str
    tenant_id: str
    key: str

    def ask(self, ask: Ask, ids: Ids, *, by_header: bool) -> requests.Response:
        ids = {**ids, "own_user_id": self.own_user_id}
        body = json.loads(_filled(json.dumps(ask.body), ids)) if ask.body is not None else None
        options: dict[str, Any] = {"tenant": self.tenant_id} if by_header else {"key": self.key}
        if ask.headers:
            return self.world.service.call(
                ask.method, _filled(ask.path, ids), data=json.dumps(body), headers=ask.headers, **options
            )
        return self.world.service.call(ask.method, _filled(ask.path, ids), body, **options)

    def rows_of_the_first_tenant(self) -> dict[str, list[Any]]:
        """Every row that says whose it is. What was asked in vain leaves a trace of its own."""
        with self.world.service.services.db.read() as conn:
            tables = conn.execute(
                "SELECT table_name FROM information_schema.columns WHERE column_name = 'tenant_id'"
                " AND table_schema = 'public' AND table_name <> 'login_traces'"
            ).fetchall()
            query = sql.SQL("SELECT * FROM public.{} t WHERE tenant_id = %s ORDER BY t::text")
            return {
                table: conn.execute(query.format(sql.Identifier(table)), (self.foreign["tenant_id"],)).fetchall()
                for (table,) in tables
            }


def _filled(text: str, ids: Ids) -> str:
    for name, value in ids.items():
        text = text.replace(f"<{name}>", value)
    return text


@pytest.fixture
def walls(world: World) -> Walls:
    service = world.service
    login = world.login("alice")
    logged_in = login.json()
    world.strategy("CreatePendingLink")
    pending = world.login("bob").json()["pendingIdPLinkId"]
    application = service.call("GET", f"/api/application/{world.application_id}").json()["application"]
    made = service.call("POST", "/api/tenant", {"tenant": {"name": "The other side"}})
    assert made.status_code == 200, made.text
    tenant_id = made.json()["tenant"]["id"]
    own = service.call("POST", "/api/user", {"user": {**NEW_USER, "email": "own@example.com"}}, tenant=tenant_id)
    link = world.links(logged_in["user"]["id"])[0]
    acting = Acting(service, logged_in["user"]["id"])
    action = acting.take(logged_in["user"]["id"], acting.definition(preventLogin=False))
    group = service.call("POST", "/api/group", {"group": {"name": "The first"}}, tenant=service.tenant_id).json()
    email = {"email": logged_in["user"]["email"], "sendVerifyEmail": "false"}
    forgotten = {"loginId": logged_in["user"]["email"]}
    owner = service.tenant_id
    verification = service.call("PUT", "/api/user/verify-email", params=email, tenant=owner).json()["verificationId"]
    secret = service.call("POST", "/api/user/forgot-password", forgotten, tenant=owner).json()["changePasswordId"]
    foreign = {
        "action_id": action["id"],
        "application_id": world.application_id,
        "email": logged_in["user"]["email"],
        "group_id": group["group"]["id"],
        "pending_link": pending,
        "refresh_token": logged_in["refreshToken"],
        "role_id": application["roles"][0]["id"],
        "secret": secret,
        "subject": link["identityProviderUserId"],
        "tenant_id": str(service.tenant_id),
        "token_id": logged_in["refreshTokenId"],
        "trace": login.headers["X-Identity-Trace"],
        "user_id": logged_in["user"]["id"],
        "verification": verification,
    }
    return Walls(world, foreign, own.json()["user"]["id"], tenant_id, service.add_key(tenant_id=tenant_id))


def _absent(foreign: Ids) -> Ids:
    """Of each id one of the same form that names nothing."""
    made = {name: str(uuid4()) for name in foreign}
    return made | {"email": "nobody@example.com", "subject": "999", "pending_link": "x" * 43, "refresh_token": "y" * 43}


def _shape(response: requests.Response, ids: Ids) -> tuple[int, str]:
    """The answer without what the caller said."""
    text = response.text
    for name, value in ids.items():
        text = text.replace(value, f"<{name}>")
    return response.status_code, text


@pytest.mark.parametrize("by_header", [False, True], ids=["key", "header"])
def test_what_is_another_tenants_is_answered_as_what_is_not_there(walls: Walls, by_header: bool) -> None:
    before = walls.rows_of_the_first_tenant()
    assert {"users", "links", "pending_links", "refresh_tokens", "login_records"} <= {
        t for t, rows in before.items() if rows
    }
    different = []
    for ask in EVERY_ASK:
        absent = _absent(walls.foreign)
        answers = [_shape(walls.ask(ask, ids, by_header=by_header), ids) for ids in (walls.foreign, absent)]
        if answers[0] != answers[1] or answers[0][0] >= 500:
            different.append((str(ask), *answers))
    assert different == []
    assert walls.rows_of_the_first_tenant() == before


def test_the_calls_are_those_that_show_everything_to_the_tenant_itself(walls: Walls) -> None:
    """So that no call above is refused for a reason of its own."""
    key = walls.world.service.add_key(tenant_id=walls.world.service.tenant_id)
    inside = Walls(walls.world, walls.foreign, walls.own_user_id, walls.foreign["tenant_id"], key)
    reads = [
        ask
        for ask in (*FROM_THE_TABLE, *BY_QUERY)
        if ask.method == "GET" and set(re.findall(r"<(\w+)>", ask.path)) <= walls.foreign.keys()
    ]
    for ask in reads:
        answer = inside.ask(ask, walls.foreign, by_header=False)
        assert answer.status_code == 200, (str(ask), answer.text)
        assert ask.path.startswith("/api/user/change-password") or answer.json() not in (
            {"total": 0, "users": []},
            {"logins": []},
            {"refreshTokens": []},
        )


GLOBAL = [row for page in PAGES for row in page.table if row.scope is Scope.GLOBAL and row.endpoint is not None]


@pytest.mark.parametrize("row", GLOBAL, ids=lambda row: f"{row.method} {row.path}")
def test_a_key_of_a_tenant_opens_no_global_route(world: World, row: Route) -> None:
    key = world.service.add_key(tenant_id=world.service.tenant_id)
    path = re.sub(r"<[^>]*>", str(uuid4()), row.path)
    assert world.service.call(row.method, path, key=key).status_code == 401
