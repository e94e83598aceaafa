"""A tenant that locks out with a user action: 409, refresh refused, ended by time or by hand. Source: decision 53."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acting import Acting, acting
from tests.login_world import World
from tests.password_door import PASSWORD, Door
from tests.storm import at_once

WRONG = "incorrect horse battery"
MOST = 5


@pytest.fixture
def door(world: World) -> Door:
    return Door(world)


@pytest.fixture
def actor(world: World) -> Acting:
    return acting(world.service)


def lock_out_with(door: Door, definition: dict[str, Any]) -> str:
    """The tenant locks out with this action, and the door's user is locked out; returns their id."""
    door.tenant(failedAuthenticationConfiguration={"userActionId": definition["id"]})
    user_id = door.add_user()
    assert [door.status(WRONG) for _ in range(MOST)] == [404] * MOST
    return user_id


def taken(world: World, user_id: str) -> list[dict[str, Any]]:
    answer = world.service.client.retrieve_active_actions(user_id)
    assert answer.status == 200
    found: list[dict[str, Any]] = answer.success_response.get("actions", [])
    return found


def test_the_action_prevents_logins_until_it_ends(world: World, door: Door, actor: Acting) -> None:
    definition = actor.definition(name="Locked out")
    user_id = lock_out_with(door, definition)
    answer = door.knock()
    assert answer.status_code == 409
    [action] = answer.json()["actions"]
    assert action["name"] == "Locked out"
    assert 0 <= action["expiry"] - world.service.services.runtime.now() <= 180_000
    assert [each["userActionId"] for each in taken(world, user_id)] == [definition["id"]]
    assert door.status(WRONG) == 404
    world.clock.advance(minutes=3)
    assert door.status() == 200


def test_an_administrator_ends_it_by_cancelling_the_action(world: World, door: Door, actor: Acting) -> None:
    user_id = lock_out_with(door, actor.definition())
    [action] = taken(world, user_id)
    assert actor.cancel(action["id"]).status == 200
    assert door.status() == 200


def test_a_refresh_is_refused_and_so_is_a_federated_login(world: World, door: Door, actor: Acting) -> None:
    session = world.logged_in("alice")
    user_id = session["user"]["id"]
    email = world.user(user_id)["email"]
    world.change_user(user_id, password=PASSWORD)
    session = world.logged_in("alice")
    door.tenant(failedAuthenticationConfiguration={"userActionId": actor.definition()["id"]})
    assert [door.status(WRONG, loginId=email) for _ in range(MOST)] == [404] * MOST
    refused = world.service.call("POST", "/api/jwt/refresh", {"refreshToken": session["refreshToken"]}, key="")
    assert refused.status_code == 400
    assert world.login("alice").status_code == 409


def test_guessing_on_takes_no_second_action(world: World, door: Door, actor: Acting) -> None:
    user_id = lock_out_with(door, actor.definition())
    before = taken(world, user_id)
    assert [door.status(WRONG) for _ in range(2 * MOST)] == [404] * 2 * MOST
    assert taken(world, user_id) == before


def test_32_parallel_guesses_take_one_action(world: World, door: Door, actor: Acting) -> None:
    door.tenant(failedAuthenticationConfiguration={"userActionId": actor.definition()["id"]})
    user_id = door.add_user()
    assert at_once(lambda _: door.status(WRONG), 32) == [404] * 32
    assert len(taken(world, user_id)) == 1
    assert door.status() == 409


@pytest.mark.parametrize("members", [{"preventLogin": False}, {"preventLogin": False, "temporal": False}])
def test_an_action_that_prevents_no_login_leaves_the_plain_lockout(
    world: World, door: Door, actor: Acting, members: dict[str, Any]
) -> None:
    lock_out_with(door, actor.definition(**members))
    assert door.status() == 423


def test_an_action_that_is_no_longer_active_leaves_the_plain_lockout(world: World, door: Door, actor: Acting) -> None:
    definition = actor.definition()
    door.tenant(failedAuthenticationConfiguration={"userActionId": definition["id"]})
    door.add_user()
    assert world.service.client.deactivate_user_action(definition["id"]).status == 200
    assert [door.status(WRONG) for _ in range(MOST)] == [404] * MOST
    assert door.status() == 423


def test_guessing_at_nobody_takes_no_action(world: World, door: Door, actor: Acting) -> None:
    door.tenant(failedAuthenticationConfiguration={"userActionId": actor.definition()["id"]})
    assert [door.status(WRONG) for _ in range(MOST + 1)] == [404] * (MOST + 1)
    assert world.count("user_action_logs") == 0


def test_who_resets_a_forgotten_password_is_let_in_if_the_tenant_says_so(
    world: World, door: Door, actor: Acting
) -> None:
    policy = {"userActionId": actor.definition()["id"], "actionCancelPolicy": {"onPasswordReset": True}}
    door.tenant(failedAuthenticationConfiguration=policy)
    user_id = door.add_user()
    assert [door.status(WRONG) for _ in range(MOST)] == [404] * MOST
    other = actor.ban(user_id)
    request = {"loginId": door.email, "sendForgotPasswordEmail": False, "sendForgotPasswordMessage": False}
    forgotten = world.service.client.forgot_password(request)
    assert forgotten.status == 200
    change = {"password": "battery horse correct"}
    changed = world.service.client.change_password(forgotten.success_response["changePasswordId"], change)
    assert changed.status == 200
    assert [action["id"] for action in taken(world, user_id)] == [other["id"]]
    assert actor.cancel(other["id"]).status == 200
    assert door.status("battery horse correct") == 200
