"""Groups, their roles and their members. Source: supporting contract 7."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from tests import postgres
from tests.contract.people import add_application, add_tenant, add_user, codes, service_for_a_module
from tests.service import Service

GROUP = "/api/group"
MEMBER = "/api/group/member"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def service(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Service]:
    with service_for_a_module(postgres_server, migrated_template) as running:
        yield running


def roles_of(service: Service, application_id: UUID) -> dict[str, str]:
    """The ids of an application's roles by name."""
    with service.services.db.read() as conn:
        rows = conn.execute("SELECT name, id FROM application_roles WHERE application_id = %s", (application_id,))
        return {name: str(role_id) for name, role_id in rows}


def add_group(service: Service, tenant_id: UUID | None = None, role_ids: list[str] | None = None, **data: Any) -> Json:
    body = {"group": {"name": uuid4().hex, "data": data}, "roleIds": role_ids or []}
    response = service.call("POST", GROUP, body, tenant=tenant_id or service.tenant_id)
    assert response.status_code == 200, response.text
    group: Json = response.json()["group"]
    return group


def post_group(service: Service, body: Json, group_id: str = "") -> requests.Response:
    return service.call("POST", f"{GROUP}/{group_id}".rstrip("/"), body, tenant=service.tenant_id)


def put_in(service: Service, group: Json, *users: Json, method: str = "POST") -> list[Json]:
    body = {"members": {group["id"]: [{"userId": user["id"]} for user in users]}}
    response = service.call(method, MEMBER, body)
    assert response.status_code == 200, response.text
    members: list[Json] = response.json()["members"][group["id"]]
    return members


def memberships_of(service: Service, user: Json) -> list[Json]:
    found: list[Json] = service.call("GET", f"/api/user/{user['id']}").json()["user"]["memberships"]
    return found


def test_the_official_client_creates_reads_changes_and_deletes_a_group(service: Service) -> None:
    application = add_application(service, service.tenant_id, "reader", "writer")
    roles = roles_of(service, application)
    client = service.client_for(tenant=service.tenant_id)
    wanted = {"group": {"name": "Editors", "data": {"floor": 3}}, "roleIds": [roles["writer"], roles["reader"]]}
    group = client.create_group(wanted).success_response["group"]
    assert [role["name"] for role in group["roles"][str(application)]] == ["reader", "writer"]
    assert group["tenantId"] == str(service.tenant_id)
    assert client.retrieve_group(group["id"]).success_response == {"group": group}
    assert group in client.retrieve_groups().success_response["groups"]
    changed = client.update_group(group["id"], {"group": {"name": "Authors"}}).success_response["group"]
    assert (changed["name"], changed["data"], changed["roles"]) == ("Authors", {}, {})
    assert changed["insertInstant"] == group["insertInstant"]
    assert client.delete_group(group["id"]).status == 200
    assert client.retrieve_group(group["id"]).status == 404


def test_a_group_takes_the_id_of_the_path_and_a_taken_one_is_refused(service: Service) -> None:
    group_id = str(uuid4())
    body = {"group": {"name": uuid4().hex}}
    assert post_group(service, body, group_id).json()["group"]["id"] == group_id
    other = {"group": {"name": uuid4().hex}}
    assert codes(post_group(service, other, group_id)) == {"groupId": ["[duplicate]groupId"]}
    assert codes(post_group(service, body)) == {"group.name": ["[duplicate]group.name"]}


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({}, "group", "[missing]group"),
        ({"group": {}}, "group.name", "[blank]group.name"),
        ({"group": {"name": " "}}, "group.name", "[blank]group.name"),
        ({"group": {"name": "x"}, "roleIds": [str(UUID(int=7))]}, "roleIds[0]", "[invalid]roleIds[0]"),
        ({"group": {"name": "x"}, "roleIds": ["x"]}, "roleIds[0]", "[invalidJSON]"),
    ],
)
def test_a_bad_group_is_refused_by_its_path(service: Service, body: Json, path: str, code: str) -> None:
    assert codes(post_group(service, body)) == {path: [code]}


