"""Ids of another tenant answer exactly as ids of nothing: for every route of the table, in path, query and body.

A route that is added is covered by that; an id of a kind that is not known here fails the test until it is.
The one exception is what a caller makes under an id of their choice: ids are unique in all tenants, so a taken one is
refused (contract 1.1). Here nothing is made: creations get a body that is refused.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests
from psycopg import sql

from identity.http.fusionauth import PAGES
from identity.http.fusionauth.routes import Route, Scope
from tests import postgres
from tests.contract.people import (
    PASSWORD,
    add_refresh_token,
    add_tenant,
    add_user,
    service_for_a_module,
)
from tests.service import Service, insert_api_key

TABLE = [row for page in PAGES for row in page.table]
ARGUMENT = re.compile(r"<(\w+)>")
GLOBAL = {
    "attempt_id",
    "connector_id",
    "email_template_id",
    "entry",
    "event_id",
    "identity_provider_id",
    "lambda_id",
    "message_template_id",
    "messenger_id",
    "theme_id",
    "user_action_id",
    "user_action_reason_id",
    "webhook_id",
}
"""Kinds of objects that belong to no tenant, by their argument."""

UNGUESSABLE = {"pending_link", "trust"}
"""Secrets that only a finished login gives out; tests/flows/test_tenant_walls.py and the two-factor tests hold them."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Tenant:
    """A tenant with one object of every kind, by the name of the argument that its id goes by."""

    id: UUID
    key: str
    ids: Mapping[str, str]


@dataclass(frozen=True)
class World:
    service: Service
    own: Tenant
    other: Tenant


@pytest.fixture(scope="module")
def world(postgres_server: postgres.Server, migrated_template: str) -> Iterator[World]:
    with service_for_a_module(postgres_server, migrated_template) as service:
        yield World(service, furnished(service), furnished(service))


def furnished(service: Service) -> Tenant:
    """A new tenant that has everything."""
    codes = {"email": {"enabled": True}}
    tenant_id = add_tenant(service, email_configuration={"verify_email": True}, multi_factor_configuration=codes)

    def made(method: str, path: str, body: Json | None = None) -> Any:
        response = service.call(method, path, body, tenant=tenant_id)
        assert response.status_code in {200, 242}, f"{method} {path}: {response.text}"
        return response.json()

    whole = {"application": {"name": "Application", "roles": [{"name": "reader"}]}}
    application = made("POST", "/api/application", whole)["application"]
    application_id, role_id = application["id"], application["roles"][0]["id"]
    scope = made("POST", f"/api/application/{application_id}/scope", {"scope": {"name": "read"}})["scope"]
    user = add_user(service, tenant_id, twoFactor={"methods": [{"method": "email", "email": "a@example.com"}]})
    made("POST", f"/api/user/registration/{user['id']}", {"registration": {"applicationId": application_id}})
    group = {"group": {"name": "Group"}, "roleIds": [role_id]}
    group_id = made("POST", "/api/group", group)["group"]["id"]
    members = {"members": {group_id: [{"userId": user["id"]}]}}
    member_id = made("POST", "/api/group/member", members)["members"][group_id][0]["id"]
    action = made("POST", "/api/user-action", {"userAction": {"name": str(uuid4()), "temporal": True}})
    done = {
        "actioneeUserId": user["id"],
        "actionerUserId": user["id"],
        "userActionId": action["userAction"]["id"],
        "expiry": 9_000_000_000_000,
    }
    action_id = made("POST", "/api/user/action", {"action": done})["action"]["id"]
    with service.services.db.transaction() as conn:
        key = insert_api_key(conn, tenant_id=tenant_id, key_manager=True)
        row = conn.execute("SELECT id FROM api_keys WHERE tenant_id = %s", (tenant_id,)).fetchone()
    assert row is not None
    login = made("POST", "/api/login", {"loginId": user["email"], "password": PASSWORD})
    failed = service.call("POST", "/api/login", {"loginId": user["email"], "password": "wrong"}, tenant=tenant_id)
    forgot = made("POST", "/api/user/forgot-password", {"loginId": user["email"], "sendForgotPasswordEmail": False})
    verify = made("PUT", f"/api/user/verify-email?email={user['email']}&sendVerifyEmail=false")
    ids = {
        "action_id": action_id,
        "application_id": application_id,
        "group_id": group_id,
        "key_id": str(row[0]),
        "member_id": member_id,
        "role_id": role_id,
        "scope_id": scope["id"],
        "secret": forgot["changePasswordId"],
        "tenant_id": str(tenant_id),
        "token_id": str(add_refresh_token(service, user, UUID(application_id))),
        "trace": failed.headers["X-Identity-Trace"],
        "two_factor": login["twoFactorId"],
        "user_id": user["id"],
        "verification": verify["verificationId"],
    }
    return Tenant(tenant_id, key, ids)


