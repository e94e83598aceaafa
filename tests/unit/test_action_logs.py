"""What was done to a user, and whether it is still in force."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.domain.action_logs import ActionLog
from identity.domain.user_actions import UserAction, UserActionReason

NOW = 1_700_000_000_000
ADMIN = UUID(int=9)

LOG = ActionLog(
    tenant_id=UUID(int=1),
    id=UUID(int=2),
    actionee_user_id=UUID(int=3),
    actioner_user_id=ADMIN,
    user_action_id=UUID(int=4),
    application_ids=[],
    prevents_login=True,
    temporal=True,
    expiry=NOW + 1,
    name="Ban",
    localized_name=None,
    option=None,
    localized_option=None,
    reason=None,
    localized_reason=None,
    reason_code=None,
    comment=None,
    email_user_on_end=False,
    notify_user_on_end=False,
    ended=False,
    end_event_sent=False,
    history=[],
    insert_instant=NOW,
)
BAN = UserAction(
    id=UUID(int=4),
    name="Ban",
    active=True,
    temporal=True,
    prevent_login=True,
    send_end_event=True,
    transaction_type="None",
    user_emailing_enabled=False,
    user_notifications_enabled=False,
    include_email_in_event_json=False,
    start_email_template_id=None,
    modify_email_template_id=None,
    cancel_email_template_id=None,
    end_email_template_id=None,
    localized_names={},
    options=[
        {"name": "mild", "localized_names": {"de": "milde"}},
        {"name": "hard", "localized_names": {}},
    ],
    insert_instant=0,
    last_update_instant=0,
)
SPAM = UserActionReason(UUID(int=5), "S1", "Spam", {"de": "Werbung"}, 0, 0)


@pytest.mark.parametrize(
    ("changes", "active"),
    [
        ({}, True),
        ({"expiry": None}, True),
        ({"expiry": NOW}, False),
        ({"expiry": NOW - 1}, False),
        ({"ended": True}, False),
        ({"ended": True, "expiry": None}, False),
        ({"temporal": False}, False),
        ({"temporal": False, "expiry": None}, False),
    ],
)
def test_an_action_is_in_force_while_it_lasts_and_is_neither_over_nor_cancelled(
    changes: dict[str, Any], active: bool
) -> None:
    assert replace(LOG, **changes).is_active(NOW) is active


def test_a_step_says_who_why_and_when_and_moves_the_end() -> None:
    stepped = LOG.with_step(NOW, ADMIN, "Once more.", NOW + 5)
    assert stepped.history == [
        {"actioner_user_id": str(ADMIN), "comment": "Once more.", "create_instant": NOW, "expiry": NOW + 5}
    ]
    assert (stepped.actioner_user_id, stepped.comment, stepped.expiry) == (ADMIN, "Once more.", NOW + 5)


def test_a_step_of_the_service_itself_has_no_actioner() -> None:
    stepped = LOG.with_step(NOW, None, None, None)
    assert stepped.actioner_user_id is None
    assert stepped.history[-1]["actioner_user_id"] is None


STEPS = st.tuples(
    st.integers(0, 2**53),
    st.none() | st.uuids(),
    st.none() | st.text(max_size=5),
    st.none() | st.integers(0, 2**53),
)


@given(st.lists(STEPS, max_size=5))
def test_history_only_grows_and_nothing_else_changes_than_the_last_step_says(steps: list[Any]) -> None:
    log = LOG
    for step in steps:
        before, log = log, log.with_step(*step)
        assert log.history[:-1] == before.history
        assert [log.history[-1]["create_instant"], log.actioner_user_id, log.comment, log.expiry] == list(step)
    assert len(log.history) == len(steps)
    unchanged = {name: getattr(LOG, name) for name in ("actioner_user_id", "comment", "expiry", "history")}
    assert replace(log, **unchanged) == LOG


@pytest.mark.parametrize("expiry", [NOW + 1_000_000, None])
@pytest.mark.parametrize("later", [0, 1, 2_000_000])
def test_a_cancelled_action_is_over_from_that_moment_on(expiry: int | None, later: int) -> None:
    cancelled = replace(LOG, expiry=expiry).cancelled(NOW, ADMIN, "Sorry.")
    assert not cancelled.is_active(NOW + later)
    assert (cancelled.ended, cancelled.expiry) == (True, NOW)  # so its end is not announced once more
    assert cancelled.history[-1]["comment"] == "Sorry."


@pytest.mark.parametrize(("languages", "localized"), [(["de"], "Werbung"), (["fr"], None), ([], None)])
def test_the_words_of_a_reason_are_kept_as_they_were(languages: list[str], localized: str | None) -> None:
    because = LOG.because(SPAM, languages)
    assert because == replace(LOG, reason="Spam", localized_reason=localized, reason_code="S1")


def test_without_a_new_reason_the_old_one_stays() -> None:
    because = LOG.because(SPAM, ["de"])
    assert because.because(None, ["fr"]) == because


@pytest.mark.parametrize(
    ("option", "languages", "localized"), [("mild", ["de"], "milde"), ("mild", ["fr"], None), ("hard", ["de"], None)]
)
def test_the_words_of_an_option_are_kept_as_they_were(option: str, languages: list[str], localized: str | None) -> None:
    assert LOG.choosing(BAN, option, languages) == replace(LOG, option=option, localized_option=localized)


def test_without_a_new_option_the_old_one_stays() -> None:
    chosen = LOG.choosing(BAN, "mild", ["de"])
    assert chosen.choosing(BAN, None, ["fr"]) == chosen


def test_an_option_that_the_definition_has_not_is_none() -> None:
    assert BAN.option("mild") == {"name": "mild", "localized_names": {"de": "milde"}}
    assert BAN.option("Mild") is None
