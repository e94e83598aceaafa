"""Forgotten passwords on the pages for them, and the links of the mails that lead there."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import pytest

from identity.flows import courier
from tests.fakes.smtp import SmtpSink
from tests.hosted import Tab, allow_client, asked
from tests.hosted_accounts import (
    CHANGE,
    DONE,
    FORGOT,
    LINK,
    NEW,
    OVER,
    SAVE,
    SEND,
    SENT,
    SIGN_IN,
    STEP_UP,
    error_at,
    forgot,
    handed_out,
    mailed_link,
    save,
)
from tests.login_world import World
from tests.password_door import PASSWORD, Door
from tests.queued_mails import do_what_strangers_asked, queued_mails
from tests.second_factors import with_phone
from tests.verifying import configure_tenant, verify_emails


@pytest.fixture
def ann(world: World) -> Door:
    allow_client(world)
    door = Door(world)
    door.add_user()
    return door


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
        assert (other.page.path, other.page.headline) == (DONE, "Your password is saved")
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
        assert tab.page.path == DONE
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


def test_a_client_may_send_people_straight_to_the_page_and_is_checked_as_for_a_sign_in(world: World, ann: Door) -> None:
    with Tab(world) as tab:
        tab.ask_at(FORGOT, login_hint=ann.email)
        assert tab.page.field("loginId")["value"] == ann.email
        tab.press(SEND)
        tab.go(mailed_link(world))
        save(tab)
        assert tab.page.link("Continue to Demo")["href"].startswith(SIGN_IN)
        tab.ask_at(FORGOT, redirect_uri="https://elsewhere.example.com/")
        assert (tab.page.status, tab.page.every("form")) == (400, [])


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
        assert tab.page.path == DONE


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
        assert tab.page.path == DONE


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
        assert tab.page.path == DONE
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
        assert tab.page.path == DONE
    assert world.user(made.json()["user"]["id"])["verified"] is True
    assert Door(world, email).status(NEW) == 202


def test_a_state_of_a_stranger_leads_to_no_client_but_the_one_the_mail_is_about(world: World, ann: Door) -> None:
    foreign = asked(world, client_id=str(uuid4()))
    endless = asked(world, state="s" * 9_000)
    for state in (foreign, {}, {"client_id": 7}, {"client_id": world.application_id, "a": {}}, endless):
        secret = handed_out(world, ann, applicationId=world.application_id, state=state)
        with Tab(world) as tab:
            tab.go(f"{CHANGE}/{secret}")
            save(tab, f"a password for {uuid4()}")
            assert tab.page.path == DONE
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
        assert tab.page.path == DONE
