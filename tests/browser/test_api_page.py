"""The page of the API in a browser: it keeps to its own policy."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.visitor import Visitor
from tests.login_world import World


def test_the_page_of_the_api_opens_without_a_complaint_of_the_browser(world: World, visitor: Visitor) -> None:
    visitor.go(f"{world.service.url}/docs")
    expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
