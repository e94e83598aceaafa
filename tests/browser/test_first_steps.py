"""The first steps of somebody who has started the service: the printed address, and three clicks to be signed in."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import ALL_WAYS, Visitor
from tests.dev_run import DevRun, dev_run

pytestmark = pytest.mark.slow
INVITATION = re.compile(r"To sign in, open (http://\S+)\n")
ALICE = re.compile("^Alice Adams")


@pytest.fixture(scope="module")
def started() -> Iterator[DevRun]:
    with dev_run() as run:
        run.start()
        yield run


def printed(run: DevRun) -> str:
    found = INVITATION.search(run.said())
    assert found is not None
    return found[1]


def sign_in(visitor: Visitor, url: str) -> None:
    """Three clicks."""
    visitor.go(url)
    visitor.follow("Sign in")
    visitor.press("Login with Twitter")
    visitor.press(ALICE)


@ALL_WAYS
def test_three_clicks_after_the_printed_address_somebody_is_signed_in(started: DevRun, visitor: Visitor) -> None:
    sign_in(visitor, printed(started))
    visitor.sees("Hello, Alice Adams")
    expect(visitor.page.get_by_role("status")).to_have_text("You have signed in.")
    rows = visitor.page.get_by_role("region", name="What the ID token says").get_by_role("row")
    expect(rows.filter(has_text=re.compile("^iss"))).to_contain_text(started.url)
    expect(visitor.page.get_by_role("region", name="The tokens").get_by_role("row")).to_have_count(4)
    look = visitor.page.get_by_role("row", name="access_token").inner_text()
    visitor.press("Refresh")
    expect(visitor.page.get_by_role("status")).to_have_text("The tokens are new.")
    assert visitor.page.get_by_role("row", name="access_token").inner_text() != look
    visitor.press("Sign out")
    visitor.sees("Demo application")
    expect(visitor.page.get_by_role("status")).to_have_text("You have signed out.")
    visitor.follow("Sign in")
    expect(visitor.page.get_by_role("button", name="Login with Twitter")).to_be_visible()
