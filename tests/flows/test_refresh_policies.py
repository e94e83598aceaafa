"""How long refresh tokens live and how often they work: login contract 10.3, decision 24, security T10."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.contract.people import codes
from tests.sessions import Sessions, claims_of

REFUSED = {"refreshToken": ["[invalid]refreshToken"]}
ONE_TIME = {"refreshTokenUsagePolicy": "OneTimeUse"}
HOUR = {"refreshTokenTimeToLiveInMinutes": 60}
SLIDING = {**HOUR, "refreshTokenExpirationPolicy": "SlidingWindow"}
BOUNDED = {
    **HOUR,
    "refreshTokenExpirationPolicy": "SlidingWindowWithMaximumLifetime",
    "refreshTokenSlidingWindowConfiguration": {"maximumTimeToLiveInMinutes": 150},
}


def graceful(seconds: int) -> dict[str, Any]:
    return {**ONE_TIME, "refreshTokenOneTimeUseConfiguration": {"gracePeriodInSeconds": seconds}}


@contextmanager
def reuse_revokes(sessions: Sessions) -> Iterator[None]:
    """The tenant revokes the record of a one-time token that is used twice."""

    def patch(on: bool) -> None:
        policy = {"refreshTokenRevocationPolicy": {"onOneTimeTokenReuse": on}}
        body = {"tenant": {"jwtConfiguration": policy}}
        assert sessions.call("PATCH", f"/api/tenant/{sessions.tenant_id}", body).status_code == 200

    patch(True)
    try:
        yield
    finally:
        patch(False)


def test_a_fixed_token_ends_when_its_time_is_over_however_often_it_is_used(sessions: Sessions) -> None:
    session = sessions.begin(sessions.application(HOUR))
    for _ in range(2):
        sessions.world.clock.advance(minutes=29)
        assert sessions.is_live(session.refresh_token)
    sessions.world.clock.advance(minutes=3)
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED


def test_a_sliding_window_begins_again_at_every_use(sessions: Sessions) -> None:
    session = sessions.begin(sessions.application(SLIDING))
    for _ in range(5):
        sessions.world.clock.advance(minutes=59)
        assert sessions.is_live(session.refresh_token)
    sessions.world.clock.advance(minutes=61)
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED


def test_a_bounded_sliding_window_slides_until_the_maximum_life_time(sessions: Sessions) -> None:
    session = sessions.begin(sessions.application(BOUNDED))
    for _ in range(2):
        sessions.world.clock.advance(minutes=59)
        assert sessions.is_live(session.refresh_token)
    sessions.world.clock.advance(minutes=31)
    assert sessions.is_live(session.refresh_token)
    sessions.world.clock.advance(minutes=2)
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED


def test_a_bounded_sliding_window_that_is_not_used_ends_like_any_other(sessions: Sessions) -> None:
    session = sessions.begin(sessions.application(BOUNDED))
    sessions.world.clock.advance(minutes=61)
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED


def test_a_use_moves_the_start_of_sliding_tokens_only(sessions: Sessions) -> None:
    fixed, sliding = sessions.begin(sessions.application(HOUR)), sessions.begin(sessions.application(SLIDING))
    before = sessions.record(fixed.refresh_token_id), sessions.record(sliding.refresh_token_id)
    sessions.world.clock.advance(minutes=10)
    sessions.refreshed(fixed.refresh_token)
    sessions.refreshed(sliding.refresh_token)
    after = sessions.record(fixed.refresh_token_id), sessions.record(sliding.refresh_token_id)
    assert before[0] and before[1] and after[0] and after[1]
    assert after[0]["startInstant"] == before[0]["startInstant"]
    assert after[1]["startInstant"] - before[1]["startInstant"] >= 600_000
    for old, new in zip(before, after, strict=True):
        assert old and new and old["insertInstant"] == new["insertInstant"]
        accessed = new["metaData"]["device"]["lastAccessedInstant"]
        assert accessed - old["metaData"]["device"]["lastAccessedInstant"] >= 600_000


def test_a_shortened_policy_shortens_old_tokens_and_a_prolonged_one_prolongs_them(sessions: Sessions) -> None:
    application_id = sessions.application(HOUR)
    session = sessions.begin(application_id)
    sessions.world.clock.advance(minutes=30)
    sessions.configure(application_id, refreshTokenTimeToLiveInMinutes=29)
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED
    sessions.configure(application_id, refreshTokenTimeToLiveInMinutes=90)
    sessions.world.clock.advance(minutes=40)
    assert sessions.is_live(session.refresh_token)


def test_a_maximum_life_time_that_is_set_later_counts_for_old_tokens(sessions: Sessions) -> None:
    application_id = sessions.application(SLIDING)
    session = sessions.begin(application_id)
    for _ in range(3):
        sessions.world.clock.advance(minutes=55)
        assert sessions.is_live(session.refresh_token)
    sessions.configure(application_id, **BOUNDED)
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED


def test_the_tenants_policy_counts_while_the_applications_own_is_not_enabled(sessions: Sessions) -> None:
    application_id = sessions.application({"refreshTokenTimeToLiveInMinutes": 1, "enabled": False})
    session = sessions.begin(application_id)
    sessions.world.clock.advance(minutes=2)
    assert sessions.is_live(session.refresh_token)
    sessions.configure(application_id, enabled=True)
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED


def test_a_reusable_token_stays_the_same(sessions: Sessions) -> None:
    session = sessions.begin()
    for _ in range(3):
        assert sessions.refreshed(session.refresh_token)["refreshToken"] == session.refresh_token


def test_a_one_time_token_is_replaced_under_the_same_id(sessions: Sessions) -> None:
    session = sessions.begin(sessions.application(ONE_TIME))
    seen, token = {session.refresh_token}, session.refresh_token
    for _ in range(3):
        answer = sessions.refreshed(token)
        assert answer["refreshTokenId"] == session.refresh_token_id == claims_of(answer["token"])["sid"]
        token = answer["refreshToken"]
        assert len(token) >= 43 and token not in seen
        seen.add(token)


def test_a_spent_token_is_refused_and_its_successor_lives_on(sessions: Sessions) -> None:
    session = sessions.begin(sessions.application(ONE_TIME))
    successor = sessions.refreshed(session.refresh_token)["refreshToken"]
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED
    assert sessions.is_live(successor)


def test_within_the_grace_period_a_spent_token_gives_the_same_successor_again(sessions: Sessions) -> None:
    session = sessions.begin(sessions.application(graceful(30)))
    first = sessions.refreshed(session.refresh_token)
    sessions.world.clock.advance(seconds=20)
    again = sessions.refreshed(session.refresh_token)
    assert again["refreshToken"] == first["refreshToken"]
    assert again["refreshTokenId"] == first["refreshTokenId"]
    assert claims_of(again["token"])["jti"] != claims_of(first["token"])["jti"]
    assert sessions.is_live(first["refreshToken"])


def test_the_grace_period_counts_from_the_first_use_and_is_not_prolonged_by_the_second(sessions: Sessions) -> None:
    session = sessions.begin(sessions.application(graceful(30)))
    sessions.refreshed(session.refresh_token)
    sessions.world.clock.advance(seconds=20)
    sessions.refreshed(session.refresh_token)
    sessions.world.clock.advance(seconds=11)
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED


def test_only_the_last_predecessor_has_a_grace_period(sessions: Sessions) -> None:
    session = sessions.begin(sessions.application(graceful(30)))
    second = sessions.refreshed(session.refresh_token)["refreshToken"]
    third = sessions.refreshed(second)["refreshToken"]
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED
    assert sessions.refreshed(second)["refreshToken"] == third


def test_a_grace_period_passes_the_gates_like_any_use(sessions: Sessions) -> None:
    session = sessions.begin(sessions.application(graceful(30)))
    sessions.refreshed(session.refresh_token)
    with sessions.world.service.services.db.transaction() as conn:
        conn.execute("UPDATE users SET active = false WHERE id = %s", (session.user_id,))
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED


def test_another_tenants_call_gets_no_successor_in_the_grace_period(sessions: Sessions) -> None:
    session = sessions.begin(sessions.application(graceful(30)))
    successor = sessions.refreshed(session.refresh_token)["refreshToken"]
    with reuse_revokes(sessions), sessions.other_tenant() as (other, _):
        answer = sessions.call(
            "POST", "/api/jwt/refresh", {"refreshToken": session.refresh_token}, key="", tenant=other
        )
        assert codes(answer) == REFUSED
        assert sessions.is_live(successor)


def test_by_default_a_reuse_revokes_nothing(sessions: Sessions) -> None:
    session = sessions.begin(sessions.application(graceful(30)))
    successor = sessions.refreshed(session.refresh_token)["refreshToken"]
    sessions.world.clock.advance(seconds=31)
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED
    assert sessions.is_live(successor)


def test_on_one_time_token_reuse_the_whole_record_is_revoked(sessions: Sessions) -> None:
    application_id = sessions.application(graceful(30))
    session, bystander = sessions.begin(application_id), sessions.begin(application_id)
    other = sessions.begin(application_id, person=session.person)
    successor = sessions.refreshed(session.refresh_token)["refreshToken"]
    sessions.world.clock.advance(seconds=31)
    with reuse_revokes(sessions):
        assert codes(sessions.refresh(session.refresh_token)) == REFUSED
        assert codes(sessions.refresh(successor)) == REFUSED
        assert sessions.record(session.refresh_token_id) is None
        assert sessions.is_live(bystander.refresh_token)
        assert sessions.is_live(other.refresh_token)


def test_within_the_grace_period_nothing_is_revoked(sessions: Sessions) -> None:
    session = sessions.begin(sessions.application(graceful(30)))
    with reuse_revokes(sessions):
        successor = sessions.refreshed(session.refresh_token)["refreshToken"]
        assert sessions.refreshed(session.refresh_token)["refreshToken"] == successor
        assert sessions.is_live(successor)


def test_the_oldest_predecessor_is_recognised_as_a_reuse(sessions: Sessions) -> None:
    session = sessions.begin(sessions.application(ONE_TIME))
    token = session.refresh_token
    for _ in range(4):
        token = sessions.refreshed(token)["refreshToken"]
    with reuse_revokes(sessions):
        assert codes(sessions.refresh(session.refresh_token)) == REFUSED
        assert codes(sessions.refresh(token)) == REFUSED


def test_a_token_that_was_never_ours_revokes_nothing(sessions: Sessions) -> None:
    session = sessions.begin(sessions.application(ONE_TIME))
    with reuse_revokes(sessions):
        assert codes(sessions.refresh("x" * 43)) == REFUSED
        assert sessions.is_live(session.refresh_token)


def test_a_one_time_token_expires_by_the_same_rules(sessions: Sessions) -> None:
    session = sessions.begin(sessions.application({**ONE_TIME, **HOUR}))
    sessions.world.clock.advance(minutes=50)
    successor = sessions.refreshed(session.refresh_token)["refreshToken"]
    sessions.world.clock.advance(minutes=11)
    assert codes(sessions.refresh(successor)) == REFUSED


def test_a_one_time_policy_that_is_switched_on_later_spends_old_tokens(sessions: Sessions) -> None:
    application_id = sessions.application({})
    session = sessions.begin(application_id)
    assert sessions.refreshed(session.refresh_token)["refreshToken"] == session.refresh_token
    sessions.configure(application_id, **ONE_TIME)
    assert sessions.refreshed(session.refresh_token)["refreshToken"] != session.refresh_token
    assert codes(sessions.refresh(session.refresh_token)) == REFUSED


def test_a_clock_that_jumps_back_breaks_no_refresh(sessions: Sessions) -> None:
    session = sessions.begin(sessions.application({**SLIDING, **graceful(30)}))
    clock = sessions.world.clock
    clock.advance(minutes=60)
    later = sessions.begin(session.application_id)
    clock.advance(minutes=-60)
    successor = sessions.refreshed(later.refresh_token)["refreshToken"]
    assert sessions.refreshed(later.refresh_token)["refreshToken"] == successor
    assert sessions.is_live(successor)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that psycopg sends from now on, in this process, and every transaction it opens."""
    sent: list[str] = []
    execute, transaction = psycopg.Cursor.execute, psycopg.Connection.transaction

    def recorded(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        own = threading.current_thread().name != "login-traces" and "development_clock" not in str(query)
        if own:  # the rest happens beside requests, or in development only
            sent.append(str(query).split()[0])
        return execute(cursor, query, *arguments, **options)

    def opened(connection: Any, *arguments: Any, **options: Any) -> Any:
        if threading.current_thread().name != "login-traces":
            sent.append("BEGIN")
        return transaction(connection, *arguments, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", recorded)
    monkeypatch.setattr(psycopg.Connection, "transaction", opened)
    return sent


def test_a_refresh_is_one_read_and_at_most_one_write_a_minute(sessions: Sessions, statements: list[str]) -> None:
    """Fixed and Reusable, the benched case (decision 40)."""
    session = sessions.begin()
    sessions.refreshed(session.refresh_token)
    statements.clear()
    for _ in range(5):
        sessions.world.clock.advance(seconds=10)
        sessions.refreshed(session.refresh_token)
    assert statements == ["SELECT"] * 5
    statements.clear()
    for _ in range(6):
        sessions.world.clock.advance(seconds=20)
        sessions.refreshed(session.refresh_token)
    assert (statements.count("SELECT"), statements.count("UPDATE"), len(statements)) == (6, 2, 8)


def test_a_coarse_write_notes_when_and_from_where(sessions: Sessions) -> None:
    session = sessions.begin()
    sessions.world.clock.advance(seconds=61)
    body, headers = {"refreshToken": session.refresh_token}, {"X-Forwarded-For": "203.0.113.7"}
    assert sessions.call("POST", "/api/jwt/refresh", body, key="", headers=headers).status_code == 200
    record = sessions.record(session.refresh_token_id)
    assert record is not None
    device = record["metaData"]["device"]
    assert device["lastAccessedAddress"] == "203.0.113.7"
    assert device["lastAccessedInstant"] - record["insertInstant"] >= 61_000
