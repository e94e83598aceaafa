"""When a password must be changed, and which of several reasons counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from identity.domain.outcome import ChangeReason
from identity.domain.password_change import DAY, ChangeRules, change_reason, is_too_young, reason_after_update
from tests.unit.test_user_wire import FULL_USER

NOW = 1_700_000_000_000
BOB = replace(FULL_USER, password_change_required=False, password_change_reason=None, password_last_update_instant=NOW)
STRICT = ChangeRules(maximum_age=DAY, minimum_age=30_000, validates_on_login=True)


def reason(user: Any = BOB, rules: ChangeRules = STRICT, now: int = NOW, *, breaks_rules: bool = False) -> Any:
    return change_reason(user, rules, now, breaks_rules=breaks_rules)


def test_a_good_password_stays() -> None:
    assert reason() is None


def test_a_user_without_a_password_is_never_asked_for_a_new_one() -> None:
    nobody = replace(BOB, password_last_update_instant=None, password_change_required=True)
    assert reason(nobody, now=NOW + DAY, breaks_rules=True) is None


def test_whose_password_a_directory_keeps_is_never_asked_for_a_new_one() -> None:
    of_directory = replace(BOB, connector_id=UUID(int=9), password_change_required=True)
    assert reason(of_directory, now=NOW + DAY, breaks_rules=True) is None


def test_the_first_reason_counts_administrative_then_expired_then_validation() -> None:
    asked = replace(BOB, password_change_required=True)
    assert reason(asked, now=NOW + DAY, breaks_rules=True) is ChangeReason.ADMINISTRATIVE
    assert reason(now=NOW + DAY, breaks_rules=True) is ChangeReason.EXPIRED
    assert reason(breaks_rules=True) is ChangeReason.VALIDATION


def test_a_stored_reason_is_given_back_while_a_change_is_required() -> None:
    breached = replace(BOB, password_change_reason="Breached")
    assert reason(replace(breached, password_change_required=True)) is ChangeReason.BREACHED
    assert reason(breached) is None


@pytest.mark.parametrize(
    ("was_required", "stored", "required", "said"),
    [
        (False, None, True, "Administrative"),
        (False, "Breached", True, "Administrative"),
        (True, "Breached", True, "Breached"),
        (True, None, True, "Administrative"),
        (True, "Breached", False, None),
        (False, None, False, None),
    ],
)
def test_a_demand_that_stands_keeps_its_reason_and_a_new_one_is_the_administrators(
    was_required: bool, stored: str | None, required: bool, said: str | None
) -> None:
    before = replace(BOB, password_change_required=was_required, password_change_reason=stored)
    assert reason_after_update(before, required) == said


@pytest.mark.parametrize(("required", "said"), [(True, "Administrative"), (False, None)])
def test_of_a_new_user_only_an_administrator_can_have_demanded_it(required: bool, said: str | None) -> None:
    assert reason_after_update(None, required) == said


def test_a_password_expires_at_the_very_instant() -> None:
    assert reason(now=NOW + DAY - 1) is None
    assert reason(now=NOW + DAY) is ChangeReason.EXPIRED


def test_what_a_tenant_has_not_switched_on_demands_nothing() -> None:
    assert reason(rules=ChangeRules(), now=NOW + 1_000 * DAY, breaks_rules=True) is None


def test_a_password_is_too_young_until_its_minimum_age() -> None:
    assert is_too_young(BOB, STRICT, NOW + 29_999)
    assert not is_too_young(BOB, STRICT, NOW + 30_000)
    assert not is_too_young(BOB, ChangeRules(), NOW)
    assert not is_too_young(replace(BOB, password_last_update_instant=None), STRICT, NOW)


@pytest.mark.parametrize("enabled", [True, False])
def test_the_rules_are_read_from_a_tenants_settings(enabled: bool) -> None:
    settings = {
        "maximum_password_age": {"enabled": enabled, "days": 2},
        "minimum_password_age": {"enabled": enabled, "seconds": 3},
        "password_validation_rules": {
            "validate_on_login": enabled,
            "remember_previous_passwords": {"enabled": enabled, "count": 4},
        },
        "email_configuration": {"implicit_email_verification_allowed": enabled},
    }
    off = ChangeRules(verifies_email=False)
    assert ChangeRules.of(settings) == (ChangeRules(2 * DAY, 3_000, True, 4, True) if enabled else off)
    assert ChangeRules.of({}) == ChangeRules()
