"""What every hosted page shares, as chromium draws it: a theme under the policy of the page, languages, the focus."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from playwright.sync_api import Locator, expect

from tests.browser.application import Application
from tests.browser.tenancy import authorize_url
from tests.browser.visitor import ALL_WAYS, Visitor
from tests.login_world import World

LOGO = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5Er"
    "kJggg=="
)
IS_DRAWN = "image => image.complete && image.naturalWidth > 0"


def colour(of: Locator, name: str = "backgroundColor") -> str:
    found: str = of.evaluate(f"element => getComputedStyle(element).{name}")
    return found


def wear(world: World, **variables: Any) -> None:
    """The application gets a theme of its own."""
    made = world.service.call("POST", "/api/theme", {"theme": {"name": uuid4().hex, "variables": variables}})
    assert made.status_code == 200, made.text
    change = {"application": {"themeId": made.json()["theme"]["id"]}}
    assert world.service.call("PATCH", f"/api/application/{world.application_id}", change).status_code == 200


def test_a_page_is_drawn_in_the_colours_and_with_the_logo_of_its_theme(
    world: World, visitor: Visitor, application: Application
) -> None:
    wear(world, primaryButtonColor="#0a7d4f", panelBackgroundColor="#221a33", borderRadius="3px", logoImageURL=LOGO)
    visitor.go(authorize_url(world, application))
    visitor.sees("Sign in", "a theme")
    page = visitor.page
    button = page.get_by_role("button", name="Sign in", exact=True)
    assert [colour(button), colour(button, "color")] == ["rgb(10, 125, 79)", "rgb(255, 255, 255)"]
    assert colour(button, "borderRadius") == "3px"
    assert colour(page.locator(".panel")) == "rgb(34, 26, 51)"
    assert page.get_by_role("img", name="Pied Piper").evaluate(IS_DRAWN)


def test_what_is_no_colour_leaves_the_page_as_it_is(world: World, visitor: Visitor, application: Application) -> None:
    visitor.go(authorize_url(world, application))
    panel = visitor.page.locator(".panel")
    usual = colour(panel)
    wear(world, panelBackgroundColor="red;}body{display:none", pageBackgroundColor="red}</style><h1>x</h1>")
    visitor.go(authorize_url(world, application))
    visitor.sees("Sign in")
    assert colour(panel) == usual


def test_without_a_theme_a_page_is_light_or_dark_as_its_reader_has_it(
    world: World, visitor: Visitor, application: Application
) -> None:
    visitor.go(authorize_url(world, application))
    panel = visitor.page.locator(".panel")
    seen = []
    for scheme in ("light", "dark"):
        visitor.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        seen.append(colour(panel))
    assert seen == ["rgb(255, 255, 255)", "rgb(26, 33, 42)"]


def test_where_a_system_has_colours_of_its_own_buttons_keep_an_edge(
    world: World, visitor: Visitor, application: Application
) -> None:
    visitor.page.emulate_media(forced_colors="active")
    visitor.go(authorize_url(world, application))
    button = visitor.page.get_by_role("button", name="Sign in", exact=True)
    assert colour(button, "borderTopWidth") == "1px"
    assert colour(button, "borderTopColor") != colour(button)


@ALL_WAYS
def test_a_language_is_chosen_at_the_foot_and_stays_for_the_sign_in(
    world: World, visitor: Visitor, application: Application
) -> None:
    visitor.go(authorize_url(world, application))
    visitor.sees("Sign in")
    visitor.follow("Deutsch")
    visitor.sees("Anmelden")
    visitor.fill("E-Mail-Adresse oder Benutzername", "nobody@example.com")
    visitor.fill("Passwort", "wrong password")
    visitor.press("Anmelden")
    visitor.sees("Anmelden", "refused")
    expect(visitor.page.locator("html")).to_have_attribute("lang", "de")
    visitor.follow("English")
    visitor.sees("Sign in", "english again")


@ALL_WAYS
def test_what_went_wrong_has_the_focus(world: World, visitor: Visitor, application: Application) -> None:
    visitor.go(authorize_url(world, application))
    visitor.fill("E-mail address or user name", "nobody@example.com")
    visitor.fill("Password", "wrong password")
    visitor.press("Sign in")
    visitor.sees("Sign in", "refused")
    expect(visitor.page.get_by_role("alert")).to_be_focused()
    expect(visitor.page.get_by_label("E-mail address or user name")).to_have_value("nobody@example.com")
    expect(visitor.page.get_by_label("Password", exact=True)).to_have_value("")
