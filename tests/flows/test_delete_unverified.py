"""userDeletePolicy and registrationDeletePolicy: who is not verified in time is deleted (contract 3.4, 5.2)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from identity.flows.users.delete_unverified import Deleted, delete_unverified
from tests.login_world import World
from tests.webhook_world import NO, Hooks, hooks_of

POLICY = {"unverified": {"enabled": True, "numberOfDaysToRetain": 3}}


@pytest.fixture
def hooks(world: World) -> Iterator[Hooks]:
    with hooks_of(world.service) as made:
        yield made


def patch(world: World, path: str, kind: str, **members: object) -> None:
    answer = world.service.call("PATCH", path, {kind: members})
    assert answer.status_code == 200, answer.text


def verify_users(world: World, *, enabled: bool = True) -> None:
    policy = {"unverified": {**POLICY["unverified"], "enabled": enabled}}
    email = {"verifyEmail": True}
    patch(world, f"/api/tenant/{world.service.tenant_id}", "tenant", userDeletePolicy=policy, emailConfiguration=email)


def names(world: World) -> set[str]:
    return {row[0] for row in world.rows("SELECT username FROM users WHERE username IS NOT NULL")}


def delete(world: World) -> Deleted:
    return delete_unverified(world.service.services)


def add_people(world: World) -> None:
    world.add_user(username="late", email="late@example.com")
    imported = {"username": "verified", "verified": True}
    assert world.service.call("POST", "/api/user/import", {"users": [imported]}).status_code == 200


def test_who_is_not_verified_in_time_is_deleted_and_nobody_else(world: World) -> None:
    verify_users(world)
    add_people(world)
    world.clock.advance(days=2)
    world.add_user(username="fresh", email="fresh@example.com")
    assert delete(world) == Deleted(users=0, registrations=0)
    world.clock.advance(days=1, seconds=1)
    assert delete(world) == Deleted(users=1, registrations=0)
    assert names(world) == {"verified", "fresh"}


def test_without_the_policy_the_unverified_stay(world: World) -> None:
    verify_users(world, enabled=False)
    add_people(world)
    world.clock.advance(days=200)
    assert delete(world) == Deleted(users=0, registrations=0)


def test_a_registration_that_is_not_verified_in_time_is_deleted_and_its_user_stays(world: World) -> None:
    path = f"/api/application/{world.application_id}"
    patch(world, path, "application", verifyRegistration=True, registrationDeletePolicy=POLICY)
    user = world.add_user(username="half")
    body = {"registration": {"applicationId": world.application_id}}
    assert world.service.call("POST", f"/api/user/registration/{user['id']}", body).status_code == 200
    world.clock.advance(days=3, seconds=1)
    assert delete(world) == Deleted(users=0, registrations=1)
    assert world.user(user["id"])["registrations"] == []


def test_a_webhook_that_has_a_say_may_keep_them(world: World, hooks: Hooks) -> None:
    verify_users(world)
    add_people(world)
    world.clock.advance(days=4)
    hooks.add("user.delete", behaviour=NO)
    hooks.switch_on("user.delete", transaction="Any")
    assert delete(world) == Deleted(users=0, registrations=0)
    hooks.switch_on()
    assert delete(world) == Deleted(users=1, registrations=0)
