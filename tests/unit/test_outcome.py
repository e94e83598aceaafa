"""The order of the gates: whichever facts hold together, the first row decides."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from identity.domain.outcome import GATES, REFUSALS, Door, LoginFacts, Verdict, judge

NOW = 1_700_000_000_000
GOOD = LoginFacts(Door.COMPLETE_LOGIN, NOW, active=True, expiry=None, registered=True)

CAUSES: dict[Verdict, dict[str, Any]] = {
    Verdict.NOT_FOUND: {"active": False},
    Verdict.EXPIRED: {"expiry": NOW},
    Verdict.NOT_REGISTERED: {"registered": False},
}


def test_a_user_with_nothing_against_them_is_logged_in() -> None:
    assert judge(GOOD) is Verdict.LOGGED_IN


def test_every_gate_has_a_cause_in_this_test() -> None:
    assert [verdict for _, verdict in GATES] == list(CAUSES)


@pytest.mark.parametrize("verdict", list(CAUSES))
def test_each_gate_alone_gives_its_verdict(verdict: Verdict) -> None:
    assert judge(replace(GOOD, **CAUSES[verdict])) is verdict


@pytest.mark.parametrize(("first", "second"), list(combinations(CAUSES, 2)))
def test_of_two_causes_the_earlier_row_decides(first: Verdict, second: Verdict) -> None:
    assert judge(replace(GOOD, **CAUSES[first], **CAUSES[second])) is first


def test_a_user_expires_at_the_very_instant() -> None:
    assert judge(replace(GOOD, expiry=NOW + 1)) is Verdict.LOGGED_IN
    assert judge(replace(GOOD, expiry=NOW)) is Verdict.EXPIRED


def test_the_refusals_are_the_gates_before_the_first_write() -> None:
    assert {Verdict.NOT_FOUND, Verdict.EXPIRED} == REFUSALS
