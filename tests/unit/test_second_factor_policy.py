"""Which policy applies to a login, and when a trusted computer waives the second factor."""

from __future__ import annotations

import os
from uuid import UUID

import pytest

from identity.domain.second_factor import (
    ALPHABET,
    Policy,
    Trust,
    authenticator_settings,
    new_method_id,
    new_recovery_codes,
    typed,
)
from identity.domain.standing import TwoFactorMethod
from identity.domain.totp import Authenticator

PHONE, MAIL = TwoFactorMethod("AAAA", "authenticator"), TwoFactorMethod("BBBB", "email", email="a@example.test")
HERE, THERE = UUID(int=1), UUID(int=2)
NOW = 1_000


def policy(tenant: dict[str, object] | None = None, application: dict[str, object] | None = None) -> Policy:
    return Policy.of(
        {"multi_factor_configuration": tenant}, application and {"multi_factor_configuration": application}
    )


@pytest.mark.parametrize(
    ("login_policy", "methods", "asks"),
    [
        ("Disabled", [PHONE], False),
        ("Enabled", [PHONE], True),
        ("Enabled", [], False),
        ("Required", [PHONE], True),
        ("Required", [], True),
        ("ChallengeOnHighRisk", [PHONE], True),
        ("ChallengeOnMediumRisk", [], False),
    ],
)
def test_the_policy_and_the_methods_decide(login_policy: str, methods: list[TwoFactorMethod], asks: bool) -> None:
    assert policy({"login_policy": login_policy}).asks(methods) is asks


def test_without_settings_the_policy_is_enabled_with_authenticators_only() -> None:
    assert policy() == Policy.of({}, None) == Policy("Enabled", "Any", ("authenticator",))


def test_a_method_of_a_kind_that_is_not_offered_counts_for_nothing() -> None:
    offered = policy({"email": {"enabled": True}, "authenticator": {"enabled": False}})
    assert offered.usable([PHONE, MAIL]) == (MAIL,)
    assert not offered.asks([PHONE])


@pytest.mark.parametrize("own", ["Disabled", "Enabled", "Required"])
def test_the_applications_policy_wins_over_the_tenants(own: str) -> None:
    assert policy({"login_policy": "Required"}, {"login_policy": own}).login_policy == own
    assert policy({"login_policy": own}, {}).login_policy == own


def test_somebody_without_a_usable_method_may_set_up_what_the_tenant_offers() -> None:
    offered = policy({"login_policy": "Required", "email": {"enabled": True}})
    assert offered.configurable([]) == ("authenticator", "email")
    assert offered.configurable([PHONE]) == ()


@pytest.mark.parametrize(
    ("trust_policy", "application_id", "expiry", "waives"),
    [
        ("Any", HERE, NOW + 1, True),
        ("Any", THERE, NOW + 1, True),
        ("Any", HERE, NOW, False),
        ("This", HERE, NOW + 1, True),
        ("This", THERE, NOW + 1, False),
        ("None", HERE, NOW + 1, False),
    ],
)
def test_the_trust_policy_says_which_trust_waives(
    trust_policy: str, application_id: UUID, expiry: int, waives: bool
) -> None:
    trusts = [Trust(application_id, 0, expiry)]
    assert policy({}, {"trust_policy": trust_policy}).trusts(trusts, HERE, NOW) is waives


@pytest.mark.parametrize(
    ("chosen", "authenticator"),
    [
        (None, Authenticator()),
        ({"enabled": True}, Authenticator()),
        ({"enabled": True, "code_length": 8}, Authenticator(code_length=8)),
        (
            {"enabled": False, "algorithm": "HmacSHA256", "code_length": 8, "time_step": 60},
            Authenticator("HmacSHA256", 8, 60),
        ),
    ],
)
def test_a_new_authenticator_counts_as_the_tenant_says(
    chosen: dict[str, object] | None, authenticator: Authenticator
) -> None:
    settings = authenticator_settings({"multi_factor_configuration": {"authenticator": chosen}})
    assert Authenticator(**settings) == authenticator


@pytest.mark.parametrize("tenant", [{}, {"multi_factor_configuration": None}])
def test_without_settings_an_authenticator_counts_as_most_do(tenant: dict[str, object]) -> None:
    assert Authenticator(**authenticator_settings(tenant)) == Authenticator("HmacSHA1", 6, 30)


def test_recovery_codes_are_ten_that_differ_of_eight_characters() -> None:
    codes = new_recovery_codes(os.urandom)
    assert len(codes) == len(set(codes)) == 10
    assert all(len(code) == 8 and set(code) <= set(ALPHABET) for code in codes)


def test_a_method_id_that_is_taken_is_drawn_again() -> None:
    draws = iter([b"\x00\x00\x00\x00", b"\x01\x01\x01\x01"])
    assert new_method_id(["AAAA"], lambda _: next(draws)) == "BBBB"


def test_spaces_and_dashes_between_groups_do_not_count() -> None:
    assert typed("12 34-56") == "123456"