def named(row: Route) -> str:
    return f"{row.method} {row.path}"


WITH_IDS = [row for row in TABLE if set(ARGUMENT.findall(row.path)) - GLOBAL - UNGUESSABLE]
OF_NO_TENANT = {
    "/api/key/<key_id>",  # signing keys; API keys, whose argument has the same name, have a tenant
    "/api/key/generate/<key_id>",
    "/api/key/import/<key_id>",
    "/api/tenant/password-validation-rules/<tenant_id>",  # open: whoever may set a password must know them
}
WITH_IDS = [row for row in WITH_IDS if row.path not in OF_NO_TENANT]


def test_every_kind_of_id_is_known(world: World) -> None:
    used = {name for row in TABLE for name in ARGUMENT.findall(row.path)}
    assert used <= GLOBAL | UNGUESSABLE | world.own.ids.keys()


def random_id(name: str, like: str) -> str:
    """An id of nothing, in the form of a real one."""
    if name.endswith("_id"):
        return str(uuid4())
    return "".join("x" if character.isalnum() else character for character in like)


def rows_of(service: Service, tenant_id: UUID) -> dict[str, list[Any]]:
    """Everything that a tenant has."""
    with service.services.db.read() as conn:
        tables = conn.execute(
            "SELECT table_name FROM information_schema.columns WHERE column_name = 'tenant_id'"
            " AND table_schema = 'public' ORDER BY 1"
        ).fetchall()
        return {
            name: conn.execute(
                sql.SQL("SELECT t::text FROM {} AS t WHERE tenant_id = %s ORDER BY 1").format(sql.Identifier(name)),
                (tenant_id,),
            ).fetchall()
            for (name,) in tables
        }


def callers(world: World, row: Route) -> list[Callable[[str, Any], requests.Response]]:
    """Those who may see the own tenant only: its key, and a key of all tenants that names it.

    Global routes do not look at what is named (decision 9): there a tenant is a matter of the key alone.
    """

    def with_key(path: str, body: Any) -> requests.Response:
        return world.service.call(row.method, path, body, key=world.own.key)

    def with_header(path: str, body: Any) -> requests.Response:
        key = "" if row.endpoint is None else None
        return world.service.call(row.method, path, body, key=key, tenant=world.own.id)

    if row.endpoint is None:
        return [with_header]
    return [with_key, with_header] if row.scope in {Scope.TENANT, Scope.OWN} else [with_key]


def timeless(text: str) -> str:
    """An answer without the instants, the ids and the secrets that were made for it."""
    text = re.sub(r"\b1[5-9]\d{11}\b", "instant", text)
    return re.sub(r'"(id|key)":"[^"]*"', r'"\1":"new"', text)


def alike(world: World, row: Route, foreign: tuple[str, Any], nothing: tuple[str, Any], ids: dict[str, str]) -> None:
    """Both calls have the same answer, and the other tenant is as it was. `ids` maps the foreign to the random ones."""
    before = rows_of(world.service, world.other.id)
    for ask in callers(world, row):
        refused, unknown = ask(*foreign), ask(*nothing)
        text = refused.text
        for real, made_up in ids.items():
            text = text.replace(real, made_up)
        answers = [(refused.status_code, timeless(text)), (unknown.status_code, timeless(unknown.text))]
        assert answers[0] == answers[1], f"{named(row)} {foreign}"
    assert rows_of(world.service, world.other.id) == before


