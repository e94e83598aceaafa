"""user.login.failed: webhooks hear of a wrong password, and of nobody nothing. Source: supporting contract 17.4."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.acting import acting
from tests.login_world import World
from tests.password_door import PASSWORD, Door

WRONG = "incorrect horse battery"
NOWHERE = "http://127.0.0.1:9/"


@pytest.fixture
def door(world: World) -> Door:
    """The tenant's webhook wants failed logins and actions."""
    types = ("user.action", "user.login.failed")
    webhook = {
        "url": NOWHERE,
        "connectTimeout": 1000,
        "readTimeout": 1000,
        "tenantIds": [str(world.service.tenant_id)],
        "eventsEnabled": dict.fromkeys(types, True),
    }
    assert world.service.client.create_webhook({"webhook": webhook}).status == 200
    door = Door(world)
    door.tenant(eventConfiguration={"events": {name: {"enabled": True} for name in types}})
    return door


def events(world: World, name: str = "user.login.failed") -> list[dict[str, Any]]:
    """The events of this type that are on their way, oldest first."""
    search = {"search": {"eventType": name, "orderBy": "insertInstant ASC"}}
    answer = world.service.call("POST", "/api/system/webhook-event-log/search", search)
    assert answer.status_code == 200, answer.text
    return [log["event"]["event"] for log in answer.json()["webhookEventLogs"]]


def test_a_wrong_password_is_told_with_who_where_and_why(world: World, door: Door) -> None:
    user_id = door.add_user()
    assert door.status(WRONG, ipAddress="192.0.2.5") == 404
    [event] = events(world)
    assert event["user"]["id"] == user_id
    assert {name: event[name] for name in ("applicationId", "authenticationType", "ipAddress", "reason")} == {
        "applicationId": world.application_id,
        "authenticationType": "PASSWORD",
        "ipAddress": "192.0.2.5",
        "reason": {"code": "credentials"},
    }
    assert event["info"]["ipAddress"] == "192.0.2.5"
    assert WRONG not in str(event)


def test_who_is_not_registered_there_has_no_application_in_the_event(world: World, door: Door) -> None:
    door.add_user(registered=False)
    assert door.status(WRONG) == 404
    [event] = events(world)
    assert "applicationId" not in event


def test_nobody_and_the_right_password_are_told_of_to_nobody(world: World, door: Door) -> None:
    door.add_user()
    assert door.status(WRONG, loginId=f"{uuid4().hex}@example.com") == 404
    assert door.status(PASSWORD) == 200
    assert events(world) == []


def test_a_lockout_by_action_is_told_as_an_action(world: World, door: Door) -> None:
    definition = acting(world.service).definition(name="Locked out")
    door.tenant(failedAuthenticationConfiguration={"userActionId": definition["id"]})
    user_id = door.add_user()
    assert [door.status(WRONG) for _ in range(5)] == [404] * 5
    assert len(events(world)) == 5
    [event] = events(world, "user.action")
    assert (event["actioneeUserId"], event["action"], event["phase"]) == (user_id, "Locked out", "start")
