"""When the Rocket.Chat door's own rules block somebody. Source: Rocket.Chat contract 8.1."""

from __future__ import annotations

from identity.domain.rocketchat_blocking import BLOCKED_MESSAGES, MOST_KEPT, Blocked, BlockRule

RULE = BlockRule(attempts=3, window=1_000)
NOW = 10_000


def test_as_many_failures_as_the_threshold_within_the_window_block() -> None:
    assert not RULE.blocks([NOW, NOW], NOW)
    assert RULE.blocks([NOW - 999, NOW, NOW], NOW)


def test_the_window_slides_and_a_failure_leaves_it_after_its_time() -> None:
    failures = [NOW, NOW + 500, NOW + 600]
    assert RULE.blocks(failures, NOW + 999)
    assert not RULE.blocks(failures, NOW + 1_000)


def test_an_attempt_while_blocked_counts_as_well() -> None:
    failures = RULE.with_failure([NOW, NOW, NOW], NOW + 500)
    assert failures == [NOW, NOW, NOW + 500]
    assert not RULE.blocks(failures, NOW + 1_000)
    for instant in (NOW + 600, NOW + 700):
        failures = RULE.with_failure(failures, instant)
    assert RULE.blocks(failures, NOW + 1_000)


def test_a_threshold_of_zero_never_blocks() -> None:
    never = BlockRule(attempts=0, window=1_000)
    failures: list[int] = []
    for _ in range(100):
        failures = never.with_failure(failures, NOW)
    assert not never.blocks(failures, NOW)
    assert failures == [NOW]


def test_no_more_is_kept_than_can_matter_and_never_more_than_a_thousand() -> None:
    wide = BlockRule(attempts=10 * MOST_KEPT, window=1_000)
    failures: list[int] = []
    for _ in range(MOST_KEPT + 5):
        failures = wide.with_failure(failures, NOW)
    assert len(failures) == MOST_KEPT
    assert wide.blocks(failures, NOW)


def test_the_answers_are_those_that_clients_know() -> None:
    assert {each.value: BLOCKED_MESSAGES[each] for each in Blocked} == {
        "error-login-blocked-for-ip": "Login has been temporarily blocked For IP",
        "error-login-blocked-for-user": "Login has been temporarily blocked For User",
    }
