"""A user's new password with the access token, an administrator's with a login id. Source: supporting contract 14."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.login_world import World
from tests.service import codes
from tests.verifying import configure_tenant, linked_person

CHANGE = "/api/user/change-password"
OLD, NEW = "correct horse battery", "staple battery horse"


def owner(world: World) -> tuple[str, str]:
    """A user with a password, and their access token."""
    user_id = linked_person(world)
    return user_id, world.login("alice").json()["token"]


def change_own(world: World, token: str, **members: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    body = {"currentPassword": OLD, "password": NEW} | members
    return world.service.call("POST", CHANGE, body, key="", headers=headers)


def log_in(world: World, user_id: str, password: str) -> int:
    body = {"loginId": world.user(user_id)["email"], "password": password, "applicationId": world.application_id}
    return world.service.call("POST", "/api/login", body).status_code


def test_the_owner_changes_the_password_with_the_official_client(world: World) -> None:
    user_id, token = owner(world)
    client = world.service.client
    assert client.check_change_password_using_jwt(token).was_successful()
    changed = client.change_password_using_jwt(token, {"currentPassword": OLD, "password": NEW})
    assert changed.status == 200
    assert changed.success_response["oneTimePassword"]
    assert log_in(world, user_id, OLD) == 404
    assert log_in(world, user_id, NEW) == 200
    assert world.user(user_id)["passwordLastUpdateInstant"] > world.user(user_id)["insertInstant"]


def test_the_owner_gives_the_current_password(world: World) -> None:
    user_id, token = owner(world)
    assert change_own(world, token, currentPassword="wrong").status_code == 404
    assert codes(change_own(world, token, currentPassword=None)) == {"[missing]currentPassword"}
    assert codes(change_own(world, token, password=" ")) == {"[blank]password"}
    assert codes(change_own(world, token, password="short")) == {"[tooShort]password"}
    assert log_in(world, user_id, OLD) == 200


def test_wrong_current_passwords_lock_the_user_out_like_wrong_logins(world: World) -> None:
    user_id, token = owner(world)
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda n: change_own(world, token, currentPassword=f"wrong {n}"), range(32)))
    assert {each.status_code for each in answers} == {404}
    assert change_own(world, token).status_code == 404
    assert log_in(world, user_id, OLD) == 423
    world.clock.advance(minutes=3)
    assert log_in(world, user_id, OLD) == 200


def test_of_parallel_changes_one_wins(world: World) -> None:
    user_id, token = owner(world)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: change_own(world, token, password=f"password number {n}"), range(4)))
    assert sorted(each.status_code for each in answers) == [200, 404, 404, 404]
    won = [each.status_code for each in answers].index(200)
    assert log_in(world, user_id, f"password number {won}") == 200


def test_without_id_key_or_token_nothing_is_changed(world: World) -> None:
    assert world.service.call("POST", CHANGE, {"password": NEW}, key="").status_code == 401
    assert world.service.call("GET", CHANGE, key="").status_code == 401
    assert change_own(world, "no token").status_code == 401
    assert world.service.call("POST", CHANGE, {"password": NEW}).status_code == 401


def test_an_administrator_changes_it_by_login_id(world: World) -> None:
    user_id, _ = owner(world)
    client, email = world.service.client, world.user(user_id)["email"]
    assert client.check_change_password_using_login_id(email).was_successful()
    changed = client.change_password_by_identity({"loginId": email, "currentPassword": OLD, "password": NEW})
    assert (changed.status, changed.success_response) == (200, None)
    assert client.change_password_by_identity({"loginId": email, "password": OLD}).status == 200
    assert log_in(world, user_id, OLD) == 200


def test_an_administrator_hears_what_was_wrong(world: World) -> None:
    user_id, _ = owner(world)
    email = world.user(user_id)["email"]
    body = {"loginId": email, "currentPassword": "wrong", "password": NEW}
    assert codes(world.service.call("POST", CHANGE, body)) == {"[invalid]currentPassword"}
    body = {"loginId": "nobody@example.com", "password": NEW}
    assert codes(world.service.call("POST", CHANGE, body)) == {"[invalid]loginId"}
    assert world.service.call("GET", CHANGE, params={"loginId": "nobody@example.com"}).status_code == 404
    assert world.service.call("POST", CHANGE, body | {"loginId": email}, key="").status_code == 401
    elsewhere = world.service.add_key(permissions={"/api/user": ["POST"]})
    assert world.service.call("POST", CHANGE, body | {"loginId": email}, key=elsewhere).status_code == 401


def test_a_login_id_of_another_tenant_is_nobodys(world: World) -> None:
    user_id, _ = owner(world)
    email = world.user(user_id)["email"]
    tenant_id, _ = world.add_tenant("other")
    foreign = world.service.add_key(tenant_id=tenant_id)
    for login_id in (email, "nobody@example.com"):
        answer = world.service.call("POST", CHANGE, {"loginId": login_id, "password": NEW}, key=foreign)
        assert codes(answer) == {"[invalid]loginId"}


def test_a_password_stays_for_its_minimum_age(world: World) -> None:
    configure_tenant(world, minimumPasswordAge={"enabled": True, "seconds": 60})
    _, token = owner(world)
    assert codes(change_own(world, token)) == {"[tooYoung]password"}
    world.clock.advance(seconds=60)
    assert change_own(world, token).status_code == 200


@pytest.mark.parametrize("cause", ["deactivated", "deleted"])
def test_a_user_who_is_gone_changes_nothing(world: World, cause: str) -> None:
    user_id, token = owner(world)
    query = {"hardDelete": "true"} if cause == "deleted" else {}
    assert world.service.call("DELETE", f"/api/user/{user_id}", params=query).status_code == 200
    assert change_own(world, token).status_code == 404
