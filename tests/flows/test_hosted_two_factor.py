"""The pages of the second factor: giving it, having codes sent, setting one up on the way. Issue 4, T16, D10."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from identity.domain.totp import secret_from
from tests.hosted import Tab, allow_client
from tests.login_world import World
from tests.password_door import PASSWORD, Door
from tests.second_factors import (
    METHODS,
    Phone,
    change_application,
    mailed_codes,
    messaged_codes,
    tenant_policy,
    with_phone,
)

CODE_PAGE, METHODS_PAGE, SET_UP_PAGE = (
    "/oauth2/two-factor",
    "/oauth2/two-factor-methods",
    "/oauth2/two-factor-enable",
)
BACK_UP = "back-up@example.com"


@dataclass
class Ann:
    """Somebody with a password, and what she has beside it."""

    door: Door
    user_id: str

    def begin(self, tab: Tab, **parameters: str) -> None:
        """To the step after the password."""
        tab.ask(**parameters)
        tab.sign_in(self.door.email, PASSWORD)


@pytest.fixture
def tab(world: World) -> Iterator[Tab]:
    allow_client(world)
    with Tab(world) as opened:
        yield opened


@pytest.fixture
def ann(world: World) -> Ann:
    door = Door(world)
    return Ann(door, door.add_user())


@pytest.fixture
def phone(world: World, ann: Ann) -> Phone:
    return with_phone(world, ann.user_id)[0]


def with_mail(world: World, ann: Ann, address: str = BACK_UP, **policy: Any) -> None:
    """One more factor of hers: codes by mail."""
    tenant_policy(world, email={"enabled": True}, **policy)
    send = {"userId": ann.user_id, "method": "email", "email": address}
    assert world.service.call("POST", "/api/two-factor/send", send).status_code == 200
    enabled = {"code": mailed_codes(world, address)[-1], "method": "email", "email": address}
    answer = world.service.call("POST", f"{METHODS}/{ann.user_id}", enabled)
    assert answer.status_code == 200, answer.text


def status_of_token(world: World, tab: Tab) -> int:
    """Whether the code that the browser brought is worth tokens."""
    form = {
        "grant_type": "authorization_code",
        "code": tab.brought()["code"],
        "redirect_uri": "https://app.example.com/signed-in",
        "client_id": world.application_id,
        "client_secret": client_secret(world),
    }
    return world.service.call("POST", "/oauth2/token", key="", data=form).status_code


def client_secret(world: World) -> str:
    answer = world.service.call("GET", f"/api/application/{world.application_id}")
    return str(answer.json()["application"]["oauthConfiguration"]["clientSecret"])


# Giving a code


def test_the_code_of_an_authenticator_completes_the_sign_in(world: World, tab: Tab, ann: Ann, phone: Phone) -> None:
    ann.begin(tab)
    page = tab.page
    assert (page.path, page.status, page.headline) == (CODE_PAGE, 200, "Enter your code")
    assert page.field("code")["autocomplete"] == "one-time-code"
    assert page.field("code")["inputmode"] == "numeric"
    assert world.count("login_records") == 0
    tab.press("Confirm", code=phone.code())
    assert status_of_token(world, tab) == 200
    assert world.count("login_records") == 1


def test_a_recovery_code_is_taken_in_the_same_field_and_works_once(world: World, tab: Tab, ann: Ann) -> None:
    _, recovery_codes = with_phone(world, ann.user_id)
    ann.begin(tab)
    tab.press("Confirm", code=recovery_codes[0].lower())
    assert tab.brought()["code"]
    with Tab(world) as another:
        ann.begin(another)
        another.press("Confirm", code=recovery_codes[0])
        assert (another.page.status, another.page.path) == (400, CODE_PAGE)


def test_a_wrong_code_is_told_and_the_right_one_still_works(tab: Tab, ann: Ann, phone: Phone) -> None:
    ann.begin(tab)
    tab.press("Confirm", code=phone.wrong_codes(1)[0])
    assert (tab.page.status, tab.page.headline) == (400, "Enter your code")
    assert tab.page.field("code")["aria-invalid"] == "true"
    assert "This code is not accepted" in tab.page.html
    assert phone.wrong_codes(1)[0] not in tab.page.html
    tab.press("Confirm", code=phone.code())
    assert tab.brought()["code"]


def test_no_code_is_no_guess(world: World, tab: Tab, ann: Ann, phone: Phone) -> None:
    ann.begin(tab)
    for _ in range(6):
        tab.press("Confirm", code=" ")
        assert tab.page.status == 400
    tab.press("Confirm", code=phone.code())
    assert tab.brought()["code"]


def test_five_wrong_codes_end_the_sign_in_and_the_page_offers_to_begin_again(
    world: World, tab: Tab, ann: Ann, phone: Phone
) -> None:
    ann.begin(tab)
    for code in phone.wrong_codes(5):
        tab.press("Confirm", code=code)
    assert (tab.page.status, tab.page.headline) == (400, "This sign-in is over")
    assert "Too many wrong codes" in tab.page.alert
    tab.click("Begin again")
    assert tab.page.headline == "Sign in"
    tab.sign_in(ann.door.email, PASSWORD)
    tab.press("Confirm", code=phone.code())
    assert tab.brought()["state"]


def test_wrong_codes_at_the_same_time_are_all_counted(world: World, tab: Tab, ann: Ann, phone: Phone) -> None:
    ann.begin(tab)
    values = tab.page.form(tab.page.every("form")[0])
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda code: tab.send("POST", CODE_PAGE, data=values | {"code": code}), phone.wrong_codes(8))
        pages = [answer.text for answer in answers]
    assert sum("This code is not accepted" in page for page in pages) == 4
    assert tab.send("POST", CODE_PAGE, data=values | {"code": phone.code()}).status_code == 400
    assert world.count("login_records") == 0


def test_ten_wrong_codes_close_the_page_for_sign_ins_that_have_begun_before(
    world: World, tab: Tab, ann: Ann, phone: Phone
) -> None:
    with Tab(world) as waiting:
        ann.begin(waiting)
        for _ in range(2):
            ann.begin(tab)
            for code in phone.wrong_codes(5):
                tab.press("Confirm", code=code)
                world.clock.advance(seconds=2)
        waiting.press("Confirm", code=phone.code())
        assert (waiting.page.status, waiting.page.path) == (400, CODE_PAGE)
        assert "none is accepted for a while" in waiting.page.html
    assert world.count("login_records") == 0


def test_a_form_that_is_sent_twice_lets_one_in_and_tells_the_other(
    world: World, tab: Tab, ann: Ann, phone: Phone
) -> None:
    ann.begin(tab)
    values = tab.page.form(tab.page.every("form")[0]) | {"code": phone.code()}
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: tab.send("POST", CODE_PAGE, data=values), range(2)))
    assert sorted(answer.status_code for answer in answers) == [303, 400]
    assert world.count("login_records") == 1


def test_going_back_after_the_sign_in_says_that_it_is_over(tab: Tab, ann: Ann, phone: Phone) -> None:
    ann.begin(tab)
    url = tab.page.form(tab.page.every("form")[0])["sign_in"]
    tab.press("Confirm", code=phone.code())
    for path in (CODE_PAGE, METHODS_PAGE, SET_UP_PAGE):
        tab.go(f"{path}?sign_in={url}")
        assert (tab.page.status, tab.page.headline) == (400, "This sign-in is over")
        assert tab.page.link("Begin again")["href"].startswith("/oauth2/authorize?client_id=")


def test_a_challenge_that_is_too_old_says_so(world: World, tab: Tab, ann: Ann, phone: Phone) -> None:
    ann.begin(tab)
    world.clock.advance(minutes=10)
    tab.press("Confirm", code=phone.code())
    assert (tab.page.status, tab.page.headline) == (400, "This sign-in is over")


def test_another_browser_can_not_go_on_with_it(world: World, tab: Tab, ann: Ann, phone: Phone) -> None:
    ann.begin(tab)
    values = tab.page.form(tab.page.every("form")[0])
    with Tab(world) as thief:
        thief.ask()
        for method in ("GET", "POST"):
            options = {"params": values} if method == "GET" else {"data": values | {"code": phone.code()}}
            assert thief.send(method, CODE_PAGE, **options).status_code == 403
    tab.press("Confirm", code=phone.code())
    assert tab.brought()["code"]


def test_the_page_without_a_sign_in_is_refused(tab: Tab) -> None:
    tab.ask()
    for path in (CODE_PAGE, METHODS_PAGE, SET_UP_PAGE):
        assert tab.send("GET", path).status_code == 403


def test_a_user_who_was_deactivated_meanwhile_is_sent_away(world: World, tab: Tab, ann: Ann, phone: Phone) -> None:
    ann.begin(tab)
    assert world.service.call("DELETE", f"/api/user/{ann.user_id}").status_code == 200
    tab.press("Confirm", code=phone.code())
    assert (tab.page.status, tab.page.headline) == (400, "This sign-in is over")


# A trusted computer


def test_a_trusted_computer_is_asked_for_no_code_again(world: World, tab: Tab, ann: Ann, phone: Phone) -> None:
    ann.begin(tab)
    answer = tab.send(
        "POST",
        CODE_PAGE,
        data=tab.page.form(tab.page.every("form")[0]) | {"code": phone.code(), "trust_computer": "true"},
    )
    [cookie] = [each for each in answer.headers["Set-Cookie"].split(", ") if each.startswith("fusionauth.trust=")]
    assert "HttpOnly" in answer.headers["Set-Cookie"] and "SameSite=Lax" in answer.headers["Set-Cookie"]
    assert len(cookie) > 40
    ann.begin(tab)
    assert tab.brought()["code"]
    with Tab(world) as another:
        ann.begin(another)
        assert another.page.path == CODE_PAGE


def test_nobody_is_trusted_by_a_wrong_code(tab: Tab, ann: Ann, phone: Phone) -> None:
    ann.begin(tab)
    tab.press("Confirm", code=phone.wrong_codes(1)[0], trust_computer="true")
    assert tab.cookie("fusionauth.trust") is None
    assert "checked" in tab.page.field("trust_computer").attributes


def test_trust_is_not_offered_where_the_application_has_none(world: World, tab: Tab, ann: Ann, phone: Phone) -> None:
    change_application(world, multiFactorConfiguration={"loginPolicy": "Required", "trustPolicy": "None"})
    ann.begin(tab)
    assert "trust_computer" not in tab.page.html


# Codes that are sent


def test_who_has_a_choice_is_asked_and_addresses_are_masked(world: World, tab: Tab, ann: Ann, phone: Phone) -> None:
    with_mail(world, ann)
    ann.begin(tab)
    assert tab.page.path == METHODS_PAGE
    assert BACK_UP not in tab.page.html and ann.door.email not in tab.page.html
    assert "b•••@example.com" in tab.page.html
    assert len([each for each in tab.page.every("input") if each.get("type") == "radio"]) == 3
    assert len(mailed_codes(world, BACK_UP)) == 1  # the one that set the method up: no page sends one


def test_a_code_is_sent_by_the_button_and_completes_the_sign_in(world: World, tab: Tab, ann: Ann) -> None:
    with_mail(world, ann)
    ann.begin(tab)
    [method_id] = [
        each["value"] for each in tab.page.every("input") if "recovery" not in each["value"] and is_radio(each)
    ]
    tab.press("Continue", method=method_id)
    assert tab.page.path == CODE_PAGE
    assert tab.page.notice == "We have sent a code to b•••@example.com."
    tab.press("Confirm", code=mailed_codes(world, BACK_UP)[-1])
    assert status_of_token(world, tab) == 200


def is_radio(element: Any) -> bool:
    return bool(element.get("type") == "radio")


def mail_method(tab: Tab) -> str:
    """The id of the method by mail, from the page."""
    radios = [each for each in tab.page.every("input") if is_radio(each)]
    labels = tab.page.every("label")
    [found] = [radio["value"] for radio, label in zip(radios, labels, strict=True) if "By e-mail" in label.text]
    return found


def test_another_code_puts_an_end_to_the_one_before(world: World, tab: Tab, ann: Ann) -> None:
    with_mail(world, ann)
    ann.begin(tab)
    tab.press("Continue", method=mail_method(tab))
    first = mailed_codes(world, BACK_UP)[-1]
    tab.press("Send another code")
    assert "Earlier ones no longer work" in tab.page.notice
    second = mailed_codes(world, BACK_UP)[-1]
    tab.press("Confirm", code=first)
    assert tab.page.status == 400
    tab.press("Confirm", code=second)
    assert tab.brought()["code"]


def test_looking_at_pages_sends_nothing(world: World, tab: Tab, ann: Ann) -> None:
    with_mail(world, ann)
    ann.begin(tab)
    tab.press("Continue", method=mail_method(tab))
    sent = len(mailed_codes(world, BACK_UP))
    carried = tab.page.form(tab.page.every("form")[0])["sign_in"]
    for _ in range(3):
        tab.go(f"{CODE_PAGE}?sign_in={carried}")
    assert len(mailed_codes(world, BACK_UP)) == sent


def test_the_limit_of_codes_is_told_with_the_time_and_an_earlier_code_still_works(
    world: World, tab: Tab, ann: Ann
) -> None:
    with_mail(world, ann)
    limits = {"sendTwoFactor": {"enabled": True, "limit": 1, "timePeriodInSeconds": 600}}
    path = f"/api/tenant/{world.service.tenant_id}"
    assert world.service.call("PATCH", path, {"tenant": {"rateLimitConfiguration": limits}}).status_code == 200
    ann.begin(tab)
    tab.press("Continue", method=mail_method(tab))
    tab.press("Send another code")
    assert (tab.page.status, tab.page.path) == (429, METHODS_PAGE)
    assert re.search(r"Please try again in (9|10) minutes", tab.page.alert)
    assert int(tab.page.headers["Retry-After"]) > 0
    tab.press("Confirm", code=mailed_codes(world, BACK_UP)[-1])
    assert tab.brought()["code"]


def test_a_method_that_is_not_hers_is_refused(world: World, tab: Tab, ann: Ann) -> None:
    with_mail(world, ann)
    ann.begin(tab)
    for method in ("", "XXXX"):
        tab.press("Continue", method=method)
        assert (tab.page.status, tab.page.path) == (400, METHODS_PAGE)
        assert "Please choose one" in tab.page.alert


def test_whoever_prefers_a_recovery_code_gets_a_form_for_it(world: World, tab: Tab, ann: Ann) -> None:
    _, recovery_codes = with_phone(world, ann.user_id)
    ann.begin(tab)
    tab.click("Use another way, or a recovery code")
    tab.press("Continue", method="recovery")
    assert "recovery codes that you saved" in tab.page.html
    assert "inputmode" not in tab.page.field("code").attributes
    tab.press("Confirm", code=f"{recovery_codes[3][:4]}-{recovery_codes[3][4:]}")
    assert tab.brought()["code"]


# Setting a factor up on the way


@pytest.fixture
def required(world: World) -> None:
    tenant_policy(world, loginPolicy="Required")


def secret_on(tab: Tab) -> bytes:
    key = next(each.text for each in tab.page.every("code"))
    return secret_from(None, key)


@pytest.mark.usefixtures("required")
def test_an_authenticator_is_set_up_on_the_way(world: World, tab: Tab, ann: Ann) -> None:
    ann.begin(tab)
    assert (tab.page.path, tab.page.headline) == (SET_UP_PAGE, "Set up a second factor")
    tab.press("Use an authenticator app")
    phone = Phone(world, secret=secret_on(tab))
    assert f"secret={base64.b32encode(phone.secret).decode()}" in tab.page.link("Open in an app on this device")["href"]
    [picture] = tab.page.every("svg")
    assert (picture["class"], tab.page.every("script")) == ("qr", [])
    tab.press("Set up", code=phone.code())
    assert tab.page.headline == "Save your recovery codes"
    codes = [each.text for each in tab.page.every("code")]
    assert len(codes) == 10
    assert world.count("login_records") == 0
    tab.press("I have saved them")
    assert status_of_token(world, tab) == 200
    [method] = world.user(ann.user_id)["twoFactor"]["methods"]
    assert method["method"] == "authenticator"
    with Tab(world) as another:
        ann.begin(another)
        another.press("Confirm", code=codes[0])
        assert another.brought()["code"]


@pytest.mark.usefixtures("required")
def test_every_look_at_the_page_shows_the_same_key(tab: Tab, ann: Ann) -> None:
    ann.begin(tab)
    tab.press("Use an authenticator app")
    first = secret_on(tab)
    carried = tab.page.form(tab.page.every("form")[0])["sign_in"]
    tab.go(f"{SET_UP_PAGE}?sign_in={carried}")
    assert secret_on(tab) == first
    ann.begin(tab)
    tab.press("Use an authenticator app")
    assert secret_on(tab) != first


@pytest.mark.usefixtures("required")
def test_a_set_up_that_is_sent_twice_makes_one_method_and_loses_no_recovery_code(
    world: World, tab: Tab, ann: Ann
) -> None:
    ann.begin(tab)
    tab.press("Use an authenticator app")
    values = tab.page.form(tab.page.every("form")[0]) | {"code": Phone(world, secret=secret_on(tab)).code()}
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: tab.send("POST", SET_UP_PAGE, data=values), range(2)))
    assert len(world.user(ann.user_id)["twoFactor"]["methods"]) == 1
    for answer in answers:
        tab.go(answer.headers["Location"])
        assert len(tab.page.every("code")) == 10
    tab.press("I have saved them")
    assert tab.brought()["code"]


@pytest.mark.usefixtures("required")
def test_recovery_codes_are_gone_from_the_pages_once_the_sign_in_has_gone_on(tab: Tab, ann: Ann, world: World) -> None:
    ann.begin(tab)
    tab.press("Use an authenticator app")
    tab.press("Set up", code=Phone(world, secret=secret_on(tab)).code())
    carried = tab.page.form(tab.page.every("form")[0])["sign_in"]
    tab.press("I have saved them", trust_computer="true")
    tab.go(f"{SET_UP_PAGE}?sign_in={carried}")
    assert (tab.page.status, tab.page.headline) == (400, "This sign-in is over")
    ann.begin(tab)
    assert tab.brought()["code"]  # the computer is trusted


@pytest.mark.usefixtures("required")
def test_a_wrong_code_sets_nothing_up(world: World, tab: Tab, ann: Ann) -> None:
    ann.begin(tab)
    tab.press("Use an authenticator app")
    for code in ("", *Phone(world, secret=secret_on(tab)).wrong_codes(1)):
        tab.press("Set up", code=code)
        assert (tab.page.status, tab.page.path) == (400, SET_UP_PAGE)
    assert world.user(ann.user_id)["twoFactor"]["methods"] == []
    tab.press("Set up", code=Phone(world, secret=secret_on(tab)).code())
    assert tab.page.headline == "Save your recovery codes"


@pytest.mark.usefixtures("required")
def test_nobody_goes_on_without_having_set_a_factor_up(world: World, tab: Tab, ann: Ann) -> None:
    ann.begin(tab)
    values = tab.page.form(tab.page.every("form")[0])
    for forged in ({"kept": "true"}, {"kept": "true", "code": "123456"}, {"code": "123456"}):
        assert tab.send("POST", CODE_PAGE, data=values | forged).status_code == 400
    assert world.count("login_records") == 0


@pytest.mark.usefixtures("required")
def test_a_challenge_from_before_a_factor_was_set_up_elsewhere_shows_no_recovery_codes(
    world: World, tab: Tab, ann: Ann
) -> None:
    ann.begin(tab)
    tab.press("Use an authenticator app")
    stale = tab.page.form(tab.page.every("form")[0])
    own = Phone(world, secret=secret_on(tab))
    phone, recovery_codes = with_phone(world, ann.user_id)
    tab.press("Set up", code=own.code())
    assert (tab.page.path, tab.page.headline) == (CODE_PAGE, "Enter your code")
    assert recovery_codes[0] not in tab.page.html
    assert len(world.user(ann.user_id)["twoFactor"]["methods"]) == 1
    assert tab.send("POST", CODE_PAGE, data=stale | {"kept": "true"}).status_code == 400
    tab.press("Confirm", code=phone.code())
    assert tab.brought()["code"]


def test_mail_is_set_up_on_the_way(world: World, tab: Tab, ann: Ann) -> None:
    tenant_policy(world, loginPolicy="Required", email={"enabled": True})
    ann.begin(tab)
    assert tab.page.field("email")["value"] == ann.door.email
    tab.press("Send a code by e-mail", email="not an address")
    assert tab.page.field("email")["aria-invalid"] == "true"
    tab.press("Send a code by e-mail", email=BACK_UP)
    assert tab.page.notice == f"We have sent a code to {BACK_UP}."
    tab.press("Set up", code="000000x")
    assert tab.page.status == 400
    tab.press("Send another code")
    first, second = mailed_codes(world, BACK_UP)
    tab.press("Set up", code=first)
    assert tab.page.status == 400
    tab.press("Set up", code=second)
    tab.press("I have saved them")
    assert status_of_token(world, tab) == 200
    [method] = world.user(ann.user_id)["twoFactor"]["methods"]
    assert (method["method"], method["email"]) == ("email", BACK_UP)


def test_text_messages_are_set_up_on_the_way(world: World, tab: Tab, ann: Ann) -> None:
    messenger = {"messenger": {"type": "Generic", "name": "Sender", "url": "http://127.0.0.1:1/"}}
    answer = world.service.call("POST", "/api/messenger", messenger)
    assert answer.status_code == 200, answer.text
    sms = {"enabled": True, "messengerId": answer.json()["messenger"]["id"]}
    tenant_policy(world, loginPolicy="Required", authenticator={"enabled": False}, sms=sms)
    ann.begin(tab)
    tab.press("Send a code by text message", mobile_phone="+49 170 1234567")
    tab.press("Set up", code=messaged_codes(world, "+49 170 1234567")[-1])
    tab.press("I have saved them")
    assert tab.brought()["code"]
    with Tab(world) as another:
        ann.begin(another)
        assert "•••67" in another.page.html and "1234567" not in another.page.html


def test_a_way_that_can_not_be_sent_by_is_told(world: World, tab: Tab, ann: Ann) -> None:
    tenant_policy(world, loginPolicy="Required", sms={"enabled": True})
    ann.begin(tab)
    tab.press("Send a code by text message", mobile_phone="+49 170 1234567")
    assert (tab.page.status, tab.page.path) == (400, SET_UP_PAGE)
    assert "No code can be sent this way" in tab.page.alert
    tab.press("Use an authenticator app")
    assert tab.page.status == 200
    tab.press("Choose another way")
    assert tab.page.button("Use an authenticator app")


def test_a_kind_that_is_not_offered_is_refused(world: World, tab: Tab, ann: Ann) -> None:
    tenant_policy(world, loginPolicy="Required")
    ann.begin(tab)
    tab.press("Use an authenticator app", method="email", email=BACK_UP)
    assert (tab.page.status, mailed_codes(world, BACK_UP)) == (400, [])


def test_where_nothing_can_be_set_up_the_page_says_so(world: World, tab: Tab, ann: Ann) -> None:
    tenant_policy(world, loginPolicy="Required", authenticator={"enabled": False})
    ann.begin(tab)
    assert (tab.page.status, tab.page.headline) == (400, "A second factor is needed")
    assert "ask support" in tab.page.alert


def test_the_second_factor_of_a_person_who_came_from_the_provider(world: World, tab: Tab) -> None:
    user_id = world.logged_in("alice")["user"]["id"]
    phone, _ = with_phone(world, user_id)
    tab.ask()
    tab.with_twitter("alice")
    assert tab.page.path == CODE_PAGE
    tab.press("Confirm", code=phone.code())
    assert status_of_token(world, tab) == 200
