"""To X and back from the sign-in page: bound to one browser, used once, and what is left behind. Login contract 4.2."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from tests.hosted import STATE, Page, Tab, allow_client
from tests.login_world import TWITTER, World

CALLBACK = "/oauth2/callback"
COOKIE = "identity.browser"


@pytest.fixture
def tab(world: World) -> Iterator[Tab]:
    allow_client(world)
    with Tab(world) as opened:
        opened.ask()
        yield opened


@pytest.fixture
def other(world: World) -> Iterator[Tab]:
    with Tab(world) as opened:
        opened.ask()
        yield opened


def logged_in(world: World) -> int:
    return world.count("login_records")


def refused(page: Page, status: int) -> bool:
    """An error page, in the frame of all others and with something to tell support."""
    return page.status == status and bool(page.alert) and "Reference for support" in page.html


def test_a_person_of_x_comes_back_to_the_application_with_a_code(world: World, tab: Tab) -> None:
    tab.with_twitter("alice")
    brought = tab.brought()
    assert (brought["state"], bool(brought["code"])) == (STATE, True)
    query = "SELECT u.email, r.authentication_type FROM login_records r JOIN users u ON u.id = r.user_id"
    assert world.rows(query) == [("alice@example.com", "TWITTER")]


def test_the_button_leads_to_x_and_keeps_everything_else_here(world: World, tab: Tab) -> None:
    tab.press("twitter-login-button")
    assert tab.left is not None
    assert tab.left.startswith(f"{world.x.url}/oauth/authenticate?oauth_token=")
    assert tab.left.count("=") == 1
    kinds = world.rows("SELECT kind, data::text FROM external_identifiers")
    [(kind, data)] = kinds
    assert kind == "return from an external authentication"
    assert (tab.cookie(COOKIE) or "?") not in data
    assert STATE not in data


def test_another_browsers_return_is_refused_and_the_rightful_one_still_works(
    world: World, tab: Tab, other: Tab
) -> None:
    tab.press("twitter-login-button")
    back = tab.consent("alice")
    other.go(back)
    assert refused(other.page, 403)
    assert other.page.headline == "This sign-in began in another browser"
    with Tab(world) as cookieless:
        cookieless.go(back)
        assert refused(cookieless.page, 403)
    assert world.nothing_written()
    tab.go(back)
    assert tab.brought()["code"]


def test_nobody_is_signed_in_as_whoever_sends_them_a_finished_link(world: World, tab: Tab, other: Tab) -> None:
    """Login CSRF: an attacker begins, says yes at X, and has somebody else open the return."""
    other.press("twitter-login-button")
    link = other.consent("alice")
    tab.go(link)
    assert refused(tab.page, 403)
    assert logged_in(world) == 0


def test_a_return_counts_once(world: World, tab: Tab) -> None:
    tab.press("twitter-login-button")
    back = tab.consent("alice")
    tab.go(back)
    assert tab.brought()["code"]
    before = logged_in(world), world.count("users"), world.count("links")
    tab.go(back)
    assert refused(tab.page, 400)
    assert (logged_in(world), world.count("users"), world.count("links")) == before


def test_of_several_returns_at_once_one_goes_on(world: World, tab: Tab) -> None:
    tab.press("twitter-login-button")
    back = tab.consent("alice")
    with ThreadPoolExecutor(8) as pool:
        answers = [each.status_code for each in pool.map(lambda _: tab.send("GET", back), range(8))]
    assert sorted(answers) == [303, *[400] * 7]
    assert logged_in(world) == 1


def test_a_return_that_is_too_late_is_refused(world: World, tab: Tab) -> None:
    tab.press("twitter-login-button")
    back = tab.consent("alice")
    world.clock.advance(seconds=301)
    tab.go(back)
    assert refused(tab.page, 400)
    assert world.nothing_written()


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"oauth_token": "unknown", "oauth_verifier": "v"},
        {"oauth_token": "unknown"},
        {"denied": "unknown"},
        {"code": "c", "state": "s"},
    ],
)
def test_a_return_that_belongs_to_nothing_is_refused(world: World, tab: Tab, query: dict[str, str]) -> None:
    tab.go(f"{CALLBACK}?{urlencode(query)}")
    assert refused(tab.page, 400)
    assert world.nothing_written()


def test_a_wrong_verifier_is_refused_by_x_and_the_sign_in_begins_anew(world: World, tab: Tab) -> None:
    tab.press("twitter-login-button")
    back = tab.consent("alice")
    tab.go(back.partition("oauth_verifier=")[0] + "oauth_verifier=wrong")
    assert tab.page.headline == "Sign in"
    assert tab.page.alert == "X did not confirm who you are. Please try again, or sign in another way."
    assert world.nothing_written()
    tab.with_twitter("alice")
    assert tab.brought()["code"]


def test_whoever_says_no_at_x_is_back_at_the_sign_in_page(world: World, tab: Tab) -> None:
    tab.press("twitter-login-button")
    back = tab.consent(deny="")
    tab.go(back)
    told = "You said no at X. You can try again, or sign in another way."
    assert (tab.page.headline, tab.page.notice, tab.page.alert) == ("Sign in", told, "")
    assert world.nothing_written()
    tab.go(back)
    assert refused(tab.page, 400)


def test_nobody_else_can_say_no_for_a_browser(world: World, tab: Tab, other: Tab) -> None:
    tab.press("twitter-login-button")
    assert tab.left is not None
    token = tab.left.partition("oauth_token=")[2]
    other.go(f"{CALLBACK}?denied={token}")
    assert refused(other.page, 403)
    tab.through_x("alice")
    assert tab.brought()["code"]


def test_a_form_of_another_browser_or_of_nobody_begins_nothing(world: World, tab: Tab, other: Tab) -> None:
    form = other.page.button("twitter-login-button").form
    assert form is not None
    sealed = other.page.form(form)["sign_in"]
    for forged in ({"sign_in": sealed}, {"sign_in": sealed[:-2]}, {}):
        tab.post("/oauth2/start", {"identityProviderId": TWITTER} | forged)
        assert tab.page.status == 403
    assert world.x.calls() == []
    assert world.count("external_identifiers") == 0


def test_a_return_is_nothing_that_the_api_takes_up(world: World, tab: Tab) -> None:
    """The page's login has no code, and its secrets are known to nobody outside."""
    tab.press("twitter-login-button")
    back = tab.consent("alice")
    query = dict(pair.split("=", 1) for pair in back.partition("?")[2].split("&"))
    body = {"applicationId": world.application_id, "identityProviderId": TWITTER}
    for data in (query, query | {"code": query["oauth_token"]}, query | {"oauth_token_secret": "guess"}):
        assert world.post_login(body | {"data": data}).status_code in (400, 401)
    confirmed = tab.send("POST", CALLBACK, data=query)
    assert confirmed.status_code == 400
    tab.go(back)
    assert tab.brought()["code"]


