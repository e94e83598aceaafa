"""What webhooks hear of groups, their members, imports and bulk deletes, and where they have a say (contract 17.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests

from identity.domain.events import TYPES
from tests.login_world import World
from tests.webhook_world import NO, Hook, Hooks, hooks_of

EVERY = sorted(TYPES - {"audit-log.create", "event-log.create", "kickstart.success"})
Json = dict[str, Any]
Act = Callable[[World, Json, Json], requests.Response]
"""Something that is done, with a group and a user."""


@pytest.fixture
def hooks(world: World) -> Iterator[Hooks]:
    with hooks_of(world.service) as made:
        yield made


@pytest.fixture
def group(world: World) -> Json:
    group: Json = world.service.call("POST", "/api/group", {"group": {"name": "Group"}}).json()["group"]
    return group


@pytest.fixture
def user(world: World, group: Json) -> Json:
    return world.add_user(username="member", memberships=[{"groupId": group["id"]}])


def create(world: World, _: Json, __: Json) -> requests.Response:
    return world.service.call("POST", "/api/group", {"group": {"name": "New"}})


def update(world: World, group: Json, _: Json) -> requests.Response:
    return world.service.call("PUT", f"/api/group/{group['id']}", {"group": {"name": "Renamed"}})


def delete(world: World, group: Json, _: Json) -> requests.Response:
    return world.service.call("DELETE", f"/api/group/{group['id']}")


def put(world: World, method: str, group: Json) -> requests.Response:
    newcomer = world.add_user(username=uuid4().hex)
    return world.service.call(method, "/api/group/member", {"members": {group["id"]: [{"userId": newcomer["id"]}]}})


def add(world: World, group: Json, _: Json) -> requests.Response:
    return put(world, "POST", group)


def replace(world: World, group: Json, _: Json) -> requests.Response:
    return put(world, "PUT", group)


def remove(world: World, group: Json, user: Json) -> requests.Response:
    return world.service.call("DELETE", "/api/group/member", {"members": {group["id"]: [user["id"]]}})


def bring(world: World, _: Json, __: Json) -> requests.Response:
    users = [{"username": "first", "registrations": [{"applicationId": world.application_id}]}, {"username": "second"}]
    return world.service.call("POST", "/api/user/import", {"users": users})


def purge(world: World, _: Json, user: Json) -> requests.Response:
    return world.service.call("DELETE", f"/api/user/bulk?hardDelete=true&userId={user['id']}")


ACTS: list[tuple[Act, str]] = [
    (create, "group.create"),
    (update, "group.update"),
    (delete, "group.delete"),
    (add, "group.member.add"),
    (replace, "group.member.update"),
    (remove, "group.member.remove"),
    (purge, "user.delete"),
]


def named(value: Any) -> str:
    return value.__name__ if callable(value) else ""


def heard(hooks: Hooks, hook: Hook) -> list[Json]:
    """What came of the acts, without the making of those whom they need."""
    hooks.deliver()
    return [event for event in hook.events if not event["type"].startswith("user.create")]


@pytest.mark.parametrize(("act", "kind"), ACTS, ids=named)
@pytest.mark.parametrize("transaction", ["None", "AbsoluteMajority"])
def test_what_is_done_is_told_with_its_partner(
    world: World, hooks: Hooks, group: Json, user: Json, act: Act, kind: str, transaction: str
) -> None:
    hook = hooks.add(*EVERY)
    hooks.switch_on(*EVERY, transaction=transaction)
    assert act(world, group, user).status_code == 200
    assert [event["type"] for event in heard(hooks, hook)] == [kind, f"{kind}.complete"]


@pytest.mark.parametrize(("act", "kind"), [*ACTS, (bring, "user.bulk.create")], ids=named)
def test_what_webhooks_do_not_agree_to_is_not_done(
    world: World, hooks: Hooks, group: Json, user: Json, act: Act, kind: str
) -> None:
    hooks.add(kind, behaviour=NO)
    hooks.switch_on(kind, transaction="Any")
    before = [world.rows(f"SELECT t::text FROM {name} t ORDER BY 1") for name in ("groups", "group_members")]
    answer = act(world, group, user)
    assert answer.status_code == 504, answer.text
    after = [world.rows(f"SELECT t::text FROM {name} t ORDER BY 1") for name in ("groups", "group_members")]
    assert after == before
    assert world.rows("SELECT 1 FROM users WHERE username IN ('first', 'second')") == []
    assert world.service.call("GET", f"/api/user/{user['id']}").status_code == 200


def test_an_event_of_members_names_the_group_and_them(world: World, hooks: Hooks, group: Json, user: Json) -> None:
    hook = hooks.add(*EVERY)
    hooks.switch_on(*EVERY)
    assert remove(world, group, user).status_code == 200
    event = heard(hooks, hook)[0]
    assert event["group"] == group
    assert event["members"] == user["memberships"]


def test_an_update_of_a_group_shows_what_it_was(world: World, hooks: Hooks, group: Json) -> None:
    hook = hooks.add(*EVERY)
    hooks.switch_on(*EVERY)
    changed = update(world, group, {}).json()["group"]
    event = heard(hooks, hook)[0]
    assert (event["original"], event["group"]) == (group, changed)


def test_an_import_is_one_event_that_names_all(world: World, hooks: Hooks) -> None:
    hook = hooks.add(*EVERY)
    hooks.switch_on(*EVERY)
    assert bring(world, {}, {}).status_code == 200
    hooks.deliver()
    [event] = hook.events
    assert event["type"] == "user.bulk.create"
    assert [user["username"] for user in event["users"]] == ["first", "second"]
    assert [each["applicationId"] for each in event["users"][0]["registrations"]] == [world.application_id]
