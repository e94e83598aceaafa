"""The steps of sign-ins on hosted pages are kept apart: what one carries opens nothing at the page of another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from identity.flows.hosted.carried import open_sealed, seal
from tests.hosted import Tab, allow_client
from tests.login_world import World
from tests.password_door import PASSWORD, Door
from tests.second_factors import START, tenant_policy, with_phone
from tests.verifying import FORM_FIELD, GATED, handed_out, verify_emails, verify_registrations

PAGES = (
    "/oauth2/two-factor",
    "/oauth2/two-factor-methods",
    "/oauth2/two-factor-enable",
    "/email/verification-required",
    "/registration/verification-required",
    "/email/send-again",
    "/registration/send-again",
    "/email/verify",
    "/registration/verify",
    "/email/send",
    "/registration/send",
    "/email/sent",
    "/email/complete",
    "/oauth2/start-idp-link",
    "/oauth2/complete-registration",
    "/oauth2/register",
    "/password/change",
    "/password/second-factor",
    "/password/forgot",
    "/oauth2/blocked",
    "/oauth2/expired",
)
FORMS: tuple[dict[str, str], ...] = (
    {},
    {"code": "123456", "verified": "true", "kept": "true"},
    {"choice": "account", "method": "authenticator", "email": "x@example.com"},
    {"verified": "true", "method": "recovery"},
)


@pytest.fixture
def tab(world: World) -> Iterator[Tab]:
    allow_client(world)
    with Tab(world) as opened:
        yield opened


def sign_in(world: World, tab: Tab, **members: object) -> Door:
    door = Door(world)
    door.add_user(**members)
    tab.ask()
    tab.sign_in(door.email, PASSWORD)
    return door


def at_second_factor(world: World, tab: Tab) -> None:
    door = Door(world)
    with_phone(world, door.add_user())
    tab.ask()
    tab.sign_in(door.email, PASSWORD)


def at_set_up(world: World, tab: Tab) -> None:
    tenant_policy(world, loginPolicy="Required")
    sign_in(world, tab)
    tab.press("Use an authenticator app")


def at_email(world: World, tab: Tab) -> None:
    verify_emails(world, **FORM_FIELD)
    sign_in(world, tab, verified=False)


def at_registration(world: World, tab: Tab) -> None:
    verify_registrations(world, **GATED)
    sign_in(world, tab)


def at_mailed_link(world: World, tab: Tab) -> None:
    verify_emails(world, **GATED)
    user_id = Door(world).add_user(verified=False)
    tab.go(f"/email/verify/{handed_out(world, user_id)['verificationId']}")


def at_pending_link(world: World, tab: Tab) -> None:
    world.strategy("CreatePendingLink")
    tab.ask()
    tab.with_twitter("alice")


def at_the_beginning(_: World, tab: Tab) -> None:
    tab.ask()


STEPS = (at_second_factor, at_set_up, at_email, at_registration, at_mailed_link, at_pending_link, at_the_beginning)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_no_page_lets_anybody_in_or_falls_over_a_sign_in_that_is_at_another_step(
    world: World, tab: Tab, step: Callable[[World, Tab], None]
) -> None:
    step(world, tab)
    here, people = tab.page.path, world.rows("SELECT id, verified FROM users")
    carried = tab.page.form(tab.page.every("form")[0])["sign_in"]
    for path in PAGES:
        assert tab.send("GET", f"{path}?sign_in={carried}").status_code in (200, 303, 400, 404, 405), path
        for form in FORMS:
            if path == here == "/email/verify":
                continue  # the one form of which the button is the whole answer
            answer = tab.send("POST", path, data={"sign_in": carried, **form})
            assert answer.status_code in (200, 303, 400, 404, 405, 429), (path, form)
            assert "code=" not in answer.headers.get("Location", "")
    assert world.count("login_records") == 0
    assert world.count("links") == 0
    assert world.rows("SELECT id, verified FROM users") == people


def test_a_challenge_that_no_login_began_is_no_sign_in(world: World, tab: Tab) -> None:
    door = Door(world)
    user_id = door.add_user()
    phone, _ = with_phone(world, user_id)
    body = {"userId": user_id, "applicationId": world.application_id}
    begun = world.service.call("POST", START, body).json()
    tab.ask()
    services, browser = world.service.services, tab.cookie("identity.browser") or ""
    opened = open_sealed(services, tab.page.form(tab.page.every("form")[0])["sign_in"], browser)
    carried = seal(services, replace(opened, ticket=begun["twoFactorId"]), browser)
    answer = tab.send("POST", "/oauth2/two-factor", data={"sign_in": carried, "code": phone.code()})
    assert answer.status_code == 400
    assert world.count("login_records") == 0
