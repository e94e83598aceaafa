"""Where the hosted login stops, by both of its doors: blocked, expired, not registered, failed. Issue 4, item 2."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from tests.acting import acting
from tests.hosted import Tab, allow_client
from tests.login_world import World
from tests.second_factors import change_tenant
from tests.troubles import PASSWORD, TROUBLES, Somebody

THROWS = "function validate() { throw new Error('out of order'); }"
OBJECTS = """function validate(result) {
    result.errors.generalErrors = [
        {code: '[no]', message: 'Not on <b>Sundays</b>.'}, {code: '[more]', message: 'Nor 100%.'}
    ];
}"""
PAGES = {
    409: "/oauth2/blocked",
    410: "/oauth2/expired",
    242: "/oauth2/two-factor",
    203: "/password/change",
    212: "/email/verification-required",
    213: "/registration/verification-required",
}
"""The page of each trouble, by the status that the API answers."""

Way = Callable[[Tab, Somebody], None]


def by_password(tab: Tab, somebody: Somebody) -> None:
    tab.sign_in(somebody.email, PASSWORD)


def through_x(tab: Tab, somebody: Somebody) -> None:
    tab.with_twitter(somebody.person)


WAYS = [by_password, through_x]


@pytest.fixture
def somebody(world: World) -> Somebody:
    found = Somebody(world)
    allow_client(world)
    return found


@pytest.fixture
def tab(world: World, somebody: Somebody) -> Iterator[Tab]:
    with Tab(world) as opened:
        opened.ask()
        yield opened


def left_nothing(world: World) -> bool:
    return world.count("login_records") == world.count("refresh_tokens") == 0


def validate_by(world: World, body: str) -> None:
    document = {"name": uuid4().hex, "type": "LoginValidation", "body": body}
    made = world.service.call("POST", "/api/lambda", {"lambda": document})
    change_tenant(world, lambdaConfiguration={"loginValidationId": made.json()["lambda"]["id"]})


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("status", PAGES)
def test_each_outcome_has_its_page_by_both_doors(
    world: World, somebody: Somebody, tab: Tab, status: int, way: Way
) -> None:
    TROUBLES[status](somebody)
    way(tab, somebody)
    assert tab.page.path == PAGES[status]
    assert left_nothing(world)
    world.service.services.traces.flush()
    assert world.rows("SELECT status FROM login_traces") == [(status,)]


@pytest.mark.parametrize("way", WAYS)
def test_the_blocked_page_names_the_action_with_its_option_and_until_when(
    world: World, somebody: Somebody, tab: Tab, way: Way
) -> None:
    actor = acting(world.service)
    definition = actor.definition(name="Suspension", options=[{"name": "Spam"}])
    reason = actor.reason(text="Too many letters")
    expiry = world.service.services.runtime.now() + 3_600_000
    actor.take(somebody.user_id, definition, option="Spam", reasonId=reason["id"], expiry=expiry)
    way(tab, somebody)
    assert tab.page.headline == "You cannot sign in"
    assert "Suspension: Spam" in tab.page.alert
    assert "Too many letters" in tab.page.alert
    [end] = tab.page.every("time")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", end["datetime"])
    tab.click("Sign in as somebody else")
    assert tab.page.headline == "Sign in"


def test_an_action_without_an_end_says_who_lifts_it(somebody: Somebody, tab: Tab) -> None:
    TROUBLES[409](somebody)
    by_password(tab, somebody)
    assert tab.page.every("time") == []
    assert "an administrator lifts it" in tab.page.alert


def test_an_expired_account_is_told_so_and_somebody_else_may_sign_in(somebody: Somebody, tab: Tab) -> None:
    TROUBLES[410](somebody)
    by_password(tab, somebody)
    assert tab.page.alert.startswith("This account has expired.")
    tab.click("Sign in as somebody else")
    assert tab.page.headline == "Sign in"


@pytest.mark.parametrize("way", WAYS)
def test_who_is_not_registered_signs_in_all_the_same_unless_the_application_requires_it(
    world: World, somebody: Somebody, tab: Tab, way: Way
) -> None:
    TROUBLES[202](somebody)
    way(tab, somebody)
    assert tab.brought()["code"]
    allow_client(world, requireRegistration=True)
    tab.ask(prompt="login")
    way(tab, somebody)
    assert (tab.page.path, tab.page.headline) == ("/oauth2/not-registered", "You are not registered")
    tab.press("Back to the application")
    brought = tab.brought()
    assert (brought["error"], brought["error_reason"]) == ("access_denied", "registration_required")
    assert "code" not in brought


@pytest.mark.parametrize("way", WAYS)
def test_a_lambda_that_fails_is_an_error_page_with_the_trace_and_a_way_to_begin_again(
    world: World, somebody: Somebody, tab: Tab, way: Way
) -> None:
    validate_by(world, THROWS)
    way(tab, somebody)
    assert tab.page.path == "/oauth2/error"
    assert "out of order" not in tab.page.html
    world.service.services.traces.flush()
    [(trace_id, status)] = world.rows("SELECT id, status FROM login_traces")
    assert status == 512
    assert trace_id in [each.text for each in tab.page.every("code")]
    tab.click("Begin again")
    assert tab.page.headline == "Sign in"
    assert left_nothing(world)


@pytest.mark.parametrize("way", WAYS)
def test_what_a_lambda_objects_to_is_said_in_its_words(world: World, somebody: Somebody, tab: Tab, way: Way) -> None:
    validate_by(world, OBJECTS)
    way(tab, somebody)
    assert tab.page.headline == "Sign in"
    assert tab.page.alert == "Not on <b>Sundays</b>. Nor 100%."
    assert left_nothing(world)


@pytest.mark.parametrize("way", WAYS)
def test_a_webhook_that_does_not_agree_is_an_error_page_and_no_code(
    world: World, somebody: Somebody, tab: Tab, way: Way
) -> None:
    TROUBLES[504](somebody)
    way(tab, somebody)
    assert tab.page.status == 504
    assert left_nothing(world)
    tab.click("Begin again")
    assert tab.page.headline == "Sign in"


def test_a_switched_off_account_reads_as_one_that_is_not_there_by_x_and_as_switched_off_by_password(
    somebody: Somebody, tab: Tab
) -> None:
    TROUBLES[404](somebody)
    through_x(tab, somebody)
    assert tab.page.alert.startswith("No account here belongs to your account at X.")
    by_password(tab, somebody)
    assert tab.page.alert == "This account is switched off."


def test_what_no_user_may_have_is_told_when_a_lambda_sets_it(world: World, tab: Tab) -> None:
    world.reconcile_with("function reconcile(user) { user.username = 'x'.repeat(300); }", linkingStrategy="LinkByEmail")
    tab.with_twitter("max")
    assert tab.page.headline == "Sign in"
    assert tab.page.alert
    assert world.rows("SELECT count(*) FROM users WHERE email = 'max@example.com'") == [(0,)]


@pytest.mark.parametrize("path", ["/oauth2/blocked", "/oauth2/expired", "/oauth2/not-registered", "/oauth2/error"])
def test_a_page_of_an_outcome_is_nothing_without_the_sign_in(tab: Tab, path: str) -> None:
    tab.go(path)
    assert tab.page.status == 403
