"""The page to sign in: what it offers, what it says, and that nothing done twice, late or elsewhere does harm."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.back_from_x import Browser as SomebodyAtX
from tests.browser.application import HEADLINE
from tests.browser.playing import ALICE, TWITTER_BUTTON, Play
from tests.browser.tenancy import code_for_tokens
from tests.browser.visitor import ALL_WAYS, PATIENCE
from tests.browser.watch import Watch
from tests.login_world import TWITTER

OVERRIDDEN = "Sign in with the blue bird"


def at_application(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(HEADLINE, timeout=PATIENCE)


def button(play: Play, name: str) -> int:
    return play.visitor.page.get_by_role("button", name=name, exact=True).count()


@ALL_WAYS
def test_a_password_opens_as_well(play: Play) -> None:
    play.by_password()
    play.is_in()


@ALL_WAYS
def test_who_says_no_at_x_may_choose_another_way(play: Play) -> None:
    play.begin()
    play.visitor.press(TWITTER_BUTTON)
    play.visitor.press("Cancel, refuse access")
    play.is_told("You said no at X. You can try again, or sign in another way.", role="status")
    play.type_password()
    play.is_in()


def test_a_new_person_of_x_gets_an_account_and_a_registration(play: Play) -> None:
    play.world.configure(**play.world.override(createRegistration=True))
    play.begin()
    play.visitor.press(TWITTER_BUTTON)
    play.visitor.press(re.compile("^Max Number"))
    assert play.is_signed_in()["email"] == "max@example.com"


def test_text_that_means_harm_is_only_text(play: Play) -> None:
    play.world.configure(**play.world.override(createRegistration=True, buttonText="<script>alert(1)</script>"))
    play.begin()
    play.sees("Sign in")
    play.visitor.press("<script>alert(1)</script>")
    play.visitor.press(re.compile("@mallory"))
    assert play.is_signed_in()["email"] == "mallory@example.com"


def test_the_button_has_the_applications_own_text(play: Play) -> None:
    play.world.configure(**play.world.override(buttonText=OVERRIDDEN))
    play.begin()
    play.sees("Sign in")
    assert (button(play, OVERRIDDEN), button(play, TWITTER_BUTTON)) == (1, 0)


def test_there_is_no_button_where_the_provider_is_off_for_the_application(play: Play) -> None:
    play.world.configure(applicationConfiguration={play.world.application_id: {"enabled": False}})
    play.begin()
    play.sees("Sign in")
    assert button(play, TWITTER_BUTTON) == 0
    play.type_password()
    play.is_in()


def test_idp_hint_leads_straight_to_x(play: Play) -> None:
    play.begin(idp_hint=TWITTER)
    play.visitor.press(ALICE)
    play.is_in()


def test_a_login_hint_is_filled_in(play: Play) -> None:
    play.begin(login_hint=play.somebody.email)
    expect(play.visitor.page.get_by_label("E-mail address or user name")).to_have_value(play.somebody.email)
    play.visitor.fill("Password", "correct horse battery")
    play.visitor.press("Sign in")
    play.is_in()


@ALL_WAYS
def test_the_page_speaks_german_and_goes_on_in_german(play: Play) -> None:
    play.begin()
    play.visitor.follow("Deutsch")
    play.sees("Anmelden")
    play.visitor.fill("E-Mail-Adresse oder Benutzername", play.somebody.email)
    play.visitor.fill("Passwort", "wrong horse battery")
    play.visitor.press("Anmelden")
    expect(play.visitor.page.locator("html")).to_have_attribute("lang", "de")
    play.visitor.fill("Passwort", "correct horse battery")
    play.visitor.press("Anmelden")
    play.is_in()


@ALL_WAYS
def test_going_back_and_signing_in_again_is_harmless(play: Play) -> None:
    play.by_password()
    first = play.comes_back()["code"]
    play.visitor.page.go_back()
    play.type_password()
    second = play.comes_back()["code"]
    assert first != second
    for code in (first, second):
        assert code_for_tokens(play.world, play.application, code).status_code == 200


def test_going_back_to_x_is_harmless(play: Play) -> None:
    """X knows that it has been asked already."""
    play.by_twitter()
    code = play.comes_back()["code"]
    page = play.visitor.page
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("This request is no longer valid")
    assert code_for_tokens(play.world, play.application, code).status_code == 200
    assert len(play.world.links(play.somebody.user_id)) == 1


def test_a_form_that_is_sent_twice_signs_in_once(play: Play) -> None:
    play.begin()
    play.visitor.fill("E-mail address or user name", play.somebody.email)
    play.visitor.fill("Password", "correct horse battery")
    play.visitor.page.get_by_role("button", name="Sign in", exact=True).dblclick(no_wait_after=True)
    play.is_in()


def test_a_reloaded_callback_signs_nobody_in_a_second_time(play: Play) -> None:
    seen: list[str] = []
    play.visitor.page.on("request", lambda request: seen.append(request.url))
    play.by_twitter()
    play.is_in()
    [callback] = [url for url in seen if url.startswith(f"{play.world.service.url}/oauth2/callback")]
    before = play.world.count("login_records")
    play.visitor.go(callback)
    play.sees("This sign-in is over")
    assert play.world.count("login_records") == before


def test_what_began_in_one_browser_does_not_go_on_in_another(play: Play, chromium: Browser) -> None:
    """Somebody is sent a link with which another person has said yes at X: it must not sign them in as that person."""
    play.begin()
    play.visitor.press(TWITTER_BUTTON)
    elsewhere = SomebodyAtX(play.world)
    elsewhere.consent(play.visitor.page.url)
    before = play.world.count("login_records")
    with chromium.new_context() as context:
        watch = Watch(context)
        other = context.new_page()
        other.goto(f"{play.world.service.url}/oauth2/callback?{urlencode(elsewhere.back)}")
        expect(other.get_by_role("heading", level=1)).to_have_text("This sign-in began in another browser")
        assert not any("sso" in cookie["name"] for cookie in context.cookies())
        assert watch.problems == []
    assert play.world.count("login_records") == before


@pytest.mark.parametrize("spoil", ["x", ""])
def test_a_form_without_its_seal_is_refused(play: Play, spoil: str) -> None:
    play.begin()
    play.visitor.page.evaluate("(value) => document.querySelector('[name=sign_in]').value = value", spoil)
    play.type_password()
    play.sees("This page is no longer valid")


def test_a_browser_without_cookies_is_told_so(play: Play) -> None:
    play.begin()
    play.visitor.page.context.clear_cookies()
    play.type_password()
    play.sees("This page is no longer valid")
    play.is_told("cookies are switched off")


@ALL_WAYS
def test_an_application_that_nobody_knows_gets_an_error_page_and_no_redirect(play: Play) -> None:
    play.begin(redirect_uri="https://evil.example.com/")
    play.sees("This sign-in cannot begin")
    play.begin(client_id="ffffffff-ffff-4fff-bfff-ffffffffffff")
    play.sees("This sign-in cannot begin")


def test_a_request_that_the_application_got_wrong_goes_back_to_it_with_the_error(play: Play) -> None:
    play.begin(response_type="nonsense")
    assert play.comes_back()["error"] == "unsupported_response_type"


@ALL_WAYS
def test_the_answer_can_be_posted_to_the_application(play: Play) -> None:
    """By a script where there is one, else by a button."""
    play.begin(response_mode="form_post")
    play.type_password()
    if not play.visitor.mode.script:
        play.sees("One moment")
        play.visitor.press("Continue now")
    at_application(play.visitor.page)
    assert play.visitor.page.url == play.application.callback