def test_a_role_of_another_tenant_looks_like_none(service: Service) -> None:
    foreign = roles_of(service, add_application(service, add_tenant(service), "admin"))["admin"]
    body = {"group": {"name": "x"}, "roleIds": [foreign]}
    response = service.call("POST", GROUP, body, tenant=service.tenant_id)
    assert codes(response) == {"roleIds[0]": ["[invalid]roleIds[0]"]}


def test_a_patch_appends_roles_in_its_own_dialect_and_replaces_them_in_the_merge_dialect(service: Service) -> None:
    roles = roles_of(service, add_application(service, service.tenant_id, "a", "b"))
    group = add_group(service, role_ids=[roles["a"]])
    path = f"{GROUP}/{group['id']}"

    def names(response: Any) -> list[str]:
        assert response.status_code == 200, response.text
        return [role["name"] for found in response.json()["group"]["roles"].values() for role in found]

    assert names(service.call("PATCH", path, {"roleIds": [roles["b"]]})) == ["a", "b"]
    merge = {"Content-Type": "application/merge-patch+json"}
    assert names(service.call("PATCH", path, {"roleIds": [roles["b"]]}, headers=merge)) == ["b"]
    operations = [{"op": "add", "path": "/roleIds/-", "value": roles["a"]}]
    assert names(service.call("PATCH", path, operations, headers={"Content-Type": "application/json-patch+json"})) == [
        "a",
        "b",
    ]


def test_groups_are_searched_by_name_and_tenant(service: Service) -> None:
    tenant_id = add_tenant(service)
    group = add_group(service, tenant_id)
    wanted = {"name": group["name"][:20], "tenantId": str(tenant_id)}
    found = service.call("POST", f"{GROUP}/search", {"search": wanted}).json()
    assert found == {"groups": [group], "total": 1}
    assert service.call("GET", f"{GROUP}/search", params=wanted).json() == found
    wanted["tenantId"] = str(service.tenant_id)
    assert service.call("POST", f"{GROUP}/search", {"search": wanted}).json()["total"] == 0


def test_the_official_client_adds_and_removes_members(service: Service) -> None:
    group, anna, bert = add_group(service), add_user(service), add_user(service)
    members = [{"userId": anna["id"], "data": {"since": 1}}, {"userId": bert["id"], "id": str(UUID(int=99))}]
    answer = service.client.create_group_members({"members": {group["id"]: members}}).success_response
    first, second = answer["members"][group["id"]]
    assert (first["userId"], first["groupId"], first["data"]) == (anna["id"], group["id"], {"since": 1})
    assert first["insertInstant"] > 0
    assert second["id"] == str(UUID(int=99))
    assert memberships_of(service, anna) == [first]
    assert service.client.delete_group_members({"memberIds": [first["id"]]}).status == 200
    assert memberships_of(service, anna) == []
    assert service.client.delete_group_members({"members": {group["id"]: [bert["id"]]}}).status == 200
    assert memberships_of(service, bert) == []


def test_who_is_added_again_keeps_the_membership_and_takes_the_data(service: Service) -> None:
    group, user = add_group(service), add_user(service)
    [member] = put_in(service, group, user)
    body = {"members": {group["id"]: [{"userId": user["id"], "data": {"x": 1}}]}}
    [again] = service.call("POST", MEMBER, body).json()["members"][group["id"]]
    assert again == {**member, "data": {"x": 1}}


def test_put_makes_them_the_only_members(service: Service) -> None:
    group, anna, bert = add_group(service), add_user(service), add_user(service)
    [member] = put_in(service, group, anna)
    put_in(service, group, bert)
    assert put_in(service, group, anna, method="PUT") == [member]
    assert memberships_of(service, bert) == []


