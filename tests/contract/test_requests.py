"""What every route makes of a request, whatever it is about: login contract 1.1 to 1.4, in the order of its checks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from identity.http.fusionauth import PAGES
from identity.http.fusionauth.routes import Route, Scope
from identity.store.api_keys import hash_of
from tests import postgres
from tests.contract.patching import TWITTER
from tests.service import NOW, Service, running_service

JSON = {"Content-Type": "application/json"}
NOBODY = "00000000-0000-4000-8000-00000000abcd"
PROVIDER = "/api/identity-provider"
TABLE = [row for page in PAGES for row in page.table]
KEYED = [row for row in TABLE if row.endpoint is not None]
OF_A_TENANT = [row for row in KEYED if row.scope is Scope.TENANT]
GLOBAL = [row for row in KEYED if row.scope is Scope.GLOBAL]
ONE = [row for row in KEYED if row.path.endswith("_id>")]
PERMISSIONS = {
    "/api/identity-provider": {"GET", "POST", "PUT", "PATCH", "DELETE"},
    "/api/identity-provider/search": {"GET", "POST"},
    "/api/identity-provider/link": {"GET", "POST", "DELETE"},
    "/api/identity-provider/link/pending": {"GET"},
    "/api/identity-provider/test": {"GET", "POST"},
    "/api/lambda": {"GET", "POST", "PUT", "PATCH", "DELETE"},
    "/api/lambda/search": {"GET", "POST"},
    "/api/jwt/refresh": {"GET", "DELETE"},
    "/api/jwt/vend": {"POST"},
    "/api/system/event-log": {"GET"},
    "/api/system/event-log/search": {"GET", "POST"},
}
OPEN = {
    ("POST", "/api/identity-provider/login"),
    ("GET", "/api/identity-provider/lookup"),
    ("POST", "/api/jwt/refresh"),
    ("GET", "/api/jwt/validate"),
    ("GET", "/api/jwt/issue"),
    ("GET", "/api/jwt/public-key"),
    ("GET", "/.well-known/jwks.json"),
    ("POST", "/api/logout"),
}


@pytest.fixture(scope="module")
def service(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Service]:
    """One service for all: no test leaves an object behind."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with running_service(url) as running:
        yield running
    postgres.drop_database(postgres_server, url)


def named(row: Route) -> str:
    return f"{row.method} {row.path}"


def filled(row: Route) -> str:
    return re.sub(r"<[^>]*>", "1", re.sub(r"<[^>]*_id>", NOBODY, row.path))


def call(service: Service, row: Route, **options: Any) -> Any:
    return service.call(row.method, filled(row), None if row.method == "GET" else {}, **options)


