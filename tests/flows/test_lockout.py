"""Locked out for guessing: how, for whom, how long. Source: decisions 4, 21, 53; security T9, T16, T20."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import pytest

from identity.domain.guesses import Guess
from identity.domain.outcome import Verdict
from identity.domain.trace import Trace
from identity.flows.login.guesses import count_wrong
from identity.flows.login.login_attempt import Visit
from identity.flows.login.password_login import PasswordRequest, log_in
from tests.login_world import World
from tests.password_door import PASSWORD, Door
from tests.sessions import Sessions
from tests.storm import at_once

WRONG = "incorrect horse battery"
MOST = 5


@pytest.fixture
def door(world: World) -> Door:
    return Door(world)


def lock_out(door: Door) -> None:
    assert [door.status(WRONG) for _ in range(MOST)] == [404] * MOST


def test_five_wrong_passwords_lock_out_for_three_minutes(world: World, door: Door) -> None:
    door.add_user()
    lock_out(door)
    answer = door.knock()
    assert (answer.status_code, answer.content) == (423, b"")
    assert door.status(WRONG) == 404
    world.clock.advance(minutes=2)
    assert door.status() == 423
    world.clock.advance(minutes=1)
    assert door.status() == 200


def test_guessing_on_does_not_prolong_a_lockout(world: World, door: Door) -> None:
    door.add_user()
    lock_out(door)
    world.clock.advance(minutes=2)
    lock_out(door)
    world.clock.advance(minutes=1)
    assert door.status() == 200


def test_wrong_passwords_are_forgotten_after_a_minute_and_after_the_right_one(world: World, door: Door) -> None:
    door.add_user()
    for pause in (60, 0):
        assert [door.status(WRONG) for _ in range(MOST - 1)] == [404] * (MOST - 1)
        world.clock.advance(seconds=pause)
        assert door.status() == 200
        assert [door.status(WRONG) for _ in range(MOST - 1)] == [404] * (MOST - 1)
        assert door.status() == 200


def test_the_tenant_chooses_number_window_and_duration(world: World, door: Door) -> None:
    chosen = {"tooManyAttempts": 2, "resetCountInSeconds": 10, "actionDuration": 4, "actionDurationUnit": "HOURS"}
    door.tenant(failedAuthenticationConfiguration=chosen)
    door.add_user()
    assert door.status(WRONG) == 404
    world.clock.advance(seconds=10)
    assert (door.status(WRONG), door.status(WRONG), door.status()) == (404, 404, 423)
    world.clock.advance(minutes=239)
    assert door.status() == 423
    world.clock.advance(minutes=1)
    assert door.status() == 200


def test_one_user_is_locked_out_and_nobody_else(world: World, door: Door) -> None:
    door.add_user()
    neighbour = Door(world)
    neighbour.add_user()
    lock_out(door)
    assert (door.status(), neighbour.status()) == (423, 200)


def test_parallel_guesses_32_at_once_never_exceed_the_limit_for_passwords(world: World, door: Door) -> None:
    user_id = door.add_user()
    guesses = [WRONG] * 31 + [PASSWORD]
    answers = Counter(at_once(lambda number: door.status(guesses[number]), 32))
    assert answers[404] == 31
    assert answers[200] + answers[423] == 1
    assert door.status() == 423
    [(failures, locked)] = world.rows(
        "SELECT failures, locked_until IS NOT NULL FROM login_failures WHERE user_id = %s", user_id
    )
    assert (failures, locked) == (0, True)


def test_nobody_gets_in_who_was_still_hashing_when_the_limit_was_reached(world: World, door: Door) -> None:
    """Between the reading of the facts and the hashing of the right password, others use the guesses up."""
    user_id = UUID(door.add_user())
    services, tenant_id = world.service.services, world.service.tenant_id
    configuration = services.configurations.tenant(tenant_id)
    assert configuration is not None
    others = iter(range(MOST))

    def clock() -> int:
        """The trace asks for the time as soon as the user is known."""
        for _ in others:
            count_wrong(services, configuration.tenant, user_id, Guess.PASSWORD)
        return services.runtime.now()

    request = PasswordRequest(
        Visit(tenant_id=tenant_id),
        keyed=True,
        application_id=UUID(world.application_id),
        login_id=door.email,
        password=PASSWORD,
    )
    trace = Trace(clock)
    assert log_in(services, request, trace).verdict is Verdict.LOCKED
    assert [step.text for step in trace][:2] == [
        f"The login is for user {user_id}.",
        "The password is right: PASSWORD.",
    ]
    assert world.count("login_records") == 0


def test_guesses_at_a_login_id_of_nobody_are_counted_like_any_others(world: World, door: Door) -> None:
    """The same rows are written, so the same work is done (T19)."""
    door.add_user()
    for login_id in (door.email, "nobody@example.com"):
        assert [door.status(WRONG, loginId=login_id) for _ in range(3)] == [404] * 3
    assert [failures for (failures,) in world.rows("SELECT failures FROM login_failures")] == [3, 3]


def test_a_lockout_refuses_neither_a_federated_login_nor_a_refresh(sessions: Sessions) -> None:
    session = sessions.begin()
    email = sessions.world.user(session.user_id)["email"]
    sessions.world.change_user(session.user_id, password=PASSWORD)
    door = Door(sessions.world, email)
    again = sessions.begin(person=session.person)
    lock_out(door)
    assert door.status() == 423
    assert sessions.is_live(again.refresh_token)
    assert sessions.begin(person=session.person).user_id == session.user_id


def test_a_removed_user_leaves_no_guesses(world: World, door: Door) -> None:
    user_id = door.add_user()
    assert door.status(WRONG) == 404
    assert world.service.call("DELETE", f"/api/user/{user_id}", params={"hardDelete": "true"}).status_code == 200
    assert world.count("login_failures") == 0
