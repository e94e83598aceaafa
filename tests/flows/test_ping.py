"""PUT /api/login in its three forms. Source: supporting contract 15.2."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from tests.login_world import World
from tests.password_door import Door
from tests.service import codes


@pytest.fixture
def door(world: World) -> Door:
    return Door(world)


def ping(world: World, path: str = "", body: Any = None, **options: Any) -> requests.Response:
    return world.service.call("PUT", f"/api/login{path}", body, **options)


def recorded(world: World) -> list[tuple[Any, ...]]:
    return world.rows(
        "SELECT user_id, application_id, ip_address, authentication_type FROM login_records ORDER BY instant, id"
    )


def test_the_official_client_pings_by_ids_and_by_request(world: World, door: Door) -> None:
    user_id = door.add_user()
    record = (UUID(user_id), UUID(world.application_id), "192.0.2.9", "PING")
    client = world.service.client
    assert client.login_ping(user_id, world.application_id, "192.0.2.9").status == 200
    assert recorded(world) == [record]
    request = {"userId": user_id, "applicationId": world.application_id, "ipAddress": "192.0.2.9"}
    assert client.login_ping_with_request(request).status == 200
    assert recorded(world) == [record, record]


def test_a_ping_moves_the_last_login(world: World, door: Door) -> None:
    user_id = door.add_user()
    assert "lastLoginInstant" not in world.user(user_id)
    assert ping(world, f"/{user_id}/{world.application_id}").status_code == 200
    user = world.user(user_id)
    assert user["lastLoginInstant"] == user["registrations"][0]["lastLoginInstant"]


def test_an_owner_pings_with_the_access_token(world: World, door: Door) -> None:
    user_id = door.add_user()
    token = door.knock().json()["token"]
    answer = ping(world, key="", headers={"Authorization": f"Bearer {token}"}, params={"ipAddress": "192.0.2.1"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert recorded(world)[1] == (UUID(user_id), UUID(world.application_id), "192.0.2.1", "PING")
    tenants_own = door.knock(applicationId=None).json()["token"]
    refused = ping(world, key="", headers={"Authorization": f"Bearer {tenants_own}"})
    assert codes(refused) == {"[missing]applicationId"}


def test_who_is_not_registered_is_recorded_with_202(world: World, door: Door) -> None:
    user_id = door.add_user(registered=False)
    answer = ping(world, f"/{user_id}/{world.application_id}")
    assert (answer.status_code, answer.content, len(recorded(world))) == (202, b"", 1)


def test_who_may_not_log_in_is_not_found(world: World, door: Door) -> None:
    user_id = door.add_user()
    assert ping(world, f"/{uuid4()}/{world.application_id}").status_code == 404
    world.change_user(user_id, expiry=1)
    assert ping(world, f"/{user_id}/{world.application_id}").status_code == 404
    world.change_user(user_id, expiry=None)
    assert world.service.call("DELETE", f"/api/user/{user_id}").status_code == 200
    assert ping(world, f"/{user_id}/{world.application_id}").status_code == 404
    assert recorded(world) == []


def test_a_ping_needs_a_key_or_a_token_and_an_application(world: World, door: Door) -> None:
    user_id = door.add_user()
    ids = f"/{user_id}/{world.application_id}"
    assert ping(world, ids, key="").status_code == 401
    assert ping(world, key="").status_code == 401
    weak = world.service.add_key(permissions={"/api/login": ["POST"]})
    assert (ping(world, ids, key=weak).status_code, ping(world, key=weak).status_code) == (401, 401)
    assert codes(ping(world, f"/{user_id}/{uuid4()}")) == {"[invalid]applicationId"}
    assert codes(ping(world, body={})) == {"[missing]applicationId", "[missing]userId"}
    assert recorded(world) == []


def test_another_tenants_key_pings_nobody_here(world: World, door: Door) -> None:
    user_id = door.add_user()
    other, application_id = world.add_tenant("other")
    key = world.service.add_key(tenant_id=UUID(other))
    assert ping(world, f"/{user_id}/{world.application_id}", key=key).status_code == 404
    assert ping(world, f"/{user_id}/{application_id}", key=key).status_code == 404
    assert codes(ping(world, f"/{user_id}/{application_id}")) == {"[invalid]applicationId"}