def field_codes(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 400, response.text
    errors = response.json()
    assert set(errors) == {"fieldErrors", "generalErrors"}
    assert errors["generalErrors"] == []
    return {path: [error["code"] for error in found] for path, found in errors["fieldErrors"].items()}


def general_codes(response: Any) -> list[str]:
    assert response.status_code == 400, response.text
    errors = response.json()
    assert errors["fieldErrors"] == {}
    assert all(error["message"] for error in errors["generalErrors"])
    return [error["code"] for error in errors["generalErrors"]]


def raw(service: Service, verb: str, path: str, body: bytes | None = None, **headers: str) -> HTTPResponse:
    """A request as it stands, without what a client library would add."""
    connection = HTTPConnection(urlsplit(service.url).netloc, timeout=30)
    try:
        connection.request(verb, path, body, {"Authorization": service.key, **headers})
        response = connection.getresponse()
        response.read()
        return response
    finally:
        connection.close()


# Keys (1.1)


@pytest.mark.parametrize("endpoint", PERMISSIONS)
def test_a_permission_key_of_the_contract_has_its_verbs(endpoint: str) -> None:
    # An owner deletes refresh tokens with a JWT as well, so that route looks after its key itself.
    assert {row.method for row in TABLE if row.endpoint == endpoint} == PERMISSIONS[endpoint]


def test_the_contracts_open_routes_are_open() -> None:
    assert {(row.method, row.path) for row in TABLE if row.endpoint is None} >= OPEN


@pytest.mark.parametrize("form", ["Bearer {}", "Basic {}", "{}x", "{}, {}"])
def test_a_key_is_compared_exactly(service: Service, form: str) -> None:
    response = service.call("GET", "/api/tenant", key=form.format(service.key, service.key))
    assert (response.status_code, response.content) == (401, b"")


def test_an_expired_key_is_401(service: Service) -> None:
    key = service.add_key()
    assert service.call("GET", "/api/tenant", key=key).status_code == 200
    with service.services.db.transaction() as conn:
        conn.execute("UPDATE api_keys SET expiration_instant = %s WHERE key_hash = %s", (NOW, hash_of(key)))
    response = service.call("GET", "/api/tenant", key=key)
    assert (response.status_code, response.content) == (401, b"")


def test_a_key_without_any_permission_entry_is_a_super_key(service: Service) -> None:
    assert service.call("GET", "/api/lambda", key=service.add_key(permissions={})).status_code == 200


# Tenants (1.2)


@pytest.mark.parametrize("row", OF_A_TENANT, ids=named)
def test_a_header_that_is_no_tenant_is_400(service: Service, row: Route) -> None:
    assert field_codes(call(service, row, tenant="acme")) == {"tenantId": ["[couldNotConvert]tenantId"]}
    assert general_codes(call(service, row, tenant=NOBODY)) == ["[InvalidTenantId]"]


@pytest.mark.parametrize("row", OF_A_TENANT, ids=named)
def test_another_header_than_the_tenant_of_a_locked_key_is_401(service: Service, row: Route) -> None:
    key = service.add_key(tenant_id=service.tenant_id)
    response = call(service, row, key=key, tenant=NOBODY)
    assert (response.status_code, response.content) == (401, b"")
    assert call(service, row, key=key, tenant=str(service.tenant_id).upper()).status_code == (
        call(service, row, key=key).status_code
    )


@pytest.mark.parametrize("row", GLOBAL, ids=named)
def test_a_global_route_does_not_look_at_the_header_and_refuses_a_locked_key(service: Service, row: Route) -> None:
    plain, headed = call(service, row), call(service, row, tenant="acme")
    assert (headed.status_code, headed.content) == (plain.status_code, plain.content)
    locked = call(service, row, key=service.add_key(tenant_id=service.tenant_id))
    assert (locked.status_code, locked.content) == (401, b"")


# Bodies and verbs (1.3, 1.4)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (None, "[MissingContentType]"),
        ("text/plain", "[UnsupportedContentType]"),
        ("multipart/form-data; boundary=x", "[UnsupportedContentType]"),
        ("application/x-www-form-urlencoded", "[InvalidContentType]"),
        ("application/json-patch+json", "[PatchNotSupported]"),
        ("application/merge-patch+json", "[PatchNotSupported]"),
    ],
)
def test_a_body_of_another_type_is_400_with_its_code(service: Service, kind: str | None, code: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    assert general_codes(service.call("POST", PROVIDER, data=b"{}", headers=headers)) == [code]


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json;x=y"])
def test_parameters_and_letter_case_of_a_type_do_not_matter(service: Service, kind: str) -> None:
    response = service.call("POST", PROVIDER, data=b"{}", headers={"Content-Type": kind})
    assert field_codes(response) == {"identityProvider": ["[missing]identityProvider"]}


@pytest.mark.parametrize("body", [b"{", b"[]", b"7", b'"x"', b"null", b"\xff", b'{"a": NaN}', b"{} {}"])
def test_a_body_that_is_no_json_object_is_400(service: Service, body: bytes) -> None:
    assert general_codes(service.call("POST", PROVIDER, data=body, headers=JSON)) == ["[invalidJSON]"]


def test_a_member_of_the_wrong_kind_is_named_by_its_path(service: Service) -> None:
    limit = {"limitUserLinkCount": {"enabled": "yes"}}
    inner = {**TWITTER, "tenantConfiguration": {str(service.tenant_id): limit}}
    path = f"identityProvider.tenantConfiguration[{service.tenant_id}].limitUserLinkCount.enabled"
    assert field_codes(service.call("POST", PROVIDER, {"identityProvider": inner})) == {path: ["[invalidJSON]"]}


def test_an_absent_body_is_an_empty_object(service: Service) -> None:
    assert field_codes(service.call("POST", PROVIDER)) == {"identityProvider": ["[missing]identityProvider"]}


@pytest.mark.parametrize(
    ("verb", "path", "allowed"),
    [
        ("PUT", "/api/tenant", {"GET", "POST"}),
        ("DELETE", "/api/identity-provider/search", {"GET", "POST"}),
        ("GET", "/api/identity-provider/login", {"POST"}),
        ("PATCH", "/api/identity-provider/link/", {"GET", "POST", "DELETE"}),
        ("POST", f"/api/system/event-log/{NOBODY}", {"GET"}),
    ],
)
@pytest.mark.parametrize("key", [None, ""], ids=["with a key", "without"])
def test_a_verb_the_route_does_not_have_is_405_with_allow(
    service: Service, verb: str, path: str, allowed: set[str], key: str | None
) -> None:
    response = service.call(verb, path, key=key)
    assert (response.status_code, response.content) == (405, b"")
    assert set(response.headers["Allow"].split(", ")) - {"HEAD", "OPTIONS"} == allowed


@pytest.mark.parametrize("verb", ["TRACE", "BREW"])
def test_a_verb_that_no_route_has_is_501(service: Service, verb: str) -> None:
    response = raw(service, verb, PROVIDER)
    assert (response.status, response.headers["Content-Length"]) == (501, "0")


@pytest.mark.parametrize("path", ["/", "/api", "/api/nothing", "/api/identity-provider//", "/API/tenant"])
def test_an_unknown_path_is_404_and_empty(service: Service, path: str) -> None:
    response = service.call("GET", path)
    assert (response.status_code, response.content) == (404, b"")


def test_a_body_that_is_too_large_is_413(service: Service) -> None:
    response = service.call("POST", PROVIDER, data=b" " * (1024 * 1024 + 1), headers=JSON)
    assert (response.status_code, response.content) == (413, b"")


@pytest.mark.parametrize("content_type", [{}, JSON, {"Content-Type": "text/plain"}])
def test_a_delete_and_a_reactivation_need_neither_body_nor_type(service: Service, content_type: dict[str, str]) -> None:
    made = service.call("POST", "/api/application", {"application": {"name": uuid4().hex}}).json()["application"]
    path = f"/api/application/{made['id']}"
    assert raw(service, "DELETE", path, **content_type).status == 200
    assert raw(service, "PUT", f"{path}?reactivate=true", **content_type).status == 200
    assert raw(service, "DELETE", f"{path}?hardDelete=true", **content_type).status == 200


@pytest.mark.parametrize("value", ["", "undefined", "null"])
def test_an_argument_the_clients_left_out_is_absent(service: Service, value: str) -> None:
    query = dict.fromkeys(("applicationId", "name", "type", "numberOfResults", "startRow", "orderBy"), value)
    assert service.call("GET", f"{PROVIDER}/search", params=query).json() == {"identityProviders": [], "total": 0}


@pytest.mark.parametrize(
    ("query", "name"),
    [("applicationId=x", "applicationId"), ("type=Fax", "type"), ("startRow=x", "startRow"), ("type=twitter", "type")],
)
def test_a_text_of_a_query_that_can_not_be_converted_is_named(service: Service, query: str, name: str) -> None:
    response = service.call("GET", f"{PROVIDER}/search?{query}")
    assert field_codes(response) == {name: [f"[couldNotConvert]{name}"]}


# Order of checks (1.4)


def test_the_key_comes_before_the_content_type(service: Service) -> None:
    response = service.call("POST", PROVIDER, data=b"{", headers={"Content-Type": "text/plain"}, key="nobody's")
    assert (response.status_code, response.content) == (401, b"")


def test_the_content_type_comes_before_the_path(service: Service) -> None:
    response = service.call("PUT", f"{PROVIDER}/x", data=b"{", headers={"Content-Type": "text/plain"})
    assert general_codes(response) == ["[UnsupportedContentType]"]


@pytest.mark.parametrize("row", ONE, ids=named)
def test_the_path_comes_before_the_body(service: Service, row: Route) -> None:
    options: dict[str, Any] = {} if row.method == "GET" else {"data": b"{", "headers": JSON}
    response = service.call(row.method, re.sub(r"<[^>]*>", "x", row.path), **options)
    [(name, found)] = field_codes(response).items()
    assert name.endswith("Id")
    assert found == [f"[couldNotConvert]{name}"]


@pytest.mark.parametrize("row", [row for row in ONE if row.method in {"PUT", "PATCH"}], ids=named)
def test_existence_comes_before_the_syntax_of_the_body(service: Service, row: Route) -> None:
    response = service.call(row.method, filled(row), data=b"{", headers=JSON)
    assert (response.status_code, response.content) == (404, b"")


def test_syntax_comes_before_validation_and_validation_names_all(service: Service) -> None:
    assert general_codes(service.call("POST", PROVIDER, data=b'{"identityProvider": {}', headers=JSON)) == [
        "[invalidJSON]"
    ]
    named_all = field_codes(service.call("POST", "/api/lambda", {"lambda": {}}))
    assert named_all == {
        "lambda.body": ["[blank]lambda.body"],
        "lambda.name": ["[blank]lambda.name"],
        "lambda.type": ["[missing]lambda.type"],
    }
