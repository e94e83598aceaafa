"""FusionAuth's React SDK, as npm has it, in chromium: the hosted backend is what it was written for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.react_application import ReactApplication, running_react
from tests.browser.visitor import Visitor
from tests.login_world import TWITTER, World
from tests.node import Tools

ALICE = re.compile("^Alice Adams")
SYSTEM = "/api/system-configuration"
COOKIES = {"app.at", "app.rt", "app.idt", "app.at_exp"}


@pytest.fixture(scope="module")
def served(tools: Tools) -> Iterator[ReactApplication]:
    with running_react(tools) as application:
        yield application


@pytest.fixture
def react(served: ReactApplication, world: World) -> Iterator[ReactApplication]:
    """The application is registered, and its origin may call with credentials."""
    members = {
        "authorizedOriginURLs": [served.origin],
        "authorizedRedirectURLs": [served.url],
        "generateRefreshTokens": True,
    }
    path = f"/api/application/{world.application_id}"
    body: dict[str, Any] = {"application": {"oauthConfiguration": members}}
    assert world.service.call("PATCH", path, body).status_code == 200
    served.configuration.clear()
    served.configuration.update(serverUrl=world.service.url, clientId=world.application_id, redirectUri=served.url)
    _let_call(world, allowedOrigins=[served.origin], allowedMethods=["GET", "POST", "OPTIONS"])
    yield served
    _let_call(world, enabled=False)


def _let_call(world: World, **cors: Any) -> None:
    body = {"systemConfiguration": {"corsConfiguration": {"enabled": True, "allowCredentials": True} | cors}}
    assert world.service.call("PUT", SYSTEM, body).status_code == 200


def says(page: Page, words: str) -> None:
    expect(page.get_by_role("status")).to_have_text(words)


def sign_in(visitor: Visitor, react: ReactApplication) -> None:
    visitor.go(react.url)
    says(visitor.page, "Nobody is signed in")
    visitor.press("Sign in")
    visitor.press("Login with Twitter")
    visitor.press(ALICE)
    says(visitor.page, "Signed in as alice@example.com")


def cookies(page: Page) -> dict[str, str]:
    return {each["name"]: each["value"] for each in page.context.cookies() if each["name"] in COOKIES}


def test_it_signs_in_and_reads_who_it_is(visitor: Visitor, react: ReactApplication) -> None:
    sign_in(visitor, react)
    expect(visitor.page.locator("#returned")).to_have_text("from the login button")
    assert visitor.page.url == f"{react.url}?state=from+the+login+button&userState=Authenticated"
    assert set(cookies(visitor.page)) == COOKIES
    seen = visitor.page.evaluate("() => document.cookie.split('; ').map(each => each.split('=')[0])")
    assert set(seen) == {"app.at_exp", "app.idt"}


def test_whoever_comes_back_later_is_still_signed_in(visitor: Visitor, react: ReactApplication) -> None:
    sign_in(visitor, react)
    visitor.go(react.url)
    says(visitor.page, "Signed in as alice@example.com")


def test_it_refreshes_by_its_own_timer(visitor: Visitor, react: ReactApplication, world: World) -> None:
    page = visitor.page
    page.clock.install()
    sign_in(visitor, react)
    for _ in range(2):
        before = cookies(page)
        world.clock.advance(seconds=3_595)
        with page.expect_response(re.compile("/app/refresh/")) as refreshed:
            page.clock.fast_forward(3_595_000)
        assert refreshed.value.status == 200
        after = cookies(page)
        assert int(after["app.at_exp"]) - int(before["app.at_exp"]) >= 3_595
        assert after["app.at"] != before["app.at"]
    says(page, "Signed in as alice@example.com")
    expect(page.get_by_role("alert")).to_be_empty()
    visitor.go(react.url)
    says(page, "Signed in as alice@example.com")


def test_somebody_registers(visitor: Visitor, react: ReactApplication) -> None:
    email = f"{uuid4().hex}@example.com"
    visitor.go(react.url)
    visitor.press("Register")
    visitor.fill("E-mail address", email)
    visitor.fill("Password", "correct horse battery")
    visitor.press("Create the account")
    says(visitor.page, f"Signed in as {email}")
    expect(visitor.page.locator("#returned")).to_have_text("from the register button")


def test_it_signs_out(visitor: Visitor, react: ReactApplication) -> None:
    sign_in(visitor, react)
    visitor.press("Sign out")
    says(visitor.page, "Nobody is signed in")
    assert visitor.page.url == react.url
    assert cookies(visitor.page) == {}
    visitor.press("Sign in")
    expect(visitor.page.get_by_role("button", name="Login with Twitter")).to_be_visible()


def test_parameters_of_its_own_reach_the_login(visitor: Visitor, react: ReactApplication) -> None:
    """`idp_hint` goes straight to X."""
    react.configuration["authParams"] = [{"idp_hint": TWITTER}]
    visitor.go(react.url)
    visitor.press("Sign in")
    visitor.press(ALICE)
    says(visitor.page, "Signed in as alice@example.com")
