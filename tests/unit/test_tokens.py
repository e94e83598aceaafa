"""The rules of tokens: configuration in effect, claims, life of refresh tokens."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.domain.tokens import (
    AccessTokenFacts,
    JwtConfiguration,
    OneTimeUseConfiguration,
    RefreshTokenExpirationPolicy,
    RefreshTokenState,
    RefreshTokenTimes,
    RefreshTokenUsagePolicy,
    RevocationPolicy,
    SlidingWindowConfiguration,
    access_token_claims,
    effective,
    refresh_token_end,
    refresh_token_state,
    shortened_time_to_live,
    start_instant_after_use,
    within_grace_period,
)

NOW = 1_700_000_000_999
MINUTE = 60_000
USER, TENANT, APPLICATION, REFRESH, JTI = (UUID(int=number) for number in range(1, 6))
FIXED, SLIDING, MAXIMUM = RefreshTokenExpirationPolicy
FACTS = AccessTokenFacts(
    issuer="https://login.example.com",
    tenant_id=TENANT,
    user_id=USER,
    authentication_type="TWITTER",
    auth_instant=NOW - 5000,
    application_id=APPLICATION,
    roles=["user", "admin"],
    email="jane@example.com",
    email_verified=True,
    username="jane",
    refresh_token_id=REFRESH,
)


def claims(facts: AccessTokenFacts) -> dict[str, object]:
    return access_token_claims(facts, jti=JTI, now=NOW, time_to_live_in_seconds=3600)


def policy(expiration: RefreshTokenExpirationPolicy, minutes: int = 10, most: int = 30) -> JwtConfiguration:
    return JwtConfiguration(
        refresh_token_expiration_policy=expiration,
        refresh_token_time_to_live_in_minutes=minutes,
        refresh_token_sliding_window_configuration=SlidingWindowConfiguration(most),
    )


# Configuration


def test_the_defaults_are_those_of_the_contract() -> None:
    default = JwtConfiguration()
    assert (default.enabled, default.time_to_live_in_seconds) == (False, 3600)
    assert default.refresh_token_time_to_live_in_minutes == 43_200
    assert default.refresh_token_sliding_window_configuration.maximum_time_to_live_in_minutes == 43_200
    assert default.refresh_token_one_time_use_configuration.grace_period_in_seconds == 0
    assert default.refresh_token_expiration_policy.value == "Fixed"
    assert default.refresh_token_usage_policy is RefreshTokenUsagePolicy.REUSABLE
    assert default.refresh_token_revocation_policy == RevocationPolicy(True, True, False, False)
    assert (default.access_token_key_id, default.id_token_key_id) == (None, None)


def test_a_disabled_configuration_of_an_application_counts_in_nothing() -> None:
    tenant = JwtConfiguration(time_to_live_in_seconds=60)
    assert effective(JwtConfiguration(time_to_live_in_seconds=10, access_token_key_id=USER), tenant) is tenant
    assert effective(None, tenant) is tenant


def test_an_enabled_configuration_of_an_application_wins() -> None:
    application = JwtConfiguration(enabled=True, time_to_live_in_seconds=10, access_token_key_id=USER)
    tenant = JwtConfiguration(time_to_live_in_seconds=60, access_token_key_id=TENANT, id_token_key_id=TENANT)
    assert effective(application, tenant) == replace(application, id_token_key_id=TENANT)


def test_revocation_is_the_tenants_say() -> None:
    tenant = JwtConfiguration(refresh_token_revocation_policy=RevocationPolicy(on_one_time_token_reuse=True))
    assert effective(JwtConfiguration(enabled=True), tenant).refresh_token_revocation_policy.on_one_time_token_reuse


# Claims


def test_a_registered_login_says_everything_in_the_order_of_the_samples() -> None:
    assert list(claims(FACTS).items()) == [
        ("aud", str(APPLICATION)),
        ("exp", 1_700_003_600),
        ("iat", 1_700_000_000),
        ("iss", "https://login.example.com"),
        ("sub", str(USER)),
        ("jti", str(JTI)),
        ("authenticationType", "TWITTER"),
        ("email", "jane@example.com"),
        ("email_verified", True),
        ("preferred_username", "jane"),
        ("applicationId", str(APPLICATION)),
        ("roles", ["admin", "user"]),
        ("sid", str(REFRESH)),
        ("auth_time", 1_699_999_995),
        ("tid", str(TENANT)),
    ]


def test_an_unregistered_login_has_an_audience_but_neither_application_nor_roles() -> None:
    said = claims(replace(FACTS, roles=None))
    assert said["aud"] == str(APPLICATION)
    assert not {"applicationId", "roles"} & set(said)


def test_a_login_without_application_has_no_audience() -> None:
    assert not {"aud", "applicationId", "roles"} & set(claims(replace(FACTS, application_id=None)))


def test_a_registration_without_roles_says_so() -> None:
    assert claims(replace(FACTS, roles=()))["roles"] == []


def test_roles_are_a_sorted_set() -> None:
    assert claims(replace(FACTS, roles=["b", "a", "b"]))["roles"] == ["a", "b"]


@pytest.mark.parametrize("email", [None, ""])
def test_whether_an_email_is_verified_is_said_only_with_one(email: str | None) -> None:
    assert not {"email", "email_verified"} & set(claims(replace(FACTS, email=email)))
    assert claims(replace(FACTS, email_verified=False))["email_verified"] is False


def test_a_user_without_username_and_a_login_without_refresh_token_say_neither() -> None:
    assert not {"preferred_username", "sid"} & set(claims(replace(FACTS, username=None, refresh_token_id=None)))


def test_an_api_login_has_neither_scope_nor_grant() -> None:
    assert not {"scope", "gty"} & set(claims(FACTS))


# Time to live of an access token


@pytest.mark.parametrize(("wanted", "got"), [(None, 3600), (3600, 3600), (1, 1), (3601, None), (0, None), (-1, None)])
def test_a_request_may_only_shorten_the_time_to_live(wanted: int | None, got: int | None) -> None:
    assert shortened_time_to_live(wanted, JwtConfiguration()) == got


# Refresh tokens


@pytest.mark.parametrize("expiration", RefreshTokenExpirationPolicy)
def test_a_refresh_token_is_live_through_its_last_millisecond(expiration: RefreshTokenExpirationPolicy) -> None:
    record = RefreshTokenTimes(insert_instant=NOW, start_instant=NOW)
    end = NOW + 10 * MINUTE
    assert refresh_token_end(record, policy(expiration)) == end
    assert refresh_token_state(record, policy(expiration), end) is RefreshTokenState.LIVE
    assert refresh_token_state(record, policy(expiration), end + 1) is RefreshTokenState.EXPIRED


def test_the_maximum_lifetime_ends_a_token_that_is_used_all_the_time() -> None:
    record = RefreshTokenTimes(insert_instant=NOW, start_instant=NOW + 25 * MINUTE)
    at = NOW + 30 * MINUTE + 1
    assert refresh_token_state(record, policy(SLIDING), at) is RefreshTokenState.LIVE
    assert refresh_token_state(record, policy(MAXIMUM), at) is RefreshTokenState.EXPIRED


def test_shortening_the_policy_shortens_old_tokens() -> None:
    record = RefreshTokenTimes(NOW, NOW)
    assert refresh_token_state(record, policy(FIXED, minutes=10), NOW + 5 * MINUTE) is RefreshTokenState.LIVE
    assert refresh_token_state(record, policy(FIXED, minutes=4), NOW + 5 * MINUTE) is RefreshTokenState.EXPIRED


def test_only_sliding_policies_begin_again_at_a_use() -> None:
    record = RefreshTokenTimes(NOW, NOW)
    assert [start_instant_after_use(record, policy(each), NOW + 7) for each in (FIXED, SLIDING, MAXIMUM)] == [
        NOW,
        NOW + 7,
        NOW + 7,
    ]


uses = st.lists(st.integers(min_value=0, max_value=20 * MINUTE), max_size=12)


def lives_through(expiration: RefreshTokenExpirationPolicy, gaps: list[int]) -> list[int]:
    """The instants, counted from issue, of the uses that found the token live."""
    record, now, lived = RefreshTokenTimes(NOW, NOW), NOW, []
    for gap in gaps:
        now += gap
        if refresh_token_state(record, policy(expiration), now) is RefreshTokenState.EXPIRED:
            break
        lived.append(now - NOW)
        record = replace(record, start_instant=start_instant_after_use(record, policy(expiration), now))
    return lived


@given(uses)
def test_a_fixed_token_never_outlives_its_time(gaps: list[int]) -> None:
    assert all(at <= 10 * MINUTE for at in lives_through(FIXED, gaps))


@given(uses)
def test_a_sliding_token_lives_while_no_pause_is_too_long(gaps: list[int]) -> None:
    unbroken = next((i for i, gap in enumerate(gaps) if gap > 10 * MINUTE), len(gaps))
    assert len(lives_through(SLIDING, gaps)) == unbroken


@given(uses)
def test_the_maximum_lifetime_only_ever_takes_away_from_sliding(gaps: list[int]) -> None:
    sliding = lives_through(SLIDING, gaps)
    assert lives_through(MAXIMUM, gaps) == [at for at in sliding if at <= 30 * MINUTE]


@pytest.mark.parametrize(
    ("grace", "later", "within"), [(0, 0, False), (0, -1, False), (5, 0, True), (5, 4999, True), (5, 5000, False)]
)
def test_the_predecessor_is_accepted_within_the_grace_period(grace: int, later: int, within: bool) -> None:
    configuration = JwtConfiguration(refresh_token_one_time_use_configuration=OneTimeUseConfiguration(grace))
    assert within_grace_period(NOW, configuration, NOW + later) is within
