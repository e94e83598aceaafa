"""Roles of an application over HTTP. Source: supporting contract 5.1."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.service import NOW, Service, codes


@pytest.fixture
def application(service: Service) -> dict[str, Any]:
    body = {"application": {"name": "Shop", "roles": [{"name": "admin"}]}}
    made: dict[str, Any] = service.call("POST", "/api/application", body).json()["application"]
    return made


def register(service: Service, application_id: str, roles: list[str]) -> UUID:
    """A user with a registration that names these roles."""
    user_id = uuid4()
    with service.services.db.transaction() as conn:
        conn.execute(
            """
            INSERT INTO users (tenant_id, id, connector_id, insert_instant, last_update_instant)
            VALUES (%s, %s, %s, %s, %s)
            """,
            (service.tenant_id, user_id, uuid4(), NOW, NOW),
        )
        conn.execute(
            """
            INSERT INTO registrations (tenant_id, user_id, application_id, id, roles, insert_instant,
                                       last_update_instant)
            VALUES (%s, %s, %s, %s, %s, %s, %s)
            """,
            (service.tenant_id, user_id, application_id, uuid4(), roles, NOW, NOW),
        )
    return user_id


def roles_of(service: Service, user_id: UUID) -> list[str]:
    with service.services.db.read() as conn:
        row = conn.execute("SELECT roles FROM registrations WHERE user_id = %s", (user_id,)).fetchone()
    assert row is not None
    found: list[str] = row[0]
    return found


def test_a_role_is_added_changed_patched_and_removed(service: Service, application: dict[str, Any]) -> None:
    client, app_id, role_id = service.client, application["id"], str(uuid4())
    body = {"role": {"name": "buyer", "isDefault": True, "description": "Buys"}}
    made = client.create_application_role(app_id, body, role_id).success_response["role"]
    assert (made["id"], made["isDefault"], made["isSuperRole"]) == (role_id, True, False)
    replaced = client.update_application_role(app_id, role_id, {"role": {"name": "buyer"}}).success_response["role"]
    assert (replaced["isDefault"], "description" in replaced) == (False, False)
    patched = client.patch_application_role(app_id, role_id, {"role": {"isSuperRole": True}}).success_response["role"]
    assert (patched["name"], patched["isSuperRole"]) == ("buyer", True)
    names = [role["name"] for role in client.retrieve_application(app_id).success_response["application"]["roles"]]
    assert names == ["admin", "buyer"]
    assert client.delete_application_role(app_id, role_id).status == 200
    assert client.delete_application_role(app_id, role_id).status == 404


def test_a_role_is_removed_by_its_name(service: Service, application: dict[str, Any]) -> None:
    path = f"/api/application/{application['id']}/role"
    assert codes(service.call("DELETE", path)) == {"[blank]name"}
    assert service.call("DELETE", path, params={"name": "admin"}).status_code == 200
    assert service.call("DELETE", path, params={"name": "admin"}).status_code == 404


def test_names_and_ids_of_roles_are_unique(service: Service, application: dict[str, Any]) -> None:
    path = f"/api/application/{application['id']}/role"
    assert codes(service.call("POST", path, {"role": {"name": "admin"}})) == {"[duplicate]role.name"}
    taken = application["roles"][0]["id"]
    assert codes(service.call("POST", f"{path}/{taken}", {"role": {"name": "other"}})) == {"[duplicate]roleId"}
    assert codes(service.call("POST", path, {"role": {}})) == {"[blank]role.name"}
    second = service.call("POST", path, {"role": {"name": "second"}}).json()["role"]
    rename = service.call("PUT", f"{path}/{second['id']}", {"role": {"name": "admin"}})
    assert codes(rename) == {"[duplicate]role.name"}


def test_registrations_follow_a_new_name_and_lose_a_removed_role(service: Service, application: dict[str, Any]) -> None:
    user_id = register(service, application["id"], ["admin", "unknown"])
    path = f"/api/application/{application['id']}/role/{application['roles'][0]['id']}"
    service.call("PUT", path, {"role": {"name": "chief"}})
    assert roles_of(service, user_id) == ["chief", "unknown"]
    service.call("DELETE", path)
    assert roles_of(service, user_id) == ["unknown"]


def test_a_role_of_an_absent_application_is_not_found(service: Service, application: dict[str, Any]) -> None:
    role_id = application["roles"][0]["id"]
    assert service.call("POST", f"/api/application/{uuid4()}/role", {"role": {}}).status_code == 404
    assert service.call("PUT", f"/api/application/{uuid4()}/role/{role_id}", {"role": {}}).status_code == 404
