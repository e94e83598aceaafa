"""The order of the gates: whichever facts hold together, the first row decides."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from identity.domain.outcome import COMPLETED, GATES, REFUSALS, ChangeReason, Door, LoginFacts, Verdict, judge, ruling

NOW = 1_700_000_000_000
GOOD = LoginFacts(Door.TWO_FACTOR, NOW, active=True, expiry=None, registered=True)

CAUSES: dict[Verdict, dict[str, Any]] = {
    Verdict.NOT_FOUND: {"active": False},
    Verdict.EXPIRED: {"expiry": NOW},
    Verdict.LOCKED: {"locked": True},
    Verdict.LOGIN_PREVENTED: {"prevented": True},
    Verdict.SECOND_FACTOR_REQUIRED: {"second_factor_needed": True},
    Verdict.PASSWORD_CHANGE_REQUIRED: {"change_reason": ChangeReason.EXPIRED},
    Verdict.EMAIL_UNVERIFIED: {"email_unverified": True},
    Verdict.REGISTRATION_UNVERIFIED: {"registration_unverified": True},
    Verdict.NOT_REGISTERED: {"registered": False},
}


def test_a_user_with_nothing_against_them_is_logged_in() -> None:
    assert judge(GOOD) is Verdict.LOGGED_IN


def test_every_gate_has_a_cause_in_this_test() -> None:
    assert [verdict for _, verdict, _ in GATES][1:] == list(CAUSES)  # the first is for the password door alone


@pytest.mark.parametrize("verdict", list(CAUSES))
def test_each_gate_alone_gives_its_verdict(verdict: Verdict) -> None:
    assert judge(replace(GOOD, **CAUSES[verdict])) is verdict


@pytest.mark.parametrize(("first", "second"), list(combinations(CAUSES, 2)))
def test_of_two_causes_the_earlier_row_decides(first: Verdict, second: Verdict) -> None:
    assert judge(replace(GOOD, **CAUSES[first], **CAUSES[second])) is first


def test_every_ruling_names_a_rule_of_its_own() -> None:
    rules = [rule for _, _, rule in GATES]
    assert len({*rules, ruling(GOOD)[1]}) == len(GATES) + 1


def test_a_user_expires_at_the_very_instant() -> None:
    assert judge(replace(GOOD, expiry=NOW + 1)) is Verdict.LOGGED_IN
    assert judge(replace(GOOD, expiry=NOW)) is Verdict.EXPIRED


def test_at_the_password_door_a_deactivated_user_is_locked_out_and_elsewhere_unknown() -> None:
    deactivated = replace(GOOD, active=False, expiry=NOW)
    assert judge(replace(deactivated, door=Door.PASSWORD)) is Verdict.LOCKED
    assert judge(replace(deactivated, door=Door.COMPLETE_LOGIN)) is Verdict.NOT_FOUND


@pytest.mark.parametrize("door", list(Door))
def test_a_lockout_for_guessing_closes_the_doors_whose_proof_can_be_guessed(door: Door) -> None:
    closed = door in (Door.PASSWORD, Door.TWO_FACTOR)
    verdict = judge(replace(GOOD, door=door, locked=True))
    assert verdict is (Verdict.LOCKED if closed else Verdict.LOGGED_IN)


def test_the_refusals_are_the_gates_before_the_first_write() -> None:
    assert {Verdict.LOCKED, Verdict.NOT_FOUND, Verdict.EXPIRED, Verdict.LOGIN_PREVENTED} == REFUSALS
    assert not REFUSALS & COMPLETED
