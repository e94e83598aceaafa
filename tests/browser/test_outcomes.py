"""Every way a login can end, played from the application to the page that says so, and on to its resolution."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest

from identity.domain.outcome import Verdict
from identity.status_matrix.cases import Damage
from identity.status_matrix.damage import damaged
from tests.acting import acting
from tests.browser.playing import TWITTER_BUTTON, Play
from tests.browser.visitor import ALL_WAYS
from tests.second_factors import change_application, change_tenant, with_phone
from tests.troubles import deactivate, demand_new_password, expire, object_by_lambda, unregister, veto
from tests.verifying import FORM_FIELD, verify_emails, verify_registrations

NEW_PASSWORD = "battery horse correct"
THROWS = "function validate() { throw new Error('out of order'); }"
Story = Callable[[Play], None]


def nobody_linked(play: Play) -> None:
    play.world.unlink(play.somebody.user_id, play.world.x.person("alice")["id"])
    play.world.strategy("CreatePendingLink", **play.world.override(createRegistration=False))


def logged_in(play: Play) -> None:
    play.begin()
    play.sees("Sign in")
    play.press_twitter()
    play.is_in()


def not_registered(play: Play) -> None:
    unregister(play.somebody)
    wanted = {"enabled": True, "completeRegistration": True, "fullName": {"enabled": True, "required": True}}
    change_application(play.world, registrationConfiguration=wanted)
    play.by_twitter()
    play.sees("Complete your registration")
    play.visitor.fill("Full name", "Alice Adams")
    play.visitor.press("Continue")
    play.is_in()


def password_change_required(play: Play) -> None:
    demand_new_password(play.somebody)
    play.by_password()
    play.sees("Choose a new password")
    play.choose_password(NEW_PASSWORD)
    play.is_in()


def waiting(play: Play) -> None:
    """Nobody answers at X: the browser goes back, and what waits is forgotten."""
    play.begin()
    play.visitor.press(TWITTER_BUTTON)
    play.sees("Sign in to Test application")
    play.visitor.page.go_back()
    play.press_twitter()
    play.is_in()


def email_unverified(play: Play) -> None:
    verify_emails(play.world, **FORM_FIELD)
    play.by_twitter()
    play.sees("Verify your e-mail address")
    play.visitor.fill("Code", play.mailed_code("Verify your e-mail address"))
    play.visitor.press("Verify")
    play.is_in()


def registration_unverified(play: Play) -> None:
    verify_registrations(play.world, **FORM_FIELD)
    play.by_twitter()
    play.sees("Verify your registration")
    play.visitor.fill("Code", play.mailed_code("Verify your registration"))
    play.visitor.press("Verify")
    play.is_in()


def link_pending(play: Play) -> None:
    nobody_linked(play)
    play.by_twitter()
    play.sees("Link your account")
    play.visitor.press("I have an account: sign in and link it")
    play.type_password()
    play.is_in()
    assert len(play.world.links(play.somebody.user_id)) == 1
    play.by_twitter()
    play.is_in()


def second_factor_required(play: Play) -> None:
    phone, _ = with_phone(play.world, play.somebody.user_id)
    play.by_twitter()
    play.sees("Enter your code")
    play.visitor.fill("Code", phone.code())
    play.visitor.press("Confirm")
    play.is_in()


def wrong_code(play: Play) -> None:
    phone, _ = with_phone(play.world, play.somebody.user_id)
    play.by_twitter()
    play.visitor.fill("Code", phone.wrong_codes(1)[0])
    play.visitor.press("Confirm")
    play.is_told("This code is not accepted.")
    play.visitor.fill("Code", phone.code())
    play.visitor.press("Confirm")
    play.is_in()


def invalid(play: Play) -> None:
    """A rule of the tenant objects to this login, and then no more."""
    object_by_lambda(play.somebody)
    play.by_twitter()
    play.is_told("No.")
    change_tenant(play.world, lambdaConfiguration={"loginValidationId": None})
    play.press_twitter()
    play.is_in()


def refused(play: Play) -> None:
    """X does not vouch for the person at first."""
    play.world.x.fault("invalid_token", person="alice", times=1)
    play.by_twitter()
    play.is_told("X did not confirm who you are. Please try again, or sign in another way.")
    play.press_twitter()
    play.is_in()


def not_found(play: Play) -> None:
    play.by_password("wrong horse battery")
    play.is_told("The name or the password is not right.")
    play.visitor.fill("Password", "correct horse battery")
    play.visitor.press("Sign in")
    play.is_in()


def login_prevented(play: Play) -> None:
    administrator = acting(play.world.service)
    tomorrow = play.now() + 86_400_000
    definition = administrator.definition()
    taken = administrator.take(play.somebody.user_id, definition, expiry=tomorrow)
    play.by_twitter()
    play.sees("You cannot sign in")
    play.is_told(definition["name"])
    end = play.visitor.page.locator("time").get_attribute("datetime")
    assert end is not None
    assert datetime.fromisoformat(end).timestamp() == tomorrow // 1000
    administrator.cancel(taken["id"])
    play.visitor.follow("Sign in as somebody else")
    play.press_twitter()
    play.is_in()


def expired(play: Play) -> None:
    expire(play.somebody)
    play.by_twitter()
    play.sees("You cannot sign in")
    play.is_told("This account has expired.")
    play.world.change_user(play.somebody.user_id, expiry=None)
    play.visitor.follow("Sign in as somebody else")
    play.type_password()
    play.is_in()


def locked(play: Play) -> None:
    deactivate(play.somebody)
    play.by_password()
    play.is_told("This account is switched off.")
    play.world.service.call("PUT", f"/api/user/{play.somebody.user_id}?reactivate=true")
    play.visitor.fill("Password", "correct horse battery")
    play.visitor.press("Sign in")
    play.is_in()


def lambda_failed(play: Play) -> None:
    document = {"name": uuid4().hex, "type": "LoginValidation", "body": THROWS}
    made = play.world.service.call("POST", "/api/lambda", {"lambda": document})
    change_tenant(play.world, lambdaConfiguration={"loginValidationId": made.json()["lambda"]["id"]})
    play.by_twitter()
    play.sees("Something went wrong")
    assert play.visitor.page.locator("code").inner_text()
    change_tenant(play.world, lambdaConfiguration={"loginValidationId": None})
    play.visitor.follow("Begin again")
    play.press_twitter()
    play.is_in()


STORIES: dict[Verdict, Story] = {
    Verdict.LOGGED_IN: logged_in,
    Verdict.NOT_REGISTERED: not_registered,
    Verdict.PASSWORD_CHANGE_REQUIRED: password_change_required,
    Verdict.WAITING: waiting,
    Verdict.EMAIL_UNVERIFIED: email_unverified,
    Verdict.REGISTRATION_UNVERIFIED: registration_unverified,
    Verdict.LINK_PENDING: link_pending,
    Verdict.SECOND_FACTOR_REQUIRED: second_factor_required,
    Verdict.INVALID: invalid,
    Verdict.REFUSED: refused,
    Verdict.NOT_FOUND: not_found,
    Verdict.LOGIN_PREVENTED: login_prevented,
    Verdict.EXPIRED: expired,
    Verdict.WRONG_CODE: wrong_code,
    Verdict.LOCKED: locked,
    Verdict.LAMBDA_FAILED: lambda_failed,
}


@ALL_WAYS
@pytest.mark.parametrize("verdict", STORIES, ids=lambda verdict: verdict.name.lower())
def test_every_outcome_has_its_page_and_a_way_on(play: Play, verdict: Verdict) -> None:
    STORIES[verdict](play)


@ALL_WAYS
def test_who_is_new_may_make_an_account_for_the_link(play: Play) -> None:
    nobody_linked(play)
    address = f"{uuid4().hex}@example.com"
    play.by_twitter()
    play.visitor.press("Create an account")
    play.sees("Create an account")
    play.visitor.fill("E-mail address", address)
    play.visitor.fill("Password", NEW_PASSWORD)
    play.visitor.press("Create the account")
    made = play.is_signed_in()
    assert made["email"] == address
    assert len(play.world.links(made["sub"])) == 1


@ALL_WAYS
def test_who_does_not_want_the_link_signs_in_without(play: Play) -> None:
    nobody_linked(play)
    play.by_twitter()
    play.visitor.press("Continue without linking")
    play.type_password()
    play.is_in()
    assert play.world.links(play.somebody.user_id) == []


def test_a_service_without_its_database_says_so_and_is_back_soon(play: Play) -> None:
    url = play.world.service.services.settings.database.url
    play.begin()
    with damaged(url, Damage.READ_ONLY, play.world.application_id):
        play.type_password()
        play.sees("We will be right back")
    play.world.until_it_reads()
    play.by_password()
    play.is_in()


def test_somebody_elses_veto_stops_the_login_before_anything_leaves(play: Play) -> None:
    veto(play.somebody)
    play.by_password()
    play.sees("This could not be completed")


def test_every_verdict_is_played() -> None:
    assert set(STORIES) == set(Verdict)
