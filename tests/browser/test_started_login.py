"""A login that an application began at the API: the browser goes to X, and back to the application."""

from __future__ import annotations

import json
import re
from http.client import HTTPConnection
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.browser.application import HEADLINE, Application
from tests.browser.visitor import ALL_WAYS, Visitor
from tests.login_world import TWITTER, World

ALICE = re.compile("^Alice Adams")
ANOTHER_ADDRESS = "127.0.0.2"


def start(world: World, redirect: str | None = None, address: str = "127.0.0.1") -> tuple[str, str]:
    """The code that the application keeps, and the address at X; the call comes from this address."""
    if redirect is not None:
        change = {"application": {"oauthConfiguration": {"authorizedRedirectURLs": [redirect]}}}
        world.service.call("PATCH", f"/api/application/{world.application_id}", change)
    body = {"applicationId": world.application_id, "identityProviderId": TWITTER}
    body |= {} if redirect is None else {"data": {"redirect_uri": redirect}}
    connection = HTTPConnection(urlsplit(world.service.url).netloc, source_address=(address, 0))
    try:
        connection.request(
            "POST", "/api/identity-provider/start", json.dumps(body), {"Content-Type": "application/json"}
        )
        answer = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return answer["code"], answer["authorizationURL"]


def complete(world: World, code: str, **data: str) -> int:
    data["code"] = code
    return world.post_login(
        {"applicationId": world.application_id, "identityProviderId": TWITTER, "data": data}
    ).status_code


@ALL_WAYS
def test_somebody_says_yes_at_x_and_may_close_the_window(world: World, visitor: Visitor) -> None:
    code, url = start(world)
    visitor.go(url)
    visitor.sees("Sign in to Test application")
    visitor.press(ALICE)
    visitor.sees("You are signed in")
    assert complete(world, code) == 200


@ALL_WAYS
def test_somebody_says_no_at_x(world: World, visitor: Visitor) -> None:
    code, url = start(world)
    visitor.go(url)
    visitor.press("Cancel, refuse access")
    visitor.sees("You are not signed in")
    assert complete(world, code) == 401


@ALL_WAYS
def test_a_browser_from_elsewhere_is_asked_first_and_then_taken_to_the_application(
    world: World, visitor: Visitor, application: Application
) -> None:
    code, url = start(world, application.callback, ANOTHER_ADDRESS)
    visitor.go(url)
    visitor.press(ALICE)
    visitor.sees("Was it you?")
    assert complete(world, code) == 204
    visitor.press("It was me: sign in")
    expect(visitor.page.get_by_role("heading")).to_have_text(HEADLINE)
    brought = application.brought(visitor.page)
    assert complete(world, code, **brought) == 200


def test_going_back_and_saying_so_again_changes_nothing(
    world: World, visitor: Visitor, application: Application
) -> None:
    code, url = start(world, application.callback, ANOTHER_ADDRESS)
    visitor.go(url)
    visitor.press(ALICE)
    visitor.press("It was me: sign in")
    expect(visitor.page.get_by_role("heading")).to_have_text(HEADLINE)
    first = application.brought(visitor.page)
    visitor.page.go_back()
    visitor.press("It was me: sign in")
    expect(visitor.page.get_by_role("heading")).to_have_text(HEADLINE)
    assert application.brought(visitor.page) == first
    assert complete(world, code, **first) == 200


@ALL_WAYS
def test_what_never_began_here_is_over(world: World, visitor: Visitor) -> None:
    visitor.go(f"{world.service.url}/oauth2/callback?oauth_token=made-up&oauth_verifier=made-up")
    visitor.sees("This sign-in is over")
