"""How long a browser stays signed in, and when a client wants a younger login."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.domain.sso import SsoPolicy, is_too_old
from identity.domain.tokens import RefreshTokenTimes

HOUR, DAY = 3_600_000, 86_400_000
START = 1_700_000_000_000


@pytest.mark.parametrize(
    ("settings", "policy"),
    [
        ({}, SsoPolicy(HOUR, 30 * DAY)),
        ({"jwt_configuration": None}, SsoPolicy(HOUR, 30 * DAY)),
        ({"http_session_max_inactive_interval": 60}, SsoPolicy(60_000, 30 * DAY)),
        ({"jwt_configuration": {"refresh_token_time_to_live_in_minutes": 120}}, SsoPolicy(HOUR, 2 * HOUR)),
        ({"jwt_configuration": {"refresh_token_time_to_live_in_minutes": 30}}, SsoPolicy(HOUR, HOUR)),
    ],
)
def test_a_session_lives_as_the_tenants_refresh_tokens_or_as_its_interval_where_that_is_longer(
    settings: dict[str, Any], policy: SsoPolicy
) -> None:
    assert SsoPolicy.of(settings) == policy


@pytest.mark.parametrize(("seconds", "enabled"), [(0, False), (1, True), (3_600, True)])
def test_an_interval_of_nothing_switches_single_sign_on_off(seconds: int, enabled: bool) -> None:
    assert SsoPolicy.of({"http_session_max_inactive_interval": seconds}).enabled is enabled


@pytest.mark.parametrize(
    ("used", "end"),
    [(0, HOUR), (10 * HOUR, 11 * HOUR), (DAY - HOUR, DAY), (DAY - HOUR + 1, DAY), (DAY, DAY)],
)
def test_each_use_begins_the_interval_anew_until_the_session_is_over_however_much_it_is_used(
    used: int, end: int
) -> None:
    times = RefreshTokenTimes(insert_instant=START, start_instant=START + used)
    assert SsoPolicy(HOUR, DAY).end(times) == START + end


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.lists(st.integers(0, 10**9), max_size=5))
def test_no_use_makes_a_session_end_sooner_or_after_its_most(idle: int, minutes: int, pauses: list[int]) -> None:
    policy = SsoPolicy.of(
        {
            "http_session_max_inactive_interval": idle,
            "jwt_configuration": {"refresh_token_time_to_live_in_minutes": minutes},
        }
    )
    used, end = START, 0
    for pause in [0, *pauses]:
        used += pause
        later = policy.end(RefreshTokenTimes(insert_instant=START, start_instant=used))
        assert end <= later <= START + policy.most
        end = later


@pytest.mark.parametrize(
    ("most_seconds", "age", "too_old"),
    [
        (None, 1_000 * DAY, False),
        (0, 0, True),
        (0, 1, True),
        (60, 59_999, False),
        (60, 60_000, False),
        (60, 60_001, True),
    ],
)
def test_a_login_is_too_old_after_max_age_and_at_once_where_that_is_nothing(
    most_seconds: int | None, age: int, too_old: bool
) -> None:
    assert is_too_old(START, most_seconds, START + age) is too_old
