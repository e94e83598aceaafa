"""How a user stands: which actions hold now, and for whom; and the lockout."""

from __future__ import annotations

from uuid import UUID

import pytest

from identity.domain.standing import PreventingAction, Standing

NOW = 1_700_000_000_000
HERE, THERE = UUID(int=1), UUID(int=2)


def action(expiry: int | None = None, *applications: UUID) -> PreventingAction:
    return PreventingAction(UUID(int=9), None, applications, expiry, "Blocked")


@pytest.mark.parametrize(
    ("taken", "holds"),
    [
        (action(None), True),
        (action(NOW + 1), True),
        (action(NOW), False),
        (action(None, HERE), True),
        (action(None, THERE), False),
        (action(None, THERE, HERE), True),
        (action(NOW - 1, HERE), False),
    ],
)
def test_an_action_holds_until_its_expiry_for_its_applications_or_all(taken: PreventingAction, holds: bool) -> None:
    assert taken.holds(NOW, HERE) is holds
    assert Standing(actions=(taken,)).preventing(NOW, HERE) == ((taken,) if holds else ())


def test_an_action_for_one_application_lets_a_login_without_one_pass() -> None:
    assert not action(None, HERE).holds(NOW, None)


def test_a_lockout_ends_at_its_instant() -> None:
    assert Standing(locked_until=NOW + 1).locked(NOW)
    assert not Standing(locked_until=NOW).locked(NOW)
    assert not Standing().locked(NOW)
