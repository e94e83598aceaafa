"""A browser stays signed in: what begins its session, what goes on with it, and everything that ends it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from identity.domain.outcome import Verdict
from identity.domain.trace import Trace
from identity.flows import courier
from identity.flows.hosted import sso_session
from identity.flows.housekeeping import keep_house
from identity.flows.second_factors.two_factor_login import TwoFactorRequest, two_factor_login
from tests.acting import acting
from tests.login_world import World
from tests.second_factors import change_application, tenant_policy, with_phone
from tests.sso import VISIT, SignedIn
from tests.webhook_world import NO, Hook, hooks_of

REFRESH = "/api/jwt/refresh"
REVOKED = "jwt.refresh-token.revoke"


@pytest.fixture
def someone(world: World) -> SignedIn:
    return SignedIn(world)


@pytest.fixture
def hook(world: World) -> Iterator[Hook]:
    """Hears of revoked tokens."""
    with hooks_of(world.service) as hooks:
        made = hooks.add(REVOKED)
        hooks.switch_on(REVOKED)
        yield made


def another_application(world: World, **members: Any) -> str:
    document = {"name": f"application {uuid4()}"} | members
    answer = world.service.call("POST", "/api/application", {"application": document}, tenant=world.service.tenant_id)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["application"]["id"])


def test_a_session_logs_in_again_and_keeps_how_and_when_the_person_proved_themselves(someone: SignedIn) -> None:
    session = someone.session()
    began = someone.world.service.services.runtime.now()
    someone.world.clock.advance(minutes=30)
    continued = someone.go_on(session.token)
    assert continued is not None
    outcome = continued.outcome
    assert (outcome.verdict, outcome.completed, outcome.authentication_type) == (Verdict.LOGGED_IN, True, "PASSWORD")
    assert outcome.auth_instant is not None and abs(outcome.auth_instant - began) < 60_000
    assert (continued.session.id, continued.session.token) == (session.id, session.token)
    assert someone.world.count("login_records") == 2


def test_a_session_opens_another_application_of_the_tenant(someone: SignedIn) -> None:
    other = another_application(someone.world)
    someone.world.service.call(
        "POST", f"/api/user/registration/{someone.user_id}", {"registration": {"applicationId": other}}
    )
    assert someone.verdict(someone.session().token, other) is Verdict.LOGGED_IN


def test_a_session_is_worth_nothing_in_another_tenant(someone: SignedIn) -> None:
    _, foreign = someone.world.add_tenant(f"tenant {uuid4()}")
    session = someone.session()
    assert someone.verdict(session.token, foreign) is None
    assert someone.verdict(session.token) is Verdict.LOGGED_IN


def test_no_session_begins_unless_the_person_wants_to_be_kept_signed_in(someone: SignedIn) -> None:
    assert someone.begin(remember=False) is None
    assert someone.world.count("refresh_tokens") == 0


def test_no_session_begins_where_the_tenant_lets_none_live(someone: SignedIn) -> None:
    someone.door.tenant(httpSessionMaxInactiveInterval=0)
    assert someone.begin() is None


def test_every_login_begins_a_session_of_its_own_and_ends_what_the_browser_had(someone: SignedIn) -> None:
    first = someone.session()
    second = someone.session(first.token)
    assert second.token != first.token
    assert not someone.is_stored(first.token)
    assert someone.verdict(second.token) is Verdict.LOGGED_IN


def test_a_login_that_is_not_to_be_kept_ends_the_session_of_the_browser_all_the_same(someone: SignedIn) -> None:
    first = someone.session()
    assert someone.begin(first.token, remember=False) is None
    assert someone.verdict(first.token) is None


@pytest.mark.parametrize("planted", ["", "x", "a" * 43, "a" * 5_000])
def test_a_planted_value_is_never_taken_over(someone: SignedIn, planted: str) -> None:
    session = someone.session(planted)
    assert session.token != planted
    assert planted == "" or not someone.is_stored(planted)


def test_the_refresh_token_of_an_application_is_no_session(someone: SignedIn) -> None:
    answer = someone.door.knock()
    token = answer.json()["refreshToken"]
    assert someone.verdict(token) is None
    someone.session(token)
    assert someone.is_stored(token)  # and no login in the browser ends it


def test_a_session_refreshes_nothing(someone: SignedIn) -> None:
    session = someone.session()
    answer = someone.world.service.call("POST", REFRESH, {"refreshToken": session.token}, key="")
    assert answer.status_code == 400
    assert someone.verdict(session.token) is Verdict.LOGGED_IN


def test_a_session_ends_when_nobody_used_it_for_as_long_as_the_tenant_says(someone: SignedIn) -> None:
    someone.door.tenant(httpSessionMaxInactiveInterval=600)
    with someone.world.clock.standing_still():
        session = someone.session()
        assert session.seconds == 600
        someone.world.clock.advance(seconds=599)
        continued = someone.go_on(session.token)
        assert continued is not None and continued.session.seconds == 600
        someone.world.clock.advance(seconds=599)
        assert someone.verdict(session.token) is Verdict.LOGGED_IN
        someone.world.clock.advance(seconds=600)
        assert someone.verdict(session.token) is None


def test_however_much_it_is_used_a_session_ends_when_a_refresh_token_would(someone: SignedIn) -> None:
    someone.door.tenant(httpSessionMaxInactiveInterval=600, jwtConfiguration={"refreshTokenTimeToLiveInMinutes": 15})
    with someone.world.clock.standing_still():
        session = someone.session()
        someone.world.clock.advance(minutes=9)
        continued = someone.go_on(session.token)
        assert continued is not None and continued.session.seconds == 360
        someone.world.clock.advance(minutes=6)
        assert someone.verdict(session.token) is None


def test_an_interval_that_is_longer_than_refresh_tokens_live_counts_whole(someone: SignedIn) -> None:
    someone.door.tenant(httpSessionMaxInactiveInterval=7200, jwtConfiguration={"refreshTokenTimeToLiveInMinutes": 4})
    session = someone.session()
    someone.world.clock.advance(minutes=119)
    assert someone.verdict(session.token) is Verdict.LOGGED_IN


def test_a_shorter_interval_shortens_the_sessions_there_are(someone: SignedIn) -> None:
    session = someone.session()
    someone.world.clock.advance(minutes=10)
    someone.door.tenant(httpSessionMaxInactiveInterval=300)
    assert someone.verdict(session.token) is None


@pytest.mark.parametrize(("age", "accepted"), [(0, False), (59, False), (61, True), (None, True)])
def test_a_client_says_how_old_the_login_behind_a_session_may_be(
    someone: SignedIn, age: int | None, accepted: bool
) -> None:
    with someone.world.clock.standing_still():
        session = someone.session()
        someone.world.clock.advance(seconds=60)
        assert (someone.go_on(session.token, most_age=age) is not None) is accepted
        live = sso_session.is_live(someone.world.service.services, session.token, someone.configuration(), age)
        assert live is accepted


def test_using_a_session_does_not_make_its_login_younger(someone: SignedIn) -> None:
    with someone.world.clock.standing_still():
        session = someone.session()
        someone.world.clock.advance(seconds=60)
        assert someone.go_on(session.token) is not None
        assert someone.go_on(session.token, most_age=59) is None


def test_an_administrator_sees_and_revokes_a_session_as_a_refresh_token_without_application(
    someone: SignedIn, hook: Hook
) -> None:
    session, world = someone.session(), someone.world
    answer = world.service.call("GET", f"{REFRESH}?userId={someone.user_id}")
    [record] = answer.json()["refreshTokens"]
    assert session.token not in answer.text
    assert (record["id"], record["tenantId"]) == (str(session.id), str(world.service.tenant_id))
    assert "applicationId" not in record
    assert set(record["metaData"]) == {"device"}
    assert world.service.call("DELETE", f"{REFRESH}/{session.id}").status_code == 200
    courier.deliver_due(world.service.services)
    [event] = hook.events
    assert event["refreshToken"]["id"] == str(session.id)
    assert "applicationId" not in event
    assert someone.verdict(session.token) is None


def test_the_end_of_a_session_is_told_though_nobody_is_asked(someone: SignedIn, hook: Hook) -> None:
    session = someone.session()
    hook.answer(NO)
    someone.door.tenant(
        eventConfiguration={"events": {REVOKED: {"enabled": True, "transactionType": "AbsoluteMajority"}}}
    )
    assert sso_session.end(someone.world.service.services, session.token) is not None
    courier.deliver_due(someone.world.service.services)
    [event] = hook.events
    assert (event["userId"], event["refreshToken"]["id"]) == (someone.user_id, str(session.id))
    assert sso_session.end(someone.world.service.services, session.token) is None


ENDS = {
    "deactivated": lambda user: ("DELETE", f"/api/user/{user}", None),
    "deleted": lambda user: ("DELETE", f"/api/user/{user}?hardDelete=true", None),
    "revoked by user": lambda user: ("DELETE", f"{REFRESH}?userId={user}", None),
    "given another password": lambda user: ("PATCH", f"/api/user/{user}", {"user": {"password": "another horse 1"}}),
}


@pytest.mark.parametrize("how", ENDS)
def test_what_ends_refresh_tokens_ends_sessions(someone: SignedIn, how: str) -> None:
    session = someone.session()
    method, path, document = ENDS[how](someone.user_id)
    assert someone.world.service.call(method, path, document).status_code == 200
    assert not someone.is_stored(session.token)
    assert someone.verdict(session.token) is None


def test_revoking_what_one_application_has_leaves_the_session(someone: SignedIn) -> None:
    session = someone.session()
    query = f"?userId={someone.user_id}&applicationId={someone.world.application_id}"
    assert someone.world.service.call("DELETE", REFRESH + query).status_code == 200
    assert someone.verdict(session.token) is Verdict.LOGGED_IN


def test_a_login_does_not_begin_a_session_after_its_ground_has_moved(someone: SignedIn) -> None:
    outcome = someone.log_in()
    method, path, document = ENDS["given another password"](someone.user_id)
    assert someone.world.service.call(method, path, document).status_code == 200
    assert someone.begin(outcome=outcome) is None
    assert someone.world.count("refresh_tokens") == 0


def test_a_person_who_has_expired_is_refused_whatever_session_they_have(someone: SignedIn) -> None:
    session = someone.session()
    someone.world.change_user(someone.user_id, expiry=1)
    assert someone.verdict(session.token) is Verdict.EXPIRED


def test_a_session_does_not_open_an_application_that_is_switched_off(someone: SignedIn) -> None:
    session, configuration = someone.session(), someone.configuration()
    someone.world.service.call("DELETE", f"/api/application/{someone.world.application_id}")
    services = someone.world.service.services
    trace = Trace(services.runtime.now)
    assert sso_session.log_in_again(services, session.token, configuration, VISIT, trace) is None


def test_an_action_that_prevents_logins_bars_a_session_too(someone: SignedIn) -> None:
    someone.door.tenant(jwtConfiguration={"refreshTokenRevocationPolicy": {"onLoginPrevented": False}})
    session = someone.session()
    taken = acting(someone.world.service).ban(someone.user_id)
    assert someone.verdict(session.token) is Verdict.LOGIN_PREVENTED
    assert taken["id"]
    assert someone.world.count("login_records") == 1


def test_an_action_that_prevents_logins_ends_the_sessions_where_the_policy_says_so(someone: SignedIn) -> None:
    session = someone.session()
    acting(someone.world.service).ban(someone.user_id)
    assert not someone.is_stored(session.token)


def test_a_session_without_a_registration_is_told_so(someone: SignedIn) -> None:
    other = another_application(someone.world)
    assert someone.verdict(someone.session().token, other) is Verdict.NOT_REGISTERED


def test_a_session_answers_for_a_second_factor_only_if_it_had_one(someone: SignedIn) -> None:
    session = someone.session()
    phone, _ = with_phone(someone.world, someone.user_id)
    tenant_policy(someone.world, loginPolicy="Required")
    continued = someone.go_on(session.token)
    assert continued is not None and continued.outcome.verdict is Verdict.SECOND_FACTOR_REQUIRED
    services, ticket = someone.world.service.services, continued.outcome.ticket
    assert ticket is not None
    began = someone.world.rows("SELECT auth_instant FROM refresh_tokens WHERE id = %s", session.id)[0][0]
    request = TwoFactorRequest(ticket, phone.code(), VISIT)
    outcome = two_factor_login(services, request, Trace(services.runtime.now))
    assert (outcome.verdict, outcome.second_factor_done) == (Verdict.LOGGED_IN, True)
    assert outcome.auth_instant == began
    stronger = someone.begin(session.token, outcome=outcome)
    assert stronger is not None
    assert someone.verdict(stronger.token) is Verdict.LOGGED_IN


def test_the_policy_of_an_application_may_waive_the_second_factor_for_it_alone(someone: SignedIn) -> None:
    session = someone.session()
    with_phone(someone.world, someone.user_id)
    tenant_policy(someone.world, loginPolicy="Required")
    change_application(someone.world, multiFactorConfiguration={"loginPolicy": "Disabled"})
    assert someone.verdict(session.token) is Verdict.LOGGED_IN


def test_a_session_whose_person_must_change_their_password_comes_to_that(someone: SignedIn) -> None:
    session = someone.session()
    someone.world.change_user(someone.user_id, passwordChangeRequired=True)
    assert someone.verdict(session.token) is Verdict.PASSWORD_CHANGE_REQUIRED


def test_a_lockout_for_guessing_does_not_close_the_session_that_is_there(someone: SignedIn) -> None:
    someone.door.tenant(failedAuthenticationConfiguration={"tooManyAttempts": 2, "resetCountInSeconds": 60})
    session = someone.session()
    for _ in range(3):
        someone.door.knock("wrong horse")
    assert someone.door.status() == 423
    assert someone.verdict(session.token) is Verdict.LOGGED_IN


def test_housekeeping_removes_the_sessions_that_are_over_and_no_other(someone: SignedIn) -> None:
    token = someone.door.knock().json()["refreshToken"]
    services = someone.world.service.services
    over = someone.session()
    someone.world.clock.advance(minutes=40)
    live = someone.session()
    someone.world.clock.advance(minutes=30)
    assert keep_house(services)["SSO sessions"] == 1
    assert [someone.is_stored(each) for each in (over.token, live.token, token)] == [False, True, True]