REFUSED = {"POST /api/api-key/<key_id>": {"apiKey": {"name": 3}}}
"""Bodies for creations that an empty one would satisfy."""


@pytest.mark.parametrize("row", WITH_IDS, ids=named)
def test_every_id_taking_route_answers_another_tenants_id_in_the_path_exactly_as_a_random_one(
    world: World, row: Route
) -> None:
    names = ARGUMENT.findall(row.path)
    body = None if row.method == "GET" else REFUSED.get(named(row), {})
    for count in range(1, len(names) + 1):
        for chosen in itertools.combinations(names, count):
            foreign, nothing, ids = row.path, row.path, {}
            for name in names:
                real = (world.other if name in chosen else world.own).ids[name]
                made_up = random_id(name, real) if name in chosen else real
                foreign, nothing = foreign.replace(f"<{name}>", real), nothing.replace(f"<{name}>", made_up)
                ids[real] = made_up
            alike(world, row, (foreign, body), (nothing, body), ids)


KINDS = {
    "actioneeUserId": "user_id",
    "actionerUserId": "user_id",
    "applicationId": "application_id",
    "groupId": "group_id",
    "ids": "user_id",
    "loginId": None,
    "memberId": "member_id",
    "memberIds": "member_id",
    "roleIds": "role_id",
    "sourceApplicationId": "application_id",
    "sourceKeyId": "key_id",
    "sourceTenantId": "tenant_id",
    "tenantId": "tenant_id",
    "userId": "user_id",
    "userIds": "user_id",
}
"""What an id of this name, in a query or a body, is the id of."""


@pytest.fixture(scope="module")
def document(world: World) -> Json:
    found: Json = world.service.call("GET", "/openapi.json", key="").json()
    return found


def operation(document: Json, row: Route) -> Json:
    found: Json = document["paths"][ARGUMENT.sub(r"{\1}", row.path)][row.method.lower()]
    return found


def own_path(world: World, row: Route) -> str:
    """The path with ids of the own tenant."""
    return ARGUMENT.sub(lambda match: world.own.ids.get(match[1], str(uuid4())), row.path)


@pytest.mark.parametrize("row", [row for row in TABLE if "<" not in row.path], ids=named)
def test_every_id_taking_route_answers_another_tenants_id_in_the_query_exactly_as_a_random_one(
    world: World, document: Json, row: Route
) -> None:
    body = None if row.method == "GET" else {}
    for parameter in operation(document, row).get("parameters", []):
        kind = KINDS.get(parameter["name"])
        if parameter["in"] != "query" or kind is None:
            continue
        real, made_up = world.other.ids[kind], str(uuid4())
        paths = [f"{row.path}?{parameter['name']}={each}" for each in (real, made_up)]
        alike(world, row, (paths[0], body), (paths[1], body), {real: made_up})


