"""The pages that verify an e-mail address or a registration: on the way of a sign-in, and behind a mailed link."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import unescape

import pytest

from tests.hosted import Tab, allow_client
from tests.login_world import World
from tests.password_door import PASSWORD, Door
from tests.queued_mails import QueuedMail, do_what_strangers_asked, queued_mails
from tests.service import NOBODYS_ID
from tests.verifying import (
    FORM_FIELD,
    GATED,
    configure_tenant,
    handed_out,
    linked_person,
    register,
    verify_emails,
    verify_registrations,
)

BOTH = pytest.mark.parametrize("what", ["email", "registration"])
API = {"email": "/api/user/verify-email", "registration": "/api/user/verify-registration"}
HEADLINES = {"email": "Verify your e-mail address", "registration": "Verify your registration"}
DONE = {"email": "Your e-mail address is verified", "registration": "Your registration is verified"}


@dataclass
class Unverified:
    """Somebody who is still to verify one of the two."""

    world: World
    door: Door
    user_id: str
    what: str

    def begin(self, tab: Tab) -> None:
        tab.ask()
        tab.sign_in(self.door.email, PASSWORD)

    @property
    def is_verified(self) -> bool:
        user = self.world.user(self.user_id)
        return bool(user["verified"] if self.what == "email" else user["registrations"][0]["verified"])

    def mails(self) -> list[QueuedMail]:
        return [mail for mail in queued_mails(self.world.service) if mail.to == self.door.email]

    def codes(self) -> list[str]:
        return [re.findall(r"asked for it: (\S+)", mail.text)[0] for mail in self.mails()]

    def links(self) -> list[str]:
        """As a mail program opens them."""
        return [unescape(re.findall(r'href="([^"]+)"', mail.html)[0]) for mail in self.mails()]


@pytest.fixture
def tab(world: World) -> Iterator[Tab]:
    allow_client(world)
    with Tab(world) as opened:
        yield opened


def person(world: World, what: str, **rules: object) -> Unverified:
    """What is verified, and the rules of tenant or application for it."""
    door = Door(world)
    if what == "email":
        verify_emails(world, **rules)
        return Unverified(world, door, door.add_user(verified=False), what)
    verify_registrations(world, **rules)
    return Unverified(world, door, door.add_user(), what)


def mail_limit(world: World, count: int) -> None:
    limit = {"enabled": True, "limit": count, "timePeriodInSeconds": 600}
    configure_tenant(
        world, rateLimitConfiguration={"sendEmailVerification": limit, "sendRegistrationVerification": limit}
    )


# On the way of a sign-in, by code


@BOTH
def test_the_mailed_code_lets_a_gated_sign_in_go_on(world: World, tab: Tab, what: str) -> None:
    ann = person(world, what, **FORM_FIELD)
    ann.begin(tab)
    page = tab.page
    assert (page.path, page.status, page.headline) == (f"/{what}/verification-required", 200, HEADLINES[what])
    assert page.field("code")["autocomplete"] == "one-time-code"
    assert ann.door.email not in page.html and "•••@example.com" in page.notice
    assert world.count("login_records") == 0
    tab.press("Verify", code=ann.codes()[-1])
    assert tab.brought()["code"]
    assert ann.is_verified
    assert world.count("login_records") == 1


@BOTH
def test_a_wrong_code_is_told_and_after_five_only_a_new_one_works(world: World, tab: Tab, what: str) -> None:
    ann = person(world, what, **FORM_FIELD)
    ann.begin(tab)
    for _ in range(5):
        tab.press("Verify", code="wrong1")
        assert (tab.page.status, tab.page.field("code")["aria-invalid"]) == (400, "true")
    tab.press("Verify", code=ann.codes()[-1])
    assert "tried too often" in tab.page.html
    assert not ann.is_verified
    tab.press("Send the e-mail again")
    assert "another e-mail" in tab.page.notice
    tab.press("Verify", code=ann.codes()[-1])
    assert tab.brought()["code"]


def test_codes_that_are_guessed_at_the_same_time_are_all_counted(world: World, tab: Tab) -> None:
    ann = person(world, "email", **FORM_FIELD)
    ann.begin(tab)
    values = tab.page.form(tab.page.every("form")[0])
    path = "/email/verification-required"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: tab.send("POST", path, data=values | {"code": f"wrong{i}"}), range(8)))
    assert {answer.status_code for answer in answers} == {400}
    assert tab.send("POST", path, data=values | {"code": ann.codes()[-1]}).status_code == 400
    assert not ann.is_verified


def test_no_code_is_no_guess(world: World, tab: Tab) -> None:
    ann = person(world, "email", **FORM_FIELD)
    ann.begin(tab)
    for _ in range(6):
        tab.press("Verify", code=" ")
        assert tab.page.status == 400
    tab.press("Verify", code=ann.codes()[-1])
    assert tab.brought()["code"]


@BOTH
def test_the_limit_of_mails_is_told_with_the_time(world: World, tab: Tab, what: str) -> None:
    ann = person(world, what, **FORM_FIELD)
    mail_limit(world, 1)
    ann.begin(tab)
    mails = len(ann.mails())
    tab.press("Send the e-mail again")
    assert tab.page.status == 429
    assert re.search(r"again in (9|10) minutes", tab.page.alert)
    assert len(ann.mails()) == mails
    tab.press("Verify", code=ann.codes()[-1])
    assert tab.brought()["code"]


def test_who_was_verified_elsewhere_goes_on_without_a_code(world: World, tab: Tab) -> None:
    ann = person(world, "email", **FORM_FIELD)
    ann.begin(tab)
    assert world.service.call("POST", API["email"], {"userId": ann.user_id}).status_code == 200
    tab.press("Already verified: continue")
    assert tab.brought()["code"]


# On the way of a sign-in, by link


@BOTH
def test_a_sign_in_goes_on_after_the_link_was_opened_in_a_browser_that_never_signed_in(
    world: World, tab: Tab, what: str
) -> None:
    ann = person(world, what, **GATED)
    ann.begin(tab)
    assert "a link" in tab.page.notice
    tab.press("Already verified: continue")
    assert (tab.page.status, tab.page.headline) == (400, HEADLINES[what])
    assert "not verified yet" in tab.page.alert
    [link] = ann.links()
    with Tab(world) as phone:
        phone.go(link)
        phone.press("Verify")
        assert (phone.page.path, phone.page.headline) == (f"/{what}/complete", DONE[what])
        assert phone.page.every("form") == []
    assert ann.is_verified
    tab.press("Already verified: continue")
    assert tab.brought()["code"]
    assert world.count("login_records") == 1


@BOTH
def test_the_browser_that_has_the_sign_in_waiting_goes_on_from_the_link(world: World, tab: Tab, what: str) -> None:
    ann = person(world, what, **GATED)
    ann.begin(tab)
    tab.go(ann.links()[0])
    tab.press("Verify")
    assert tab.page.headline == DONE[what]
    tab.press("Continue to sign in")
    assert tab.brought()["state"]
    assert world.count("login_records") == 1


def test_asking_again_and_again_whether_it_is_verified_costs_nothing(world: World, tab: Tab) -> None:
    ann = person(world, "email", **GATED)
    ann.begin(tab)
    values = tab.page.form(tab.page.every("form")[0]) | {"verified": "true"}
    for _ in range(3):
        assert tab.send("POST", "/email/verification-required", data=values).status_code == 400
    assert len(ann.mails()) == 1
    world.service.call("POST", API["email"], {"userId": ann.user_id})
    assert tab.send("POST", "/email/verification-required", data=values).status_code == 303


def test_a_sign_in_that_goes_on_twice_is_completed_once(world: World, tab: Tab) -> None:
    ann = person(world, "email", **GATED)
    ann.begin(tab)
    world.service.call("POST", API["email"], {"userId": ann.user_id})
    values = tab.page.form(tab.page.every("form")[0]) | {"verified": "true"}
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: tab.send("POST", "/email/verification-required", data=values), range(2)))
    assert sorted(answer.status_code for answer in answers) == [303, 400]
    assert world.count("login_records") == 1


def test_a_proof_that_is_too_old_says_so(world: World, tab: Tab) -> None:
    ann = person(world, "email", **GATED)
    ann.begin(tab)
    world.clock.advance(minutes=10)
    for button in ("Already verified: continue", "Send the e-mail again"):
        ann_page = tab.page
        tab.press(button)
        assert (tab.page.status, tab.page.headline) == (400, "This sign-in is over")
        assert tab.page.link("Begin again")
        tab._page = ann_page
    assert len(ann.mails()) == 1


def test_another_browser_can_not_go_on_with_it(world: World, tab: Tab) -> None:
    ann = person(world, "email", **GATED)
    ann.begin(tab)
    world.service.call("POST", API["email"], {"userId": ann.user_id})
    values = tab.page.form(tab.page.every("form")[0]) | {"verified": "true"}
    with Tab(world) as thief:
        thief.ask()
        assert thief.send("POST", "/email/verification-required", data=values).status_code == 403
        assert thief.send("POST", "/email/send-again", data=values).status_code == 403


@pytest.mark.parametrize("rules", [{"verifyEmail": False}, {"unverified": {"behavior": "Allow"}}], ids=["off", "allow"])
def test_where_it_need_not_be_verified_any_more_the_sign_in_goes_on(
    world: World, tab: Tab, rules: dict[str, object]
) -> None:
    ann = person(world, "email", **GATED)
    ann.begin(tab)
    configure_tenant(world, emailConfiguration=rules)
    tab.press("Already verified: continue")
    assert tab.brought()["code"]


def test_a_proof_ends_with_the_password_that_it_came_by(world: World, tab: Tab) -> None:
    ann = person(world, "email", **GATED)
    ann.begin(tab)
    world.change_user(ann.user_id, password="another good password")
    world.service.call("POST", API["email"], {"userId": ann.user_id})
    tab.press("Already verified: continue")
    assert (tab.page.status, tab.page.headline) == (400, "This sign-in is over")
    assert world.count("login_records") == 0


def test_a_proof_of_whoever_planted_a_password_ends_when_the_owner_comes_by_the_provider(
    world: World, tab: Tab
) -> None:
    verify_emails(world, **GATED)
    planted = Door(world, email="alice@example.com")
    planted.add_user(verified=False)
    tab.ask()
    tab.sign_in(planted.email, PASSWORD)
    assert tab.page.path == "/email/verification-required"
    world.login("alice")
    [(user_id,)] = world.rows("SELECT id FROM users")
    world.service.call("POST", API["email"], {"userId": str(user_id)})
    before = world.count("login_records")
    tab.press("Already verified: continue")
    assert (tab.page.status, tab.page.headline) == (400, "This sign-in is over")
    assert world.count("login_records") == before


def test_the_trace_names_the_door_that_the_person_came_by(world: World, tab: Tab) -> None:
    ann = person(world, "email", **FORM_FIELD)
    ann.begin(tab)
    values = tab.page.form(tab.page.every("form")[0]) | {"code": ann.codes()[-1]}
    answer = tab.send("POST", "/email/verification-required", data=values)
    world.service.services.traces.flush()
    [(door, status)] = world.rows(
        "SELECT door, status FROM login_traces WHERE id = %s", answer.headers["X-Identity-Trace"]
    )
    assert (door, status) == ("password", 200)


def test_under_allow_nobody_is_stopped(world: World, tab: Tab) -> None:
    ann = person(world, "email")
    ann.begin(tab)
    assert tab.brought()["code"]
    assert not ann.is_verified


def test_an_unverified_person_from_the_provider_goes_on_as_well(world: World, tab: Tab) -> None:
    verify_registrations(world, **FORM_FIELD)
    register(world, linked_person(world))
    tab.ask()
    tab.with_twitter("alice")
    mail = queued_mails(world.service)[-1]
    tab.press("Verify", code=re.findall(r"asked for it: (\S+)", mail.text)[0])
    assert tab.brought()["code"]


# Behind the link


@BOTH
def test_opening_the_link_verifies_nothing(world: World, what: str) -> None:
    ann = person(world, what, **GATED)
    with Tab(world) as tab:
        allow_client(world)
        ann.begin(tab)
    [link] = ann.links()
    with Tab(world) as scanner:
        for _ in range(2):
            scanner.go(link)
            assert (scanner.page.status, scanner.page.headline) == (200, HEADLINES[what])
        assert scanner.send("HEAD", link).status_code == 303
        assert not ann.is_verified
        scanner.press("Verify")
    assert ann.is_verified


@BOTH
def test_a_button_that_is_pressed_twice_says_done_twice(world: World, tab: Tab, what: str) -> None:
    ann = person(world, what, **GATED)
    ann.begin(tab)
    with Tab(world) as another:
        another.go(ann.links()[0])
        values = another.page.form(another.page.every("form")[0])
        for _ in range(2):
            another.post(f"/{what}/verify", values)
            assert (another.page.status, another.page.headline) == (200, DONE[what])


@BOTH
def test_a_used_link_leads_to_a_page_that_sends_another(world: World, tab: Tab, what: str) -> None:
    ann = person(world, what, **GATED)
    ann.begin(tab)
    [link] = ann.links()
    world.clock.advance(days=2)
    with Tab(world) as another:
        another.go(link)
        assert (another.page.path, another.page.headline) == (f"/{what}/verify", "This link is no longer valid")
        another.press("Send another e-mail", email=ann.door.email)
        assert (another.page.path, another.page.status) == (f"/{what}/sent", 200)
        assert do_what_strangers_asked(world.service) == 1
        another.go(ann.links()[-1])
        another.press("Verify")
        assert another.page.headline == DONE[what]
    assert ann.is_verified


def test_who_asks_for_a_mail_learns_nothing_of_who_is_known(world: World) -> None:
    ann = person(world, "email", **GATED)
    before = len(queued_mails(world.service))
    pages = []
    for address in (ann.door.email, "nobody@example.com"):
        with Tab(world) as tab:
            tab.go("/email/verify")
            tab.press("Send another e-mail", email=address)
            html = re.sub(r"sign_in=[^\"&]+|value=\"v1[^\"]+\"", "", tab.page.html)
            pages.append((tab.page.status, html))
    assert pages[0] == pages[1]
    assert do_what_strangers_asked(world.service) == 2
    assert len(queued_mails(world.service)) == before + 1


def test_what_is_no_address_is_refused_and_typed_text_is_escaped(world: World) -> None:
    person(world, "email", **GATED)
    with Tab(world) as tab:
        tab.go("/email/verify")
        for typed in ("", "nobody", '"><script>alert(1)</script>'):
            tab.press("Send another e-mail", email=typed)
            assert (tab.page.status, tab.page.field("email")["aria-invalid"]) == (400, "true")
            assert "<script" not in tab.page.html


def test_the_limit_of_mails_holds_for_known_and_unknown_addresses_alike(world: World) -> None:
    ann = person(world, "email", **GATED)
    mail_limit(world, 1)
    for address in (ann.door.email, "nobody@example.com"):
        with Tab(world) as tab:
            tab.go("/email/verify")
            form = tab.page.form(tab.page.every("form")[0]) | {"email": address}
            assert [tab.send("POST", "/email/send", data=form).status_code for _ in range(2)] == [303, 429]


def test_the_link_of_another_tenant_is_none(world: World, tab: Tab) -> None:
    ann = person(world, "email", **GATED)
    ann.begin(tab)
    tenant_id, _ = world.add_tenant("other")
    [link] = ann.links()
    with Tab(world) as another:
        another.go(re.sub("tenantId=.*", f"tenantId={tenant_id}", link))
        assert another.page.headline == "This link is no longer valid"
    assert not ann.is_verified


def test_the_id_of_an_address_does_not_verify_a_registration(world: World) -> None:
    ann = person(world, "email", **GATED)
    begun = handed_out(world, ann.user_id)["verificationId"]
    with Tab(world) as tab:
        tab.go(f"/registration/verify/{begun}?client_id={world.application_id}")
        assert tab.page.headline == "This link is no longer valid"


def test_an_id_that_needs_its_code_asks_for_it(world: World) -> None:
    ann = person(world, "email", **FORM_FIELD)
    begun = handed_out(world, ann.user_id)
    with Tab(world) as tab:
        tab.go(f"/email/verify/{begun['verificationId']}")
        tab.press("Verify")
        assert tab.page.status == 400
        tab.press("Verify", code="wrong1")
        assert (tab.page.status, ann.is_verified) == (400, False)
        tab.press("Verify", code=begun["oneTimeCode"])
        assert tab.page.headline == DONE["email"]


def test_the_id_of_a_link_is_gone_from_the_address_and_the_language_can_be_changed(world: World, tab: Tab) -> None:
    ann = person(world, "email", **FORM_FIELD)
    begun = handed_out(world, ann.user_id)
    tab.go(f"/email/verify/{begun['verificationId']}")
    assert tab.page.path == "/email/verify"
    tab.press("Verify", code="wrong1")
    tab.click("Deutsch")
    assert tab.page.headline == "Bestätigen Sie Ihre E-Mail-Adresse"
    tab.press("Bestätigen", code=begun["oneTimeCode"])
    assert tab.page.headline == "Ihre E-Mail-Adresse ist bestätigt"


def test_with_several_tenants_and_none_named_another_mail_is_had_by_signing_in(world: World, tab: Tab) -> None:
    world.add_tenant("other")
    tab.go("/email/verify")
    assert (tab.page.status, tab.page.headline) == (404, "This link is no longer valid")
    tab.go(f"/email/verify?tenantId={world.service.tenant_id}")
    assert tab.page.button("Send another e-mail")


def test_a_link_without_a_tenant_works_where_there_is_one(world: World) -> None:
    ann = person(world, "email", **GATED)
    begun = handed_out(world, ann.user_id)["verificationId"]
    with Tab(world) as tab:
        tab.go(f"/email/verify/{begun}")
        tab.press("Verify")
    assert ann.is_verified


@pytest.mark.parametrize("query", ["", f"?client_id={NOBODYS_ID}", "?client_id=x&tenantId=y"])
def test_without_knowing_the_application_another_mail_for_a_registration_is_had_by_signing_in(
    world: World, query: str
) -> None:
    with Tab(world) as tab:
        tab.go(f"/registration/verify/nothing{query}")
        assert (tab.page.status, tab.page.headline) == (404, "This link is no longer valid")
        assert "sign in to the application" in tab.page.alert


def test_the_cookie_of_a_waiting_sign_in_is_for_its_own_browser(world: World, tab: Tab) -> None:
    ann = person(world, "email", **GATED)
    ann.begin(tab)
    planted = tab.cookie("identity.waiting")
    assert planted
    with Tab(world) as another:
        another.session.cookies.set("identity.waiting", planted)
        another.go(ann.links()[0])
        another.press("Verify")
        assert another.page.headline == DONE["email"]
        assert another.page.every("form") == []