@pytest.mark.parametrize(
    ("fault", "endpoint", "words"),
    [
        ("rate_limited", "verify_credentials", "X takes no more sign-ins at the moment."),
        ("could_not_authenticate", "access_token", "X did not confirm who you are."),
        ("internal_error", "verify_credentials", "X cannot be reached at the moment."),
    ],
)
def test_what_x_refuses_is_said_in_words_with_a_reference(
    world: World, tab: Tab, fault: str, endpoint: str, words: str
) -> None:
    tab.press("twitter-login-button")
    back = tab.consent("alice")
    world.x.fault(fault, endpoint=endpoint)
    tab.go(back)
    assert tab.page.headline == "Sign in"
    assert tab.page.alert.startswith(words)
    [reference] = tab.page.every("code")
    world.service.services.traces.flush()
    assert world.rows("SELECT door, status FROM login_traces WHERE id = %s", reference.text) == [
        ("complete login", 401)
    ]
    assert world.nothing_written()


def test_x_that_lets_no_login_begin_is_told_on_the_page(world: World, tab: Tab) -> None:
    world.x.fault("rate_limited", endpoint="request_token")
    tab.press("twitter-login-button")
    assert tab.page.status == 400
    assert tab.page.alert.startswith("X takes no more sign-ins")
    assert world.count("external_identifiers") == 0


def test_a_person_of_x_whom_nobody_here_knows_is_told_so(world: World, tab: Tab) -> None:
    world.strategy("Disabled")
    tab.with_twitter("alice")
    assert tab.page.headline == "Sign in"
    assert tab.page.alert == "No account here belongs to your account at X. Please sign in another way."
    assert world.nothing_written()