def bodies(document: Json, schema: Json, depth: int = 0) -> Iterator[tuple[str, Callable[[str], Any]]]:
    """For every member of a body that is an id: its name, and what makes a body of that id and nothing else."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if depth > 4:
        return
    for name, inner in schema.get("properties", {}).items():
        if name in KINDS and inner.get("format") == "uuid":
            yield name, lambda value, name=name: {name: value}
        elif name in KINDS and inner.get("items", {}).get("format") == "uuid":
            yield name, lambda value, name=name: {name: [value]}
        else:
            wrap = (lambda made: [made]) if inner.get("type") == "array" else (lambda made: made)
            for deep, make in bodies(document, inner.get("items", inner), depth + 1):
                yield deep, lambda value, name=name, make=make, wrap=wrap: {name: wrap(make(value))}


@pytest.mark.parametrize(
    "row", [row for row in TABLE if row.method != "GET" and row.scope is not Scope.GLOBAL], ids=named
)
def test_every_id_taking_route_answers_another_tenants_id_in_the_body_exactly_as_a_random_one(
    world: World, document: Json, row: Route
) -> None:
    content = operation(document, row).get("requestBody", {}).get("content", {}).get("application/json")
    path = ARGUMENT.sub(lambda match: str(uuid4()), row.path) if row.method == "POST" else own_path(world, row)
    for name, make in bodies(document, content["schema"]) if content else ():
        kind = KINDS[name]
        if kind is None or (row.method == "DELETE" and "<" in row.path):
            continue
        real, made_up = world.other.ids[kind], str(uuid4())
        alike(world, row, (path, make(real)), (path, make(made_up)), {real: made_up})


WHOLE: list[tuple[str, str, str, Callable[[Mapping[str, str], str], Any]]] = [
    ("POST", "/api/user", "application_id", lambda own, it: {"applicationId": it, "user": person()}),
    ("POST", "/api/user", "group_id", lambda own, it: {"user": {**person(), "memberships": [{"groupId": it}]}}),
    ("POST", "/api/user/registration/<user_id>", "application_id", lambda own, it: registration(it)),
    ("POST", "/api/user/registration", "application_id", lambda own, it: {**registration(it), "user": person()}),
    ("PUT", "/api/user/registration/<user_id>", "application_id", lambda own, it: registration(it)),
    ("PATCH", "/api/user/registration/<user_id>", "application_id", lambda own, it: registration(it)),
    ("POST", "/api/user/import", "application_id", lambda own, it: crowd(registrations=[{"applicationId": it}])),
    ("POST", "/api/user/import", "group_id", lambda own, it: crowd(memberships=[{"groupId": it}])),
    ("POST", "/api/user/refresh-token/import", "user_id", lambda own, it: session(it, own["application_id"])),
    ("POST", "/api/user/refresh-token/import", "application_id", lambda own, it: session(own["user_id"], it)),
    ("POST", "/api/group", "role_id", lambda own, it: {"group": {"name": "x"}, "roleIds": [it]}),
    ("POST", "/api/group/member", "group_id", lambda own, it: {"members": {it: [{"userId": own["user_id"]}]}}),
    ("POST", "/api/group/member", "user_id", lambda own, it: {"members": {own["group_id"]: [{"userId": it}]}}),
    ("PUT", "/api/group/member", "group_id", lambda own, it: {"members": {it: []}}),
    ("DELETE", "/api/group/member", "group_id", lambda own, it: {"members": {it: [own["user_id"]]}}),
    ("DELETE", "/api/group/member", "user_id", lambda own, it: {"members": {own["group_id"]: [it]}}),
    ("DELETE", "/api/user/bulk", "user_id", lambda own, it: {"userIds": [it], "hardDelete": True}),
    ("POST", "/api/application", "application_id", lambda own, it: {"application": {"name": "x"}, **source(it)}),
    ("POST", "/api/jwt/refresh", "application_id", lambda own, it: {"refreshToken": "x", "applicationId": it}),
]
"""Whole bodies for routes that look at the id only when everything else is right."""


def person() -> Json:
    return {"username": "nobody-new", "password": PASSWORD}


def registration(application_id: str) -> Json:
    return {"registration": {"applicationId": application_id}}


def crowd(**members: Any) -> Json:
    return {"users": [{"username": "nobody-new", **members}]}


def session(user_id: str, application_id: str) -> Json:
    return {"refreshTokens": [{"token": "x" * 20, "userId": user_id, "applicationId": application_id}]}


def source(application_id: str) -> Json:
    return {"sourceApplicationId": application_id}


@pytest.mark.parametrize(("method", "path", "kind", "make"), WHOLE)
def test_every_id_taking_route_answers_another_tenants_id_in_a_whole_body_exactly_as_a_random_one(
    world: World, method: str, path: str, kind: str, make: Callable[[Mapping[str, str], str], Any]
) -> None:
    row = next(row for row in TABLE if (row.method, row.path) == (method, path))
    real, made_up, where = world.other.ids[kind], str(uuid4()), own_path(world, row)
    own = world.own.ids
    alike(world, row, (where, make(own, real)), (where, make(own, made_up)), {real: made_up})
