"""Many changes of one object at once, each of which webhooks have a say in: all are done, each is asked about once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.login_world import World
from tests.password_door import Door
from tests.webhook_world import Hooks, hooks_of

AT_ONCE = 16


@pytest.fixture
def hooks(world: World) -> Iterator[Hooks]:
    with hooks_of(world.service) as made:
        yield made


def test_sixteen_changes_of_one_user_are_all_done_and_asked_about_once(world: World, hooks: Hooks) -> None:
    user_id = world.add_user(username="contended")["id"]
    hook = hooks.add("user.update")
    hooks.switch_on("user.update", transaction="Any")

    def change(number: int) -> int:
        document = {"user": {"data": {f"key {number}": number}}}
        return world.service.call("PATCH", f"/api/user/{user_id}", document).status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert list(pool.map(change, range(AT_ONCE))) == [200] * AT_ONCE
    assert world.user(user_id)["data"] == {f"key {number}": number for number in range(AT_ONCE)}
    assert len(hook.requests) == AT_ONCE


def test_sixteen_logins_of_one_user_are_all_agreed_to(world: World, hooks: Hooks) -> None:
    door = Door(world)
    door.add_user()
    hook = hooks.add("user.login.success")
    hooks.switch_on("user.login.success", transaction="Any")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert list(pool.map(lambda _: door.status(), range(AT_ONCE))) == [200] * AT_ONCE
    assert len(hook.requests) >= AT_ONCE