@pytest.mark.parametrize(
    ("strategy", "person", "words"),
    [
        ("LinkByEmailForExistingUser", "alice", "No account here has the e-mail address of your account at X."),
        ("LinkByUsernameForExistingUser", "alice", "No account here has the user name of your account at X."),
        (
            "LinkByEmail",
            "bob",
            "X did not tell us your e-mail address, which is needed here. Please sign in another way.",
        ),
    ],
)
def test_what_a_strategy_refuses_is_said_in_words(
    world: World, tab: Tab, strategy: str, person: str, words: str
) -> None:
    world.strategy(strategy)
    tab.with_twitter(person)
    assert tab.page.alert == words
    assert world.nothing_written()


def test_a_provider_that_was_switched_off_meanwhile_is_said_to_be_closed(world: World, tab: Tab) -> None:
    tab.press("twitter-login-button")
    back = tab.consent("alice")
    world.configure(enabled=False)
    tab.go(back)
    assert tab.page.alert == "Signing in through X is not possible here any more."
    assert tab.page.by_id("twitter-login-button") is None
    assert world.nothing_written()


def test_a_button_of_a_page_that_is_out_of_date_is_refused_on_the_page(world: World, tab: Tab) -> None:
    world.configure(enabled=False)
    tab.press("twitter-login-button")
    assert (tab.page.status, tab.page.headline) == (400, "Sign in")
    assert tab.page.alert.startswith("This way to sign in is not available")


def test_a_person_whom_a_pending_link_waits_for_is_asked_whose_account_it_is(world: World, tab: Tab) -> None:
    world.strategy("CreatePendingLink")
    tab.press("twitter-login-button")
    answer = tab.send("GET", tab.consent("alice"))
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/oauth2/start-idp-link?sign_in=")
    assert world.count("pending_links") == 1


def test_keep_me_signed_in_is_ticked_for_both_ways(world: World, tab: Tab) -> None:
    tab.press("twitter-login-button", rememberDevice="true")
    tab.go(tab.consent(deny=""))
    assert "checked" in tab.page.field("rememberDevice").attributes


def test_two_sign_ins_of_one_browser_are_at_x_at_once(world: World, tab: Tab) -> None:
    tab.ask(state="first")
    tab.press("twitter-login-button")
    first = tab.consent("alice")
    tab.ask(state="second")
    tab.with_twitter("dana-now")
    assert tab.brought()["state"] == "second"
    tab.go(first)
    assert tab.brought()["state"] == "first"
    assert logged_in(world) == 2


@pytest.mark.parametrize("value", ["\0", "\ud800", "x" * 3000, "%00", "\r\nSet-Cookie: a=b", "<script>"])
@pytest.mark.parametrize("name", ["oauth_token", "oauth_verifier", "denied", "sign_in"])
def test_no_value_of_a_parameter_breaks_the_return(world: World, tab: Tab, name: str, value: str) -> None:
    query: dict[str, str | bytes] = {"oauth_token": "t", "oauth_verifier": "v"}
    answer = tab.send("GET", CALLBACK, params=query | {name: value.encode("utf-8", "surrogatepass")})
    assert answer.status_code in (400, 403)
    assert "<script>" not in answer.text
    assert world.nothing_written()


def test_an_application_that_closed_meanwhile_lets_nobody_in(world: World, tab: Tab) -> None:
    tab.press("twitter-login-button")
    back = tab.consent("alice")
    path = f"/api/application/{world.application_id}"
    assert world.service.call("DELETE", path).status_code == 200
    tab.go(back)
    assert tab.page.alert == "Nobody can sign in to this application at the moment."
    assert world.nothing_written()


def test_an_application_that_was_removed_meanwhile_leaves_nothing_to_come_back_to(world: World, tab: Tab) -> None:
    tab.press("twitter-login-button")
    back = tab.consent("alice")
    path = f"/api/application/{world.application_id}"
    assert world.service.call("DELETE", path, params={"hardDelete": "true"}).status_code == 200
    tab.go(back)
    assert refused(tab.page, 400)
    assert world.nothing_written()


def test_a_redirect_uri_that_was_taken_away_meanwhile_gets_no_code(world: World, tab: Tab) -> None:
    tab.press("twitter-login-button")
    back = tab.consent("alice")
    patch = [{"op": "replace", "path": "/application/oauthConfiguration/authorizedRedirectURLs", "value": []}]
    headers = {"Content-Type": "application/json-patch+json"}
    answer = world.service.call("PATCH", f"/api/application/{world.application_id}", patch, headers=headers)
    assert answer.status_code == 200, answer.text
    tab.go(back)
    assert refused(tab.page, 400)
    assert world.count("external_identifiers") == 0
