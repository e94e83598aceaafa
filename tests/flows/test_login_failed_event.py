"""user.login.failed: webhooks hear of a wrong password, and of nobody nothing. Source: supporting contract 17.4."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from identity.flows import courier
from tests.acting import acting
from tests.login_world import World
from tests.password_door import PASSWORD, Door
from tests.webhook_world import Hook, hooks_of

WRONG = "incorrect horse battery"
TYPES = ("user.action", "user.login.failed")


@pytest.fixture
def hook(world: World) -> Iterator[Hook]:
    """A webhook that wants failed logins and actions."""
    with hooks_of(world.service) as hooks:
        hooks.switch_on(*TYPES)
        yield hooks.add(*TYPES)


@pytest.fixture
def door(world: World) -> Door:
    return Door(world)


def events(world: World, hook: Hook, name: str = "user.login.failed") -> list[dict[str, Any]]:
    """The events of this type that have arrived."""
    courier.deliver_due(world.service.services)
    return [event for event in hook.events if event["type"] == name]


def test_a_wrong_password_is_told_with_who_where_and_why(world: World, hook: Hook, door: Door) -> None:
    user_id = door.add_user()
    assert door.status(WRONG, ipAddress="192.0.2.5") == 404
    [event] = events(world, hook)
    assert event["user"]["id"] == user_id
    assert {name: event[name] for name in ("applicationId", "authenticationType", "ipAddress", "reason")} == {
        "applicationId": world.application_id,
        "authenticationType": "PASSWORD",
        "ipAddress": "192.0.2.5",
        "reason": {"code": "credentials"},
    }
    assert event["info"]["ipAddress"] == "192.0.2.5"
    assert WRONG not in str(event)


def test_who_is_not_registered_there_has_no_application_in_the_event(world: World, hook: Hook, door: Door) -> None:
    door.add_user(registered=False)
    assert door.status(WRONG) == 404
    [event] = events(world, hook)
    assert "applicationId" not in event


def test_nobody_and_the_right_password_are_told_of_to_nobody(world: World, hook: Hook, door: Door) -> None:
    door.add_user()
    assert door.status(WRONG, loginId=f"{uuid4().hex}@example.com") == 404
    assert door.status(PASSWORD) == 200
    assert events(world, hook) == []


def test_a_lockout_by_action_is_told_as_an_action(world: World, hook: Hook, door: Door) -> None:
    definition = acting(world.service).definition(name="Locked out")
    door.tenant(failedAuthenticationConfiguration={"userActionId": definition["id"]})
    user_id = door.add_user()
    assert [door.status(WRONG) for _ in range(5)] == [404] * 5
    assert len(events(world, hook)) == 5
    [event] = events(world, hook, "user.action")
    assert (event["actioneeUserId"], event["action"], event["phase"]) == (user_id, "Locked out", "start")
