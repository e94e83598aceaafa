"""Second factors in a browser: chosen, mailed, set up on the way, lost, and not asked for on a trusted computer."""

from __future__ import annotations

from uuid import uuid4

from identity.domain.totp import secret_from
from tests.browser.playing import Play
from tests.browser.visitor import ALL_WAYS
from tests.second_factors import METHODS, Phone, mailed_codes, tenant_policy, with_phone


def with_mail(play: Play) -> str:
    """One more factor: codes by mail to this address."""
    address = f"{uuid4().hex}@example.com"
    tenant_policy(play.world, email={"enabled": True})
    send = {"userId": play.somebody.user_id, "method": "email", "email": address}
    play.somebody.call("POST", "/api/two-factor/send", send)
    enabled = {"code": mailed_codes(play.world, address)[-1], "method": "email", "email": address}
    play.somebody.call("POST", f"{METHODS}/{play.somebody.user_id}", enabled)
    return address


@ALL_WAYS
def test_who_has_several_chooses_one_and_may_have_another_code_sent(play: Play) -> None:
    with_phone(play.world, play.somebody.user_id)
    address = with_mail(play)
    play.by_password()
    play.sees("Confirm that it is you")
    play.visitor.choose("By e-mail")
    play.visitor.press("Continue")
    play.is_told("We have sent a code to", role="status")
    play.visitor.press("Send another code")
    play.is_told("We have sent another code to", role="status")
    play.visitor.fill("Code", mailed_codes(play.world, address)[-1])
    play.visitor.press("Confirm")
    play.is_in()


@ALL_WAYS
def test_who_has_lost_the_phone_gives_a_recovery_code(play: Play) -> None:
    _, codes = with_phone(play.world, play.somebody.user_id)
    play.by_twitter()
    play.visitor.follow("Use another way, or a recovery code")
    play.sees("Confirm that it is you")
    play.visitor.choose("Use a recovery code")
    play.visitor.press("Continue")
    play.visitor.fill("Recovery code", codes[0])
    play.visitor.look("recovery code")
    play.visitor.press("Confirm")
    play.is_in()


@ALL_WAYS
def test_a_factor_that_the_tenant_requires_is_set_up_on_the_way(play: Play) -> None:
    tenant_policy(play.world, loginPolicy="Required", authenticator={"enabled": True}, email={"enabled": True})
    play.by_password()
    play.sees("Set up a second factor")
    play.visitor.press("Use an authenticator app")
    play.visitor.look("key and picture")
    phone = Phone(play.world, secret=secret_from(None, play.visitor.page.locator("code").first.inner_text()))
    play.visitor.fill("Code", phone.code())
    play.visitor.press("Set up")
    play.sees("Save your recovery codes")
    assert play.visitor.page.locator("li code").count() == 10
    play.visitor.press("I have saved them")
    play.is_in()


@ALL_WAYS
def test_a_trusted_computer_is_asked_once(play: Play) -> None:
    phone, _ = with_phone(play.world, play.somebody.user_id)
    play.by_password()
    play.visitor.fill("Code", phone.code())
    play.visitor.choose("Trust this device")
    play.visitor.press("Confirm")
    play.comes_back()
    play.begin(prompt="login")
    play.type_password()
    play.is_in()
