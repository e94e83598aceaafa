"""People who make an account, join an application, verify an address, or have forgotten their password."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.browser.playing import Play
from tests.browser.visitor import ALL_WAYS
from tests.queued_mails import do_what_strangers_asked
from tests.second_factors import change_application, with_phone
from tests.troubles import PASSWORD, unregister
from tests.verifying import GATED, verify_emails, verify_registrations

NEW_PASSWORD = "battery horse correct"
FORGOTTEN = "Choose a new password"


@ALL_WAYS
def test_a_new_person_makes_an_account(play: Play) -> None:
    asked: dict[str, Any] = {"enabled": True, "confirmPassword": True, "fullName": {"enabled": True, "required": True}}
    change_application(play.world, registrationConfiguration=asked | {"birthDate": {"enabled": True}})
    address = f"{uuid4().hex}@example.com"
    play.begin()
    play.visitor.follow("Create an account")
    play.sees("Create an account")
    play.visitor.fill("E-mail address", address)
    play.visitor.fill("Password", NEW_PASSWORD)
    play.visitor.fill("Repeat the password", PASSWORD)
    play.visitor.fill("Full name", "Zoë Zimmer")
    play.visitor.press("Create the account")
    play.is_told("The two passwords are not the same.")
    play.visitor.fill("Password", NEW_PASSWORD)
    play.visitor.fill("Repeat the password", NEW_PASSWORD)
    play.visitor.press("Create the account")
    assert play.is_signed_in()["email"] == address


def test_an_address_that_has_an_account_is_told_so(play: Play) -> None:
    play.begin()
    play.visitor.follow("Create an account")
    play.visitor.fill("E-mail address", play.somebody.email)
    play.visitor.fill("Password", NEW_PASSWORD)
    play.visitor.press("Create the account")
    play.is_told("There is an account")
    play.visitor.follow("Sign in")
    play.type_password()
    play.is_in()


@ALL_WAYS
def test_who_may_not_join_by_themselves_is_sent_back_with_that_error(play: Play) -> None:
    unregister(play.somebody)
    change_application(play.world, registrationConfiguration={"enabled": False})
    play.by_password()
    play.sees("You are not registered")
    play.visitor.press("Back to the application")
    brought = play.comes_back()
    assert (brought["error"], brought["error_reason"]) == ("access_denied", "registration_required")


@ALL_WAYS
def test_who_forgot_the_password_chooses_another_by_a_mailed_link(play: Play) -> None:
    play.begin()
    play.visitor.follow("Forgot your password?")
    play.sees("Forgot your password?")
    play.visitor.fill("E-mail address or user name", play.somebody.email)
    play.visitor.press("Send the link")
    play.sees("Check your e-mail")
    do_what_strangers_asked(play.world.service)
    play.visitor.go(play.mailed_link(FORGOTTEN))
    play.sees("Choose a new password")
    play.choose_password(NEW_PASSWORD)
    play.sees("Your password is saved")
    play.visitor.follow("Continue to Pied Piper")
    play.type_password(NEW_PASSWORD)
    play.is_in()


@ALL_WAYS
def test_a_mailed_link_to_a_new_password_works_once(play: Play) -> None:
    play.begin()
    play.visitor.follow("Forgot your password?")
    play.visitor.fill("E-mail address or user name", play.somebody.email)
    play.visitor.press("Send the link")
    play.sees("Check your e-mail")
    do_what_strangers_asked(play.world.service)
    link = play.mailed_link(FORGOTTEN)
    play.visitor.go(link)
    play.choose_password(NEW_PASSWORD)
    play.sees("Your password is saved")
    play.visitor.go(link)
    play.sees("This link is no longer valid")


@ALL_WAYS
def test_who_has_a_second_factor_gives_it_before_the_password_changes(play: Play) -> None:
    phone, _ = with_phone(play.world, play.somebody.user_id)
    play.begin()
    play.visitor.follow("Forgot your password?")
    play.visitor.fill("E-mail address or user name", play.somebody.email)
    play.visitor.press("Send the link")
    play.sees("Check your e-mail")
    do_what_strangers_asked(play.world.service)
    play.visitor.go(play.mailed_link(FORGOTTEN))
    play.sees("Confirm that it is you")
    play.visitor.fill("Code", phone.code())
    play.visitor.press("Continue")
    play.choose_password("short")
    play.is_told("The password is too short.")
    play.choose_password(NEW_PASSWORD)
    play.sees("Your password is saved")


@ALL_WAYS
def test_an_address_is_verified_by_the_link_in_a_mail(play: Play) -> None:
    verify_emails(play.world, **GATED)
    play.by_password()
    play.sees("Verify your e-mail address")
    play.visitor.press("Already verified: continue")
    play.is_told("Your e-mail address is not verified yet.")
    play.visitor.press("Send the e-mail again")
    play.is_told("We have sent another e-mail", role="status")
    play.visitor.go(play.mailed_link("Verify your e-mail address"))
    play.sees("Verify your e-mail address")
    play.visitor.press("Verify")
    play.sees("Your e-mail address is verified")
    play.visitor.press("Continue to sign in")
    play.is_in()


@ALL_WAYS
def test_a_registration_is_verified_by_the_link_in_a_mail(play: Play) -> None:
    verify_registrations(play.world, **GATED)
    play.by_password()
    play.sees("Verify your registration")
    play.visitor.go(play.mailed_link("Verify your registration"))
    play.visitor.press("Verify")
    play.sees("Your registration is verified")
    play.visitor.press("Continue to sign in")
    play.is_in()


@ALL_WAYS
def test_a_link_that_was_used_offers_another_mail(play: Play) -> None:
    verify_emails(play.world, **GATED)
    play.by_password()
    play.sees("Verify your e-mail address")
    link = play.mailed_link("Verify your e-mail address")
    play.visitor.go(link)
    play.visitor.press("Verify")
    play.sees("Your e-mail address is verified")
    play.visitor.go(link)
    play.sees("This link is no longer valid")
    play.visitor.fill("E-mail address", play.somebody.email)
    play.visitor.press("Send another e-mail")
    play.is_told("If something is still to be verified", role="status")
