"""A session passes no gate that another door would not: every trouble of security section 10, met by a browser that is
signed in.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
import requests

from identity.domain.outcome import Verdict
from tests.hosted import AUTHORIZE, REDIRECT, Tab, allow_client, asked
from tests.invariants import broken
from tests.login_world import World
from tests.oauth_world import query_of
from tests.second_factors import change_tenant
from tests.sso import SignedIn
from tests.troubles import PASSWORD, TROUBLES, Somebody

COOKIE = "fusionauth.sso"
PAGES = {
    410: ("/oauth2/expired", "user_expired"),
    409: ("/oauth2/blocked", "login_prevented"),
    242: ("/oauth2/two-factor", "two_factor_required"),
    203: ("/password/change", "change_password_administrative"),
    212: ("/email/verification-required", "email_verification_required"),
    213: ("/registration/verification-required", "registration_verification_required"),
    400: (AUTHORIZE, "login_prevented"),
}
"""By the status of the trouble: the page, and the reason for a client that wants none."""


@pytest.fixture
def somebody(world: World) -> Somebody:
    found = Somebody(world)
    allow_client(world)
    change_tenant(world, jwtConfiguration={"refreshTokenRevocationPolicy": {"onLoginPrevented": False}})
    return found


@pytest.fixture
def tab(world: World, somebody: Somebody) -> Iterator[Tab]:
    with Tab(world) as opened:
        opened.ask()
        opened.sign_in(somebody.email, PASSWORD, rememberDevice="true")
        assert opened.brought()["code"]
        yield opened


def silently(tab: Tab) -> requests.Response:
    return tab.send("GET", AUTHORIZE + "?" + urlencode(asked(tab.world, prompt="none")))


@pytest.mark.parametrize("status", PAGES)
def test_who_is_signed_in_comes_to_the_page_of_the_trouble_and_to_no_code(
    world: World, somebody: Somebody, tab: Tab, status: int
) -> None:
    path, reason = PAGES[status]
    logins = world.count("login_records")
    TROUBLES[status](somebody)
    refused = query_of(silently(tab).headers["Location"])
    assert (refused["error"], refused["error_reason"]) == ("interaction_required", reason)
    tab.ask()
    assert (tab.left, tab.page.path) == (None, path)
    assert world.count("login_records") == logins
    world.service.services.traces.flush()
    found = world.rows("SELECT door, status FROM login_traces WHERE door = 'session'")
    assert found == [("session", status)] * 2


def test_what_a_lambda_objects_to_is_said_on_the_sign_in_page(somebody: Somebody, tab: Tab) -> None:
    TROUBLES[400](somebody)
    page = tab.ask()
    assert "No." in page.alert
    assert page.field("loginId") is not None


def test_a_webhook_that_does_not_agree_is_an_error_page_and_no_code(somebody: Somebody, tab: Tab) -> None:
    TROUBLES[504](somebody)
    tab.go(AUTHORIZE + "?" + urlencode(asked(tab.world)))
    assert (tab.left, tab.page.status) == (None, 504)


def test_who_is_deactivated_is_signed_in_nowhere(somebody: Somebody, tab: Tab) -> None:
    TROUBLES[404](somebody)
    assert query_of(silently(tab).headers["Location"])["error"] == "login_required"
    assert tab.ask().path == AUTHORIZE


def test_who_is_registered_no_more_is_told_so(somebody: Somebody, tab: Tab) -> None:
    TROUBLES[202](somebody)
    assert query_of(silently(tab).headers["Location"])["userState"] == "AuthenticatedNotRegistered"


def test_a_step_that_was_missed_brings_a_session_of_its_own(world: World, somebody: Somebody, tab: Tab) -> None:
    before = tab.cookie(COOKIE)
    TROUBLES[242](somebody)
    assert somebody.phone is not None
    tab.ask()
    form = tab.page.form(tab.page.every("form")[0])
    answer = tab.send("POST", "/oauth2/two-factor", data=form | {"code": somebody.phone.code()})
    assert answer.headers["Location"].startswith(REDIRECT)
    assert tab.cookie(COOKIE) not in (None, before)
    assert len(world.rows("SELECT 1 FROM refresh_tokens WHERE application_id IS NULL")) == 1
    assert query_of(silently(tab).headers["Location"])["code"]


def test_sixteen_uses_of_a_session_at_once_are_sixteen_logins_by_one_session(world: World, tab: Tab) -> None:
    url, cookies = world.service.url + AUTHORIZE + "?" + urlencode(asked(world)), tab.session.cookies.get_dict()

    def use(_: int) -> str:
        answer = requests.get(url, cookies=cookies, allow_redirects=False, timeout=30)
        return query_of(answer.headers["Location"])["code"]

    with ThreadPoolExecutor(16) as pool:
        codes = list(pool.map(use, range(16)))
    assert len(set(codes)) == 16
    assert len(world.rows("SELECT 1 FROM refresh_tokens WHERE application_id IS NULL")) == 1


def test_no_session_begins_beside_a_change_of_the_user(world: World) -> None:
    """Sixteen logins are on their way while the person is deactivated: none of them leaves a session behind."""
    someone = SignedIn(world)
    outcomes = [someone.log_in() for _ in range(16)]
    assert {each.verdict for each in outcomes} == {Verdict.LOGGED_IN}
    with ThreadPoolExecutor(17) as pool:
        begun = [pool.submit(someone.begin, outcome=each) for each in outcomes[:8]]
        gone = pool.submit(world.service.call, "DELETE", f"/api/user/{someone.user_id}")
        begun += [pool.submit(someone.begin, outcome=each) for each in outcomes[8:]]
        assert gone.result().status_code == 200
        tokens = [session.token for each in begun if (session := each.result()) is not None]
    assert not any(map(someone.is_stored, tokens))
    with world.service.services.db.read() as conn:
        assert broken(conn, links_may_be_gone=True) == {}
