"""Which user a login belongs to, for every strategy."""

from __future__ import annotations

from uuid import UUID

import pytest

from identity.domain.linking import (
    CreateAnonymousUser,
    Key,
    LinkDecision,
    MatchUser,
    NoLink,
    PendLink,
    UseLink,
    claimed,
    decide_link,
    lambda_runs,
    resets_credentials,
)
from identity.domain.model import Claims, LinkingStrategy

USER = UUID("00000000-0000-4000-8000-000000000001")

EXPECTED: dict[LinkingStrategy, LinkDecision] = {
    LinkingStrategy.CREATE_PENDING_LINK: PendLink(),
    LinkingStrategy.DISABLED: NoLink(),
    LinkingStrategy.LINK_ANONYMOUSLY: CreateAnonymousUser(),
    LinkingStrategy.LINK_BY_EMAIL: MatchUser(Key.EMAIL, may_create=True),
    LinkingStrategy.LINK_BY_EMAIL_FOR_EXISTING_USER: MatchUser(Key.EMAIL, may_create=False),
    LinkingStrategy.LINK_BY_USERNAME: MatchUser(Key.USERNAME, may_create=True),
    LinkingStrategy.LINK_BY_USERNAME_FOR_EXISTING_USER: MatchUser(Key.USERNAME, may_create=False),
}


@pytest.mark.parametrize("strategy", list(LinkingStrategy))
def test_each_strategy_decides_as_its_row_says(strategy: LinkingStrategy) -> None:
    assert decide_link(strategy, None) == EXPECTED[strategy]


@pytest.mark.parametrize("strategy", list(LinkingStrategy))
@pytest.mark.parametrize("no_link", [True, False])
def test_an_existing_link_wins_whatever_the_strategy(strategy: LinkingStrategy, no_link: bool) -> None:
    assert decide_link(strategy, USER, no_link=no_link) == UseLink(USER)


@pytest.mark.parametrize("strategy", list(LinkingStrategy))
def test_no_link_stops_every_strategy_when_there_is_no_link(strategy: LinkingStrategy) -> None:
    assert decide_link(strategy, None, no_link=True) == NoLink()


def test_only_anonymous_links_run_no_lambda() -> None:
    assert [s for s in LinkingStrategy if not lambda_runs(s)] == [LinkingStrategy.LINK_ANONYMOUSLY]


def test_the_key_of_a_match_is_the_providers_own_value() -> None:
    claims = Claims("1", email="a@example.test", username="alice")
    assert claimed(claims, Key.EMAIL) == "a@example.test"
    assert claimed(claims, Key.USERNAME) == "alice"


@pytest.mark.parametrize(
    ("key", "verified", "resets"),
    [(Key.EMAIL, False, True), (Key.EMAIL, True, False), (Key.USERNAME, False, False), (None, False, False)],
)
def test_only_an_unproved_email_match_resets_the_credentials(key: Key | None, verified: bool, resets: bool) -> None:
    assert resets_credentials(matched_by=key, user_verified=verified) is resets
