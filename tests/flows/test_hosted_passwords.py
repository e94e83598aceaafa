"""Forgotten and demanded passwords on the pages for them, and the links of the mails that lead there."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import pytest

from identity.domain.errors import NotFound
from identity.domain.guesses import CODES
from identity.domain.second_factor import WRONG_PER_CHALLENGE
from identity.flows import courier
from identity.flows.second_factors.start_two_factor import StartRequest, start_two_factor
from identity.flows.second_factors.step_up import StepUp, step_up
from tests.fakes.smtp import SmtpSink
from tests.hosted import Page, Tab, allow_client, asked
from tests.login_world import World
from tests.password_door import PASSWORD, Door
from tests.queued_mails import do_what_strangers_asked, queued_mails
from tests.second_factors import answer, mailed_codes, tenant_policy, with_phone
from tests.verifying import configure_tenant, verify_emails

FORGOT, SENT, CHANGE = "/password/forgot", "/password/sent", "/password/change"
COMPLETE, STEP_UP, SIGN_IN = "/password/complete", "/password/second-factor", "/oauth2/authorize"
NEW = "staple battery horse"
SAVE, SEND = "Save the password", "Send the link"
LINK = re.compile(r"\S+/password/change/\S+")
OVER = "This link is no longer valid"


@pytest.fixture
def ann(world: World) -> Door:
    allow_client(world)
    door = Door(world)
    door.add_user()
    return door


def error_at(page: Page, name: str) -> str:
    described = page.by_id(f"{name}-error")
    return described.text if described else ""


def mailed_link(world: World) -> str:
    """The link of the youngest mail that has one."""
    do_what_strangers_asked(world.service)
    found = [link for mail in queued_mails(world.service) for link in LINK.findall(mail.text)]
    assert found, [mail.text for mail in queued_mails(world.service)]
    return found[-1]


def forgot(world: World, login_id: str) -> str:
    """The link that somebody gets who has forgotten the password on the way to the demo application."""
    with Tab(world) as tab:
        tab.ask()
        tab.click("Forgot your password?")
        tab.press(SEND, loginId=login_id)
        assert tab.page.path == SENT
    return mailed_link(world)


def handed_out(world: World, door: Door, **members: Any) -> str:
    """A change-password id that an administrator delivers; nothing is known of a client."""
    body = {"loginId": door.email, "sendForgotPasswordEmail": False} | members
    answer = world.service.call("POST", "/api/user/forgot-password", body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["changePasswordId"])


def save(tab: Tab, password: str = NEW, again: str | None = None) -> None:
    tab.press(SAVE, password=password, password_confirm=password if again is None else again)


# Forgotten


def test_who_forgot_the_password_gets_a_mail_sets_another_and_goes_on_to_the_client_in_another_browser(
    world: World, ann: Door
) -> None:
    with Tab(world) as tab:
        tab.ask()
        tab.click("Forgot your password?")
        assert tab.page.headline == "Forgot your password?"
        assert tab.page.field("loginId")["autocomplete"] == "username"
        tab.press(SEND, loginId=f" {ann.email} ")
        assert (tab.page.path, tab.page.status) == (SENT, 200)
        tab.click("Back to the sign-in page")
        assert tab.page.headline == "Sign in"
    link = mailed_link(world)
    with Tab(world) as other:
        other.go(link)
        assert (other.page.path, other.page.headline) == (CHANGE, "Choose a new password")
        assert other.page.field("password")["autocomplete"] == "new-password"
        assert other.page.field("username")["value"] == ann.email
        save(other)
        assert (other.page.path, other.page.headline) == (COMPLETE, "Your password is saved")
        target = urlsplit(other.page.link("Continue to Demo")["href"])
        assert target.path == SIGN_IN
        assert {name: values[0] for name, values in parse_qs(target.query).items()} == asked(world)
        other.click("Continue to Demo")
        other.sign_in(ann.email, NEW)
        assert other.brought()["code"]
    assert ann.status(PASSWORD) == 404


def test_the_link_works_from_the_mail_that_a_server_was_given(world: World, ann: Door) -> None:
    with SmtpSink() as server:
        configure_tenant(world, emailConfiguration={"host": "localhost", "port": server.port})
        with Tab(world) as tab:
            tab.ask()
            tab.click("Forgot your password?")
            tab.press(SEND, loginId=ann.email)
        courier.deliver_due(world.service.services)
        courier.deliver_due(world.service.services)
        [mail] = [each for each in server.received if each.message["Subject"] == "Choose a new password"]
    assert mail.recipients == [ann.email]
    [link] = LINK.findall(mail.part("plain"))
    assert f'href="{link}"' in mail.part("html").replace("&amp;", "&")
    with Tab(world) as tab:
        tab.go(link)
        save(tab)
        assert tab.page.path == COMPLETE
    assert ann.status(NEW) == 200


def test_known_and_unknown_people_get_the_same_page_and_nothing_is_looked_up(world: World, ann: Door) -> None:
    nameless = world.add_user(username="no-address")
    pages = []
    for login_id in (ann.email, "nobody@example.com", nameless["username"], "<b>a</b>"):
        with Tab(world) as tab:
            tab.ask()
            tab.click("Forgot your password?")
            tab.press(SEND, loginId=login_id)
            pages.append((tab.page.path, tab.page.status, re.sub(r"sign_in=[^\"&]+", "", tab.page.html)))
            assert world.count("external_identifiers") == 0
    assert len(set(pages)) == 1
    assert do_what_strangers_asked(world.service) == 4
    assert [mail.to for mail in queued_mails(world.service)] == [ann.email]


def test_an_empty_or_endless_login_id_is_refused(world: World, ann: Door) -> None:
    with Tab(world) as tab:
        tab.ask()
        tab.click("Forgot your password?")
        for login_id in ("", "  ", "a" * 300):
            tab.press(SEND, loginId=login_id)
            assert (tab.page.status, tab.page.path) == (400, FORGOT)
            assert tab.page.field("loginId")["aria-invalid"] == "true"
        tab.press(SEND, loginId="a\0b")
        assert tab.page.status == 400
    assert do_what_strangers_asked(world.service) == 0


def test_only_so_many_mails_are_asked_for_and_the_page_says_so(world: World, ann: Door) -> None:
    limit = {"forgotPassword": {"enabled": True, "limit": 1, "timePeriodInSeconds": 60}}
    configure_tenant(world, rateLimitConfiguration=limit)
    for login_id in (ann.email, "nobody@example.com"):
        with Tab(world) as tab:
            tab.ask()
            tab.click("Forgot your password?")
            tab.press(SEND, loginId=login_id)
            tab.click("Try again")
            tab.press(SEND, loginId=login_id)
            assert (tab.page.status, tab.page.path) == (429, FORGOT)
            assert "Please wait a while" in tab.page.alert
            assert int(tab.page.headers["Retry-After"]) > 0
            assert tab.page.field("loginId")["value"] == login_id
            world.clock.advance(minutes=1)
            tab.press(SEND, loginId=login_id)
            assert tab.page.path == SENT


def test_the_page_stands_on_its_own_for_a_client_a_tenant_or_the_only_tenant(world: World, ann: Door) -> None:
    with Tab(world) as tab:
        for address in (FORGOT, f"{FORGOT}?client_id={world.application_id}"):
            tab.go(address)
            tab.press(SEND, loginId=ann.email)
            assert tab.page.path == SENT
            assert "Back to the sign-in page" not in tab.page.html
    assert do_what_strangers_asked(world.service) == 2
    assert len(queued_mails(world.service)) == 2
    other_tenant, other_application = world.add_tenant("other")
    with Tab(world) as tab:
        tab.go(f"{FORGOT}?tenantId={world.service.tenant_id}")
        tab.press(SEND, loginId=ann.email)
        assert tab.page.path == SENT
        for query in (
            "",
            "?tenantId=nonsense",
            f"?tenantId={uuid4()}",
            "?client_id=nonsense",
            f"?client_id={uuid4()}",
            f"?client_id={other_application}&tenantId={world.service.tenant_id}",
        ):
            tab.go(FORGOT + query)
            assert (tab.page.status, tab.page.every("form")) == (400, []), query
        tab.go(f"{FORGOT}?client_id={other_application}&tenantId={other_tenant}")
        assert tab.page.status == 200
    do_what_strangers_asked(world.service)
    assert len(queued_mails(world.service)) == 3


def test_a_form_that_this_browser_was_not_given_is_refused(world: World, ann: Door) -> None:
    with Tab(world) as tab, Tab(world) as other:
        tab.ask()
        tab.click("Forgot your password?")
        values = tab.page.form(tab.page.button(SEND).form) | {"loginId": ann.email}
        other.ask()
        for forged in (values, values | {"sign_in": ""}):
            other.post(FORGOT, forged)
            assert other.page.status == 403
        other.go(SENT)
        assert other.page.status == 403
    assert do_what_strangers_asked(world.service) == 0


# The mailed link


def test_the_id_of_a_link_is_gone_from_the_address_at_once(world: World, ann: Door) -> None:
    link = forgot(world, ann.email)
    secret = urlsplit(link).path.rpartition("/")[2]
    with Tab(world) as tab:
        answer = tab.send("GET", link)
        assert (answer.status_code, answer.headers["Referrer-Policy"]) == (303, "same-origin")
        assert answer.headers["Cache-Control"] == "no-store"
        assert secret not in answer.headers["Location"]
        tab.go(answer.headers["Location"])
        assert tab.page.path == CHANGE
        assert secret not in tab.page.html


def test_looking_at_a_link_does_not_use_it_up(world: World, ann: Door) -> None:
    link = forgot(world, ann.email)
    for _ in range(3):
        with Tab(world) as tab:
            tab.go(link)
            assert tab.page.status == 200
    with Tab(world) as tab:
        tab.go(link)
        save(tab)
        assert tab.page.path == COMPLETE


def test_a_program_that_looks_at_the_pages_of_a_link_changes_nothing(world: World, ann: Door) -> None:
    [(user_id,)] = world.rows("SELECT id::text FROM users")
    phone, _ = with_phone(world, user_id)
    link = forgot(world, ann.email)
    with Tab(world) as tab:
        tab.go(link)
        sealed = tab.page.form(tab.page.button("Continue").form)["sign_in"]
        before = world.rows("SELECT data FROM external_identifiers ORDER BY id_hash")
        for path in (link, f"{STEP_UP}?sign_in={sealed}", f"{FORGOT}?sign_in={sealed}"):
            assert tab.send("HEAD", path).status_code < 400
        assert world.rows("SELECT data FROM external_identifiers ORDER BY id_hash") == before
        tab.press("Continue", code=phone.code())
        save(tab)
        assert tab.page.path == COMPLETE


def test_browsers_that_were_signed_in_are_not_any_more_after_the_change(world: World, ann: Door) -> None:
    with Tab(world) as tab, Tab(world) as other:
        tab.ask()
        tab.sign_in(ann.email, PASSWORD, rememberDevice="true")
        assert tab.brought()["code"]
        tab.go("/oauth2/authorize?" + urlencode(asked(world)))
        assert tab.brought()["code"]
        other.go(forgot(world, ann.email))
        save(other)
        tab.ask()
        assert tab.page.headline == "Sign in"


def test_a_link_that_is_used_unknown_foreign_or_too_old_offers_a_new_one(world: World, ann: Door) -> None:
    used = forgot(world, ann.email)
    with Tab(world) as tab:
        tab.go(used)
        save(tab)
    tenant_id, _ = world.add_tenant("other")
    fresh = forgot(world, ann.email)
    own = f"tenantId={world.service.tenant_id}"
    with Tab(world) as tab:
        tab.go(fresh.replace(own, f"tenantId={tenant_id}"))
        assert (tab.page.status, tab.page.headline) == (404, OVER)
    world.clock.advance(days=1)
    for link in (used, fresh, f"{CHANGE}/unknown?{own}", f"{CHANGE}/{'x' * 5_000}?{own}"):
        with Tab(world) as tab:
            tab.go(link)
            assert (tab.page.status, tab.page.headline) == (404, OVER), link
            tab.click("Send me a new link")
            tab.press(SEND, loginId=ann.email)
            assert tab.page.path == SENT
    with Tab(world) as tab:
        tab.go(mailed_link(world))
        assert tab.page.headline == "Choose a new password"


def test_a_link_without_its_tenant_works_as_well(world: World, ann: Door) -> None:
    with Tab(world) as tab:
        tab.go(f"{CHANGE}/{handed_out(world, ann)}")
        save(tab)
        assert tab.page.path == COMPLETE
        assert "You may close this window." in tab.page.html
    assert ann.status(NEW) == 200


def test_the_same_form_sent_twice_changes_the_password_once(world: World, ann: Door) -> None:
    with Tab(world) as tab:
        tab.go(forgot(world, ann.email))
        values = tab.page.form(tab.page.button(SAVE).form) | {"password": NEW, "password_confirm": NEW}
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda _: tab.send("POST", CHANGE, data=values), range(2)))
        assert sorted(each.status_code for each in answers) == [303, 404]
        [late] = [each for each in answers if each.status_code == 404]
        assert "If you have just chosen a new password, you can sign in with it." in late.text
    assert ann.status(NEW) == 200


def test_a_new_person_sets_a_first_password_by_the_mailed_link(world: World) -> None:
    verify_emails(world)
    email = f"{uuid4().hex}@example.com"
    body = {"user": {"email": email}, "sendSetPasswordEmail": True, "applicationId": world.application_id}
    made = world.service.call("POST", "/api/user", body)
    assert made.status_code == 200, made.text
    with Tab(world) as tab:
        tab.go(mailed_link(world))
        assert tab.page.headline == "Set up your password"
        save(tab)
        assert tab.page.path == COMPLETE
    assert world.user(made.json()["user"]["id"])["verified"] is True
    assert Door(world, email).status(NEW) == 202


def test_a_state_of_a_stranger_leads_to_no_client_but_the_one_the_mail_is_about(world: World, ann: Door) -> None:
    foreign = asked(world, client_id=str(uuid4()))
    for state in (foreign, {}, {"client_id": 7}, {"client_id": world.application_id, "a": {}}):
        secret = handed_out(world, ann, applicationId=world.application_id, state=state)
        with Tab(world) as tab:
            tab.go(f"{CHANGE}/{secret}")
            save(tab, f"a password for {uuid4()}")
            assert tab.page.path == COMPLETE
            assert SIGN_IN not in tab.page.html


def test_rules_are_told_and_what_breaks_them_is_shown_beside_the_field(world: World, ann: Door) -> None:
    remember = {"rememberPreviousPasswords": {"enabled": True, "count": 3}, "minLength": 12}
    configure_tenant(world, passwordValidationRules=remember)
    with Tab(world) as tab:
        tab.go(forgot(world, ann.email))
        hint = tab.page.by_id("password-hint")
        assert hint is not None and "At least 12 characters." in hint.text
        for password, why in (
            ("", "Please choose a password."),
            ("   ", "Please choose a password."),
            ("short", "The password is too short."),
            (PASSWORD, "The password was used before."),
        ):
            save(tab, password)
            assert (tab.page.status, error_at(tab.page, "password")) == (400, why)
            assert password == "" or f'value="{password}"' not in tab.page.html
        save(tab, NEW, "another one")
        assert error_at(tab.page, "password_confirm") == "The two passwords are not the same."
        save(tab)
        assert tab.page.path == COMPLETE


# Demanded by a login


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


# With a second factor


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
        assert tab.page.path == COMPLETE
    assert world.count("login_records") == 0  # it was no login
    with Tab(world) as tab:
        tab.go(forgot(world, ann.email))
        tab.press("Continue", code=codes[0])
        save(tab, "yet another password")
        assert tab.page.path == COMPLETE


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
        assert tab.page.path == COMPLETE


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
        assert tab.page.path == COMPLETE


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
