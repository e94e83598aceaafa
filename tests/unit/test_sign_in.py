"""Which page of the hosted login follows which outcome."""

from __future__ import annotations

import pytest

from identity.domain.outcome import Verdict
from identity.domain.sign_in import STAGES, Stage, stage_of

PLAIN = {"may_register": False, "must_be_registered": False}


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_its_page(verdict: Verdict) -> None:
    assert STAGES[verdict] is stage_of(verdict, completed=False, **PLAIN)


@pytest.mark.parametrize("verdict", [Verdict.LOGGED_IN, Verdict.EMAIL_UNVERIFIED, Verdict.REGISTRATION_UNVERIFIED])
def test_a_completed_login_goes_back_to_the_client_whatever_is_still_to_be_verified(verdict: Verdict) -> None:
    assert stage_of(verdict, completed=True, **PLAIN) is Stage.FINISHED


def test_a_gated_login_stops_at_the_page_of_its_verification() -> None:
    assert stage_of(Verdict.EMAIL_UNVERIFIED, completed=False, **PLAIN) is Stage.VERIFY_EMAIL


@pytest.mark.parametrize(
    ("may_register", "must_be_registered", "stage"),
    [
        (True, False, Stage.COMPLETE_REGISTRATION),
        (True, True, Stage.COMPLETE_REGISTRATION),
        (False, True, Stage.NOT_REGISTERED),
        (False, False, Stage.FINISHED),
    ],
)
def test_who_is_not_registered_may_register_is_turned_away_or_goes_on_without_roles(
    may_register: bool, must_be_registered: bool, stage: Stage
) -> None:
    found = stage_of(
        Verdict.NOT_REGISTERED, completed=True, may_register=may_register, must_be_registered=must_be_registered
    )
    assert found is stage
