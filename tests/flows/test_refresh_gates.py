"""Which gates a refresh passes, and which it does not (decisions 1 and 53; the gate table of security section 10).

Every refresh token here outlives its user's trouble, so that it is the gate that answers: what stands in the way goes
away again, and the same token is good.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.acting import acting
from tests.login_world import World
from tests.password_door import Door
from tests.second_factors import with_phone
from tests.verifying import GATED

WRONG = "incorrect horse battery"
Undo = Callable[[], object]
Trouble = Callable[[Door, str], Undo]


def deactivate(door: Door, user_id: str) -> Undo:
    """Not by the API, which revokes every token as well."""
    with door.world.service.services.db.read() as conn:
        conn.execute("UPDATE users SET active = false WHERE id = %s", (user_id,))
    return lambda: door.world.service.client.reactivate_user(user_id)


def expire(door: Door, user_id: str) -> Undo:
    door.world.change_user(user_id, expiry=1)
    return lambda: door.world.change_user(user_id, expiry=None)


def ban(door: Door, user_id: str) -> Undo:
    actor = acting(door.world.service)
    action = actor.ban(user_id)
    return lambda: actor.cancel(action["id"])


def ban_from_elsewhere(door: Door, user_id: str) -> Undo:
    other = door.world.service.call(
        "POST", "/api/application", {"application": {"name": "other"}}, tenant=door.world.service.tenant_id
    )
    acting(door.world.service).ban(user_id, applicationIds=[other.json()["application"]["id"]])
    return lambda: None


def lock_out(door: Door, user_id: str) -> Undo:
    assert [door.status(WRONG) for _ in range(5)] == [404] * 5
    assert door.status() == 423
    return lambda: None


def demand_new_password(door: Door, user_id: str) -> Undo:
    door.world.change_user(user_id, passwordChangeRequired=True)
    assert door.status() == 203
    return lambda: None


def add_second_factor(door: Door, user_id: str) -> Undo:
    with_phone(door.world, user_id)
    assert door.status() == 242
    return lambda: None


def unverify(door: Door, user_id: str) -> Undo:
    door.tenant(emailConfiguration={"verifyEmail": True} | GATED)
    with door.world.service.services.db.read() as conn:
        conn.execute("UPDATE users SET verified = false WHERE id = %s", (user_id,))
    assert door.status() == 212
    return lambda: None


def forbid_refreshing(door: Door, user_id: str) -> Undo:
    door.application(loginConfiguration={"allowTokenRefresh": False})
    return lambda: door.application(loginConfiguration={"allowTokenRefresh": True})


@pytest.fixture
def door(world: World) -> Door:
    door = Door(world)
    door.tenant(jwtConfiguration={"refreshTokenRevocationPolicy": {"onLoginPrevented": False}})
    return door


def refresh(door: Door, token: str) -> int:
    return door.world.service.call("POST", "/api/jwt/refresh", {"refreshToken": token}, key="").status_code


@pytest.mark.parametrize("trouble", [deactivate, expire, ban, forbid_refreshing])
def test_a_refresh_is_refused_while_the_trouble_lasts(door: Door, trouble: Trouble) -> None:
    user_id = door.add_user()
    token = door.knock().json()["refreshToken"]
    undo = trouble(door, user_id)
    assert refresh(door, token) == 400
    undo()
    assert refresh(door, token) == 200


@pytest.mark.parametrize("trouble", [ban_from_elsewhere, lock_out, demand_new_password, add_second_factor, unverify])
def test_a_refresh_does_not_pass_the_other_gates(door: Door, trouble: Trouble) -> None:
    user_id = door.add_user()
    token = door.knock().json()["refreshToken"]
    trouble(door, user_id)
    assert refresh(door, token) == 200


def test_a_refresh_is_refused_without_a_registration(door: Door) -> None:
    user_id = door.add_user()
    token = door.knock().json()["refreshToken"]
    path = f"/api/user/registration/{user_id}/{door.world.application_id}"
    assert door.world.service.call("DELETE", path).status_code == 200
    assert refresh(door, token) == 400
