"""Staying signed in and signing out, in a browser: the next request comes back by itself, until the person has left."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import uuid4

from playwright.sync_api import Request, expect

from tests.browser.application import HEADLINE
from tests.browser.playing import Play
from tests.browser.visitor import ALL_WAYS, PATIENCE

KEEP = "Keep me signed in"


def sign_in_to_stay(play: Play) -> None:
    play.begin()
    play.visitor.choose(KEEP)
    play.type_password()
    play.is_in()


def sign_out(play: Play, **parameters: str) -> None:
    query = urlencode({"client_id": play.world.application_id, **parameters})
    play.visitor.go(f"{play.world.service.url}/oauth2/logout?{query}")


def add_application(play: Play, logout_url: str) -> None:
    document = {"name": f"another {uuid4()}", "oauthConfiguration": {"logoutURL": logout_url}}
    answer = play.world.service.call("POST", "/api/application", {"application": document})
    assert answer.status_code == 200, answer.text


@ALL_WAYS
def test_who_stays_signed_in_comes_back_at_once_until_they_have_signed_out(play: Play) -> None:
    sign_in_to_stay(play)
    play.begin()
    play.is_in()
    sign_out(play)
    expect(play.visitor.page).to_have_url(f"{play.application.origin}/bye", timeout=PATIENCE)
    play.begin()
    play.sees("Sign in")


def test_without_the_tick_the_next_request_asks_again(play: Play) -> None:
    play.by_password()
    play.is_in()
    play.begin()
    play.sees("Sign in")


def test_the_other_applications_are_called_on_the_way_out_and_the_browser_goes_on_by_itself(play: Play) -> None:
    called: list[str] = []

    def note(request: Request) -> None:
        called.append(request.url)

    others = [f"{play.application.origin}/endsession/{number}" for number in (1, 2)]
    for url in others:
        add_application(play, url)
    sign_in_to_stay(play)
    play.visitor.page.on("request", note)
    sign_out(play)
    expect(play.visitor.page.get_by_role("heading", level=1)).to_have_text(HEADLINE, timeout=PATIENCE)
    assert play.visitor.page.url == f"{play.application.origin}/bye"
    assert set(others) <= set(called)
    play.begin()
    play.sees("Sign in")


@ALL_WAYS
def test_where_there_is_no_way_back_the_page_says_that_it_is_done(play: Play) -> None:
    add_application(play, f"{play.application.origin}/endsession")
    sign_in_to_stay(play)
    play.visitor.go(f"{play.world.service.url}/oauth2/logout?tenantId={play.world.service.tenant_id}")
    play.sees("You have signed out")


def test_back_after_signing_out_shows_nothing_that_was_there(play: Play) -> None:
    sign_in_to_stay(play)
    sign_out(play)
    expect(play.visitor.page).to_have_url(f"{play.application.origin}/bye", timeout=PATIENCE)
    play.visitor.page.go_back()
    play.visitor.page.go_back()
    play.begin()
    play.sees("Sign in")
