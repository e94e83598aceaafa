"""Of two things that keep a login from ending with 200, the earlier row of login contract 3.5 decides: every pair, by
calls, at every door. Unverified people are Gated here, so that no login of theirs completes."""

from __future__ import annotations

from itertools import combinations

import pytest

from tests.login_world import World
from tests.second_factors import change_application, change_tenant
from tests.troubles import TROUBLES, Somebody, ask_second_factor

EXCLUSIVE = {(213, 202)}
"""A registration can not be unverified and absent (decision 2)."""

PAIRS = [pair for pair in combinations(TROUBLES, 2) if pair not in EXCLUSIVE]
NAMES = [f"{first} before {second}" for first, second in PAIRS]
ALLOWED = {"unverified": {"behavior": "Allow"}}


@pytest.mark.parametrize("pair", PAIRS, ids=NAMES)
def test_at_complete_login_the_earlier_row_decides(world: World, pair: tuple[int, int]) -> None:
    somebody = Somebody(world)
    for status in pair:
        TROUBLES[status](somebody)
    assert somebody.complete_login().status_code == pair[0]


@pytest.mark.parametrize("pair", PAIRS, ids=NAMES)
def test_at_the_password_door_the_earlier_row_decides(world: World, pair: tuple[int, int]) -> None:
    somebody = Somebody(world)
    for status in pair:
        TROUBLES[status](somebody)
    expected = 423 if pair[0] == 404 else pair[0]  # deactivated, and the password was right (decision 4)
    assert somebody.password().status_code == expected


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if 242 not in pair])
def test_after_the_second_factor_the_earlier_row_decides(world: World, pair: tuple[int, int]) -> None:
    somebody = Somebody(world)
    ask_second_factor(somebody)
    challenge = somebody.step_up()
    for status in pair:
        TROUBLES[status](somebody)
    assert somebody.second_factor(challenge).status_code == pair[0]


@pytest.mark.parametrize("status", list(TROUBLES))
def test_each_trouble_alone_ends_a_login_with_its_status(world: World, status: int) -> None:
    somebody = Somebody(world)
    assert somebody.complete_login().status_code == 200
    TROUBLES[status](somebody)
    assert somebody.complete_login().status_code == status


@pytest.mark.parametrize("status", [212, 213])
def test_under_allow_an_unverified_login_completes_so_a_webhook_can_still_refuse_it(world: World, status: int) -> None:
    somebody = Somebody(world)
    change_tenant(world, emailConfiguration=ALLOWED)
    change_application(world, **ALLOWED)
    TROUBLES[status](somebody)
    assert somebody.complete_login().status_code == status
    TROUBLES[504](somebody)
    assert somebody.complete_login().status_code == 504


def test_an_address_that_may_wait_hides_no_registration_that_may_not(world: World) -> None:
    somebody = Somebody(world)
    change_tenant(world, emailConfiguration=ALLOWED)
    TROUBLES[212](somebody)
    TROUBLES[213](somebody)
    for answer in (somebody.complete_login(), somebody.password()):
        assert answer.status_code == 213
        assert answer.json().keys() == {"user"}
        assert not answer.cookies
    assert world.count("login_records") == world.count("refresh_tokens") == 0