@pytest.mark.parametrize("query", ["memberId={member}", "groupId={group}&userId={user}", "groupId={group}"])
def test_a_query_removes_one_member_or_all_of_a_group(service: Service, query: str) -> None:
    group, user = add_group(service), add_user(service)
    [member] = put_in(service, group, user)
    path = f"{MEMBER}?{query.format(member=member['id'], group=group['id'], user=user['id'])}"
    assert service.call("DELETE", path).status_code == 200
    assert memberships_of(service, user) == []
    assert service.call("DELETE", path).status_code == 404


def test_a_removal_names_what_it_removes(service: Service) -> None:
    assert codes(service.call("DELETE", MEMBER, {})) == {"memberIds": ["[missing]memberIds"]}


def test_unknown_groups_and_users_are_refused_and_nobody_is_added(service: Service) -> None:
    group, user = add_group(service), add_user(service)
    nobody = str(UUID(int=8))
    body = {"members": {group["id"]: [{"userId": user["id"]}, {"userId": nobody}], nobody: []}}
    refused = codes(service.call("POST", MEMBER, body))
    path = f"members[{group['id']}][1].userId"
    assert refused == {path: [f"[invalid]{path}"], f"members[{nobody}]": [f"[invalid]members[{nobody}]"]}
    assert memberships_of(service, user) == []


def test_members_are_searched_by_group_user_and_tenant(service: Service) -> None:
    tenant_id = add_tenant(service)
    group, anna, bert = add_group(service, tenant_id), add_user(service, tenant_id), add_user(service, tenant_id)
    first, second = put_in(service, group, anna, bert)

    def found(**search: str) -> list[Json]:
        by_body = service.call("POST", f"{MEMBER}/search", {"search": search}).json()
        assert service.call("GET", f"{MEMBER}/search", params=search).json() == by_body
        assert by_body["total"] == len(by_body["members"])
        members: list[Json] = by_body["members"]
        return members

    assert sorted(member["id"] for member in found(groupId=group["id"])) == sorted([first["id"], second["id"]])
    assert found(userId=bert["id"]) == [second]
    assert len(found(tenantId=str(tenant_id))) == 2
    assert found(groupId=group["id"], tenantId=str(service.tenant_id)) == []


def test_a_new_user_may_be_put_into_groups_at_once(service: Service) -> None:
    group = add_group(service)
    user = add_user(service, memberships=[{"groupId": group["id"], "data": {"x": 1}}])
    [membership] = user["memberships"]
    assert (membership["groupId"], membership["userId"], membership["data"]) == (group["id"], user["id"], {"x": 1})
    assert memberships_of(service, user) == [membership]
    changed = service.call("PUT", f"/api/user/{user['id']}", {"user": {"username": "renamed", "memberships": []}})
    assert changed.json()["user"]["memberships"] == [membership]


def test_a_new_user_in_a_group_that_is_not_there_is_not_made(service: Service) -> None:
    foreign = add_group(service, add_tenant(service))
    body = {"user": {"username": "stray", "password": "correct horse", "memberships": [{"groupId": foreign["id"]}]}}
    refused = codes(service.call("POST", "/api/user", body, tenant=service.tenant_id))
    assert refused == {"user.memberships[0].groupId": ["[invalid]user.memberships[0].groupId"]}
    assert service.call("GET", "/api/user?username=stray", tenant=service.tenant_id).status_code == 404


def test_memberships_go_with_the_group_and_with_the_user(service: Service) -> None:
    group, user = add_group(service), add_user(service)
    put_in(service, group, user)
    other = add_group(service)
    put_in(service, other, user)
    service.call("DELETE", f"{GROUP}/{group['id']}")
    assert [each["groupId"] for each in memberships_of(service, user)] == [other["id"]]
    service.call("DELETE", f"/api/user/{user['id']}?hardDelete=true")
    assert service.call("POST", f"{MEMBER}/search", {"search": {"groupId": other["id"]}}).json()["total"] == 0
