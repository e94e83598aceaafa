"""OAuth scopes of an application over HTTP. Source: supporting contract 5.1."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.service import Service, codes

Json = dict[str, Any]


@pytest.fixture
def application_id(service: Service) -> str:
    return str(service.call("POST", "/api/application", {"application": {"name": "Shop"}}).json()["application"]["id"])


def scopes_of(service: Service, application_id: str) -> list[Json]:
    found: list[Json] = service.call("GET", f"/api/application/{application_id}").json()["application"]["scopes"]
    return found


def test_the_official_client_adds_reads_changes_and_removes_a_scope(service: Service, application_id: str) -> None:
    client, scope_id = service.client, str(uuid4())
    wanted = {
        "name": "todos.read",
        "description": "Reads",
        "defaultConsentMessage": "Read your todos",
        "required": True,
    }
    made = client.create_o_auth_scope(application_id, {"scope": wanted}, scope_id).success_response["scope"]
    assert {name: made[name] for name in wanted} == wanted
    assert (made["id"], made["applicationId"], made["data"]) == (scope_id, application_id, {})
    assert client.retrieve_o_auth_scope(application_id, scope_id).success_response == {"scope": made}
    assert scopes_of(service, application_id) == [made]
    replaced = client.update_o_auth_scope(application_id, scope_id, {"scope": {"data": {"a": 1}}})
    scope = replaced.success_response["scope"]
    assert (scope["name"], scope["required"], scope["data"]) == ("todos.read", False, {"a": 1})
    assert "description" not in scope
    patched = client.patch_o_auth_scope(application_id, scope_id, {"scope": {"data": {"b": 2}}}).success_response
    assert patched["scope"]["data"] == {"a": 1, "b": 2}
    assert client.delete_o_auth_scope(application_id, scope_id).status == 200
    assert client.retrieve_o_auth_scope(application_id, scope_id).status == 404
    assert scopes_of(service, application_id) == []


def test_names_and_ids_of_scopes_are_unique_and_a_name_is_needed(service: Service, application_id: str) -> None:
    path = f"/api/application/{application_id}/scope"
    made = service.call("POST", path, {"scope": {"name": "read"}}).json()["scope"]
    assert codes(service.call("POST", path, {"scope": {"name": "read"}})) == {"[duplicate]scope.name"}
    assert codes(service.call("POST", f"{path}/{made['id']}", {"scope": {"name": "write"}})) == {"[duplicate]scopeId"}
    assert codes(service.call("POST", path, {"scope": {}})) == {"[blank]scope.name"}


def test_the_name_of_a_scope_never_changes(service: Service, application_id: str) -> None:
    made = service.call("POST", f"/api/application/{application_id}/scope", {"scope": {"name": "read"}}).json()["scope"]
    path = f"/api/application/{application_id}/scope/{made['id']}"
    assert service.call("PUT", path, {"scope": {"name": "write"}}).json()["scope"]["name"] == "read"


def test_an_update_of_the_application_leaves_its_scopes(service: Service, application_id: str) -> None:
    service.call("POST", f"/api/application/{application_id}/scope", {"scope": {"name": "read"}})
    service.call("PUT", f"/api/application/{application_id}", {"application": {"name": "Shop", "scopes": []}})
    assert [scope["name"] for scope in scopes_of(service, application_id)] == ["read"]


def test_a_scope_of_another_application_is_not_found(service: Service, application_id: str) -> None:
    made = service.call("POST", f"/api/application/{application_id}/scope", {"scope": {"name": "read"}}).json()["scope"]
    other = service.call("POST", "/api/application", {"application": {"name": "Other"}}).json()["application"]["id"]
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        body = None if method == "GET" else {"scope": {}}
        assert service.call(method, f"/api/application/{other}/scope/{made['id']}", body).status_code == 404


def test_a_copy_of_an_application_has_its_scopes_under_new_ids(service: Service, application_id: str) -> None:
    made = service.call("POST", f"/api/application/{application_id}/scope", {"scope": {"name": "read"}}).json()["scope"]
    body = {"application": {"name": "Copy"}, "sourceApplicationId": application_id}
    [scope] = service.call("POST", "/api/application", body).json()["application"]["scopes"]
    assert scope["name"] == "read"
    assert scope["id"] != made["id"]
