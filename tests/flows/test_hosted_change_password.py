"""Passwords that a login demands, and second factors before a password changes, on the pages for them."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from identity.domain.errors import NotFound
from identity.domain.guesses import CODES
from identity.domain.second_factor import WRONG_PER_CHALLENGE
from identity.flows.second_factors.start_two_factor import StartRequest, start_two_factor
from identity.flows.second_factors.step_up import StepUp, step_up
from tests.hosted import Tab, allow_client, asked
from tests.hosted_accounts import (
    CHANGE,
    DONE,
    NEW,
    SAVE,
    SIGN_IN,
    STEP_UP,
    error_at,
    forgot,
    save,
)
from tests.login_world import World
from tests.password_door import PASSWORD, Door
from tests.second_factors import answer, mailed_codes, tenant_policy, with_phone
from tests.verifying import configure_tenant


@pytest.fixture
def ann(world: World) -> Door:
    allow_client(world)
    door = Door(world)
    door.add_user()
    return door


def at_change(world: World, door: Door, password: str = PASSWORD) -> Tab:
    tab = Tab(world)
    tab.ask()
    tab.sign_in(door.email, password)
    assert tab.page.path == CHANGE
    return tab


def test_a_login_that_demands_another_password_goes_on_to_the_client_without_it_being_typed_again(
    world: World, ann: Door
) -> None:
    world.change_user(world.rows("SELECT id::text FROM users")[0][0], passwordChangeRequired=True)
    with at_change(world, ann) as tab:
        assert "An administrator asks you" in tab.page.notice
        save(tab)
        assert tab.brought()["code"]
    assert world.rows("SELECT authentication_type FROM login_records") == [("ONE_TIME_PASSWORD",)]
    assert ann.status(NEW) == 200


def test_an_application_that_closed_meanwhile_keeps_the_new_password_and_lets_nobody_in(
    world: World, ann: Door
) -> None:
    world.change_user(world.rows("SELECT id::text FROM users")[0][0], passwordChangeRequired=True)
    with at_change(world, ann) as tab:
        world.service.call("DELETE", f"/api/application/{world.application_id}")
        save(tab)
        assert (tab.page.status, tab.page.headline) == (400, "This application is closed")
    assert world.count("login_records") == 0
    world.service.call("PUT", f"/api/application/{world.application_id}?reactivate=true")
    assert ann.status(NEW) == 200


def test_the_reason_is_told(world: World, ann: Door) -> None:
    configure_tenant(world, maximumPasswordAge={"enabled": True, "days": 10})
    world.clock.advance(days=10)
    with at_change(world, ann) as tab:
        assert "Your password is too old." in tab.page.notice
    configure_tenant(
        world,
        maximumPasswordAge={"enabled": False},
        passwordValidationRules={"validateOnLogin": True, "requireNumber": True},
    )
    with at_change(world, ann) as tab:
        assert "does not follow today's rules" in tab.page.notice
        save(tab)
        assert error_at(tab.page, "password") == "The password must have a digit."
        assert "does not follow today's rules" in tab.page.notice
        save(tab, f"{NEW} 1")
        assert tab.brought()["code"]


def test_whoever_waits_too_long_begins_the_sign_in_again(world: World, ann: Door) -> None:
    world.change_user(world.rows("SELECT id::text FROM users")[0][0], passwordChangeRequired=True)
    with at_change(world, ann) as tab:
        world.clock.advance(days=1)
        save(tab)
        assert tab.page.headline == "Sign in"
    assert ann.status() == 203


def test_a_form_of_another_browser_changes_nothing(world: World, ann: Door) -> None:
    world.change_user(world.rows("SELECT id::text FROM users")[0][0], passwordChangeRequired=True)
    with at_change(world, ann) as tab, Tab(world) as other:
        values = tab.page.form(tab.page.button(SAVE).form) | {"password": NEW, "password_confirm": NEW}
        other.ask()
        other.post(CHANGE, values)
        assert other.page.status == 403
        other.go(CHANGE)
        assert other.page.status == 403
        for name in (SAVE, "nothing"):
            other.ask()
            sealed = other.page.form(other.page.button("Sign in").form)["sign_in"]
            other.post(CHANGE, {"sign_in": sealed, "password": NEW, "password_confirm": NEW, "name": name})
            assert other.page.headline == "Sign in"
    assert ann.status() == 203


def test_who_has_a_second_factor_gives_it_before_the_password_changes_by_a_link(world: World, ann: Door) -> None:
    [(user_id,)] = world.rows("SELECT id::text FROM users")
    phone, codes = with_phone(world, user_id)
    link = forgot(world, ann.email)
    with Tab(world) as tab:
        tab.go(link)
        assert (tab.page.path, tab.page.headline) == (STEP_UP, "Confirm that it is you")
        assert tab.page.field("code")["autocomplete"] == "one-time-code"
        tab.press("Continue", code=" ")
        assert (tab.page.status, error_at(tab.page, "code")) == (400, "The field is required and must not be empty.")
        [wrong] = phone.wrong_codes(1)
        tab.press("Continue", code=wrong)
        assert (tab.page.status, error_at(tab.page, "code")) == (400, "This code is not right, or not valid any more.")
        tab.press("Continue", code=phone.code())
        assert tab.page.path == CHANGE
        save(tab, "short")
        assert error_at(tab.page, "password") == "The password is too short."
        save(tab)
        assert tab.page.path == DONE
    assert world.count("login_records") == 0  # it was no login
    with Tab(world) as tab:
        tab.go(forgot(world, ann.email))
        tab.press("Continue", code=codes[0])
        save(tab, "yet another password")
        assert tab.page.path == DONE


def test_a_second_factor_that_was_given_too_long_ago_is_asked_for_again(world: World, ann: Door) -> None:
    [(user_id,)] = world.rows("SELECT id::text FROM users")
    phone, _ = with_phone(world, user_id)
    with Tab(world) as tab:
        tab.go(forgot(world, ann.email))
        tab.press("Continue", code=phone.code())
        world.clock.advance(seconds=181)
        save(tab)
        assert tab.page.path == STEP_UP
        tab.press("Continue", code=phone.code())
        save(tab)
        assert tab.page.path == DONE


def test_guessing_at_the_code_ends_the_challenge_and_locks(world: World, ann: Door) -> None:
    [(user_id,)] = world.rows("SELECT id::text FROM users")
    phone, _ = with_phone(world, user_id)
    wrong = phone.wrong_codes(CODES)
    with Tab(world) as tab:
        tab.go(forgot(world, ann.email))
        for number, code in enumerate(wrong):
            if number == WRONG_PER_CHALLENGE:
                tab.press("Continue", code=phone.code())
                assert (tab.page.status, tab.page.path) == (200, STEP_UP)  # that challenge is over: another one
            tab.press("Continue", code=code)
            assert tab.page.status == 400
        tab.press("Continue", code=phone.code())
        assert (tab.page.status, tab.page.path) == (200, STEP_UP)
        tab.press("Continue", code=phone.code())
        assert tab.page.status == 400  # there is a challenge, but the user is locked
    assert ann.status() == 423


def test_a_code_can_be_mailed(world: World, ann: Door) -> None:
    [(user_id,)] = world.rows("SELECT id::text FROM users")
    tenant_policy(world, email={"enabled": True})
    address = "second@example.com"
    sent = world.service.call("POST", "/api/two-factor/send", {"userId": user_id, "method": "email", "email": address})
    assert sent.status_code == 200, sent.text
    body = {"code": mailed_codes(world, address)[-1], "method": "email", "email": address}
    assert world.service.call("POST", f"/api/user/two-factor/{user_id}", body).status_code == 200
    with Tab(world) as tab:
        tab.go(forgot(world, ann.email))
        tab.press("Send a code to s\u2022\u2022\u2022@example.com")
        assert tab.page.notice == "A code is on its way to you."
        tab.press("Continue", code=mailed_codes(world, address)[-1])
        save(tab)
        assert tab.page.path == DONE


def test_another_persons_challenge_or_a_logins_earns_no_trust(world: World, ann: Door) -> None:
    services, tenant_id = world.service.services, world.service.tenant_id
    [(user_id,)] = world.rows("SELECT id FROM users")
    phone, _ = with_phone(world, str(user_id))
    other = Door(world)
    other_id = other.add_user()
    begun = start_two_factor(services, StartRequest(tenant_id, user_id))
    with pytest.raises(NotFound):
        step_up(services, StepUp(tenant_id, type(user_id)(other_id), begun.two_factor_id, begun.code))
    of_login = ann.knock().json()["twoFactorId"]
    with pytest.raises(NotFound):
        step_up(services, StepUp(tenant_id, user_id, of_login, phone.code()))
    assert step_up(services, StepUp(tenant_id, user_id, begun.two_factor_id, begun.code))


def test_a_demanded_password_after_a_second_factor_asks_for_no_factor_again(world: World, ann: Door) -> None:
    [(user_id,)] = world.rows("SELECT id::text FROM users")
    phone, _ = with_phone(world, user_id)
    world.change_user(user_id, passwordChangeRequired=True)
    with Tab(world) as tab:
        tab.ask()
        tab.sign_in(ann.email, PASSWORD)
        assert tab.page.path == "/oauth2/two-factor"
        tab.press("Confirm", code=phone.code())
        assert (tab.page.path, tab.page.headline) == (CHANGE, "Choose a new password")
        save(tab)
        assert tab.brought()["code"]


def test_the_api_asks_for_the_second_factor_at_the_login_with_the_one_time_password(world: World, ann: Door) -> None:
    [(user_id,)] = world.rows("SELECT id::text FROM users")
    phone, _ = with_phone(world, user_id)
    world.change_user(user_id, passwordChangeRequired=True)
    two_factor_id = ann.knock().json()["twoFactorId"]
    demanded = answer(world, two_factor_id, phone.code())
    body = {"changePasswordId": demanded.json()["changePasswordId"], "password": NEW}
    changed = world.service.call("POST", "/api/user/change-password", body, key="")
    once = {"oneTimePassword": changed.json()["oneTimePassword"], "applicationId": world.application_id}
    assert world.service.call("POST", "/api/login", once).status_code == 242


def test_a_trusted_computer_gives_the_second_factor_before_a_demanded_password_all_the_same(
    world: World, ann: Door
) -> None:
    [(user_id,)] = world.rows("SELECT id::text FROM users")
    phone, _ = with_phone(world, user_id)
    with Tab(world) as tab:
        tab.ask()
        tab.sign_in(ann.email, PASSWORD)
        tab.press("Confirm", code=phone.code(), trust_computer="true")
        assert tab.brought()["code"]
        world.change_user(user_id, passwordChangeRequired=True)
        tab.session.cookies.pop("fusionauth.sso", None)
        tab.ask()
        tab.sign_in(ann.email, PASSWORD)
        assert tab.page.path == STEP_UP
        tab.press("Continue", code=phone.code())
        assert "An administrator asks you" in tab.page.notice
        save(tab)
        assert tab.brought()["code"]


def test_a_password_that_is_demanded_of_a_browser_that_stays_signed_in_leaves_it_signed_in(
    world: World, ann: Door
) -> None:
    with Tab(world) as tab:
        tab.ask()
        tab.sign_in(ann.email, PASSWORD, rememberDevice="true")
        world.change_user(world.rows("SELECT id::text FROM users")[0][0], passwordChangeRequired=True)
        tab.ask()
        assert tab.page.path == CHANGE
        save(tab)
        assert tab.brought()["code"]
        tab.go(SIGN_IN + "?" + urlencode(asked(world)))
        assert tab.brought()["code"]
