"""The hosted backend's own pages in chromium: what it says when a sign-in cannot begin, or is over."""

from __future__ import annotations

import re

from playwright.sync_api import Request, expect

from tests.browser.application import HEADLINE, Application
from tests.browser.visitor import ALL_WAYS, Visitor
from tests.login_world import World

ALICE = re.compile("^Alice Adams")


@ALL_WAYS
def test_an_address_that_nobody_registered_is_not_returned_to(world: World, visitor: Visitor) -> None:
    visitor.go(f"{world.service.url}/app/login/{world.application_id}?redirect_uri=http://localhost:9/")
    visitor.sees("This sign-in cannot begin")


@ALL_WAYS
def test_a_callback_that_is_opened_again_changes_nothing(
    world: World, visitor: Visitor, application: Application
) -> None:
    callbacks: list[str] = []

    def note(request: Request) -> None:
        if "/app/callback" in request.url:
            callbacks.append(request.url)

    visitor.page.on("request", note)
    visitor.go(f"{world.service.url}/app/login/{world.application_id}?state=mine")
    visitor.press("Login with Twitter")
    visitor.press(ALICE)
    expect(visitor.page.get_by_role("heading")).to_have_text(HEADLINE)
    assert application.brought(visitor.page) == {"state": "mine", "userState": "Authenticated"}
    before = visitor.page.context.cookies()
    [callback] = callbacks
    visitor.go(callback)
    visitor.sees("This sign-in is over")
    assert sorted(each["name"] for each in visitor.page.context.cookies()) == sorted(each["name"] for each in before)
    visitor.page.go_back()
    expect(visitor.page.get_by_role("heading")).to_have_text(HEADLINE)
