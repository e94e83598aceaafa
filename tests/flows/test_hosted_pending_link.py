"""The page for somebody from a provider whom no account here belongs to yet, and what becomes of the link (T6)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from identity.flows.hosted.carried import open_sealed, seal
from tests.hosted import REDIRECT, Tab, allow_client
from tests.hosted_accounts import CREATE, let_register
from tests.login_world import World
from tests.password_door import PASSWORD, Door
from tests.second_factors import with_phone
from tests.verifying import GATED, verify_emails

PAGE = "/oauth2/start-idp-link"
LINK, REGISTER, WITHOUT = "I have an account: sign in and link it", "Create an account", "Continue without linking"


@pytest.fixture
def tab(world: World) -> Iterator[Tab]:
    allow_client(world)
    world.strategy("CreatePendingLink")
    with Tab(world) as opened:
        yield opened


@pytest.fixture
def ann(world: World) -> Door:
    door = Door(world)
    door.add_user()
    return door


def user_id_of(world: World, door: Door) -> str:
    [(user_id,)] = world.rows("SELECT id FROM users WHERE email = %s", door.email)
    return str(user_id)


def come(tab: Tab, person: str = "alice") -> None:
    """From the provider, as somebody whom nobody here knows."""
    tab.ask()
    tab.with_twitter(person)


def subject_of_tokens(world: World, tab: Tab) -> str:
    """Whose tokens the code that the browser brought is worth."""
    application = world.service.call("GET", f"/api/application/{world.application_id}").json()["application"]
    form = {
        "grant_type": "authorization_code",
        "code": tab.brought()["code"],
        "redirect_uri": REDIRECT,
        "client_id": world.application_id,
        "client_secret": application["oauthConfiguration"]["clientSecret"],
    }
    answer = world.service.call("POST", "/oauth2/token", key="", data=form)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["userId"])


def forms(tab: Tab) -> dict[str, str]:
    return tab.page.form(tab.page.every("form")[0])


def test_the_page_says_who_came_and_from_where(world: World, tab: Tab) -> None:
    come(tab)
    assert (tab.page.path, tab.page.status, tab.page.headline) == (PAGE, 200, "Link your account")
    assert "At X you are alice@example.com." in tab.page.html
    assert "Create an account" not in tab.page.html
    assert world.count("users") == world.count("links") == 0


def test_the_name_that_the_provider_tells_is_escaped(world: World, tab: Tab) -> None:
    come(tab)
    with world.service.services.db.transaction() as conn:
        conn.execute("UPDATE pending_links SET display_name = %s", ("<script>alert(1)</script>",))
    tab.go(f"{PAGE}?sign_in={forms(tab)['sign_in']}")
    assert "<script" not in tab.page.html
    assert "&lt;script&gt;alert(1)" in tab.page.html


def test_whoever_proves_an_account_gets_its_tokens_and_the_provider_is_enough_from_then_on(
    world: World, tab: Tab, ann: Door
) -> None:
    come(tab)
    tab.press(LINK)
    assert "the account that you want to link" in tab.page.notice
    tab.sign_in(ann.email, PASSWORD)
    user_id = user_id_of(world, ann)
    assert subject_of_tokens(world, tab) == user_id
    [link] = world.links(user_id)
    assert link["identityProviderUserId"] == world.x.person("alice")["id"]
    assert world.login("alice").json()["user"]["id"] == user_id
    assert world.count("pending_links") == 0


def test_a_sign_in_for_a_link_is_never_waved_through_by_an_old_session(world: World, tab: Tab, ann: Door) -> None:
    tab.ask()
    tab.sign_in(ann.email, PASSWORD, rememberDevice="true")
    assert tab.brought()
    tab.ask(prompt="login")
    tab.with_twitter("alice")
    tab.press(LINK)
    assert tab.page.headline == "Sign in"
    assert world.count("links") == 0


def test_the_link_is_made_after_the_second_factor_and_not_before(world: World, tab: Tab, ann: Door) -> None:
    phone, _ = with_phone(world, user_id_of(world, ann))
    come(tab)
    tab.press(LINK)
    tab.sign_in(ann.email, PASSWORD)
    assert world.count("links") == 0
    tab.press("Confirm", code=phone.code())
    assert subject_of_tokens(world, tab) == user_id_of(world, ann)
    assert world.count("links") == 1


def test_the_link_is_made_after_the_address_is_verified_and_not_before(world: World, tab: Tab) -> None:
    verify_emails(world, **GATED)
    ann = Door(world)
    ann.add_user(verified=False)
    come(tab)
    tab.press(LINK)
    tab.sign_in(ann.email, PASSWORD)
    assert world.count("links") == 0
    world.service.call("POST", "/api/user/verify-email", {"userId": user_id_of(world, ann)})
    tab.press("Already verified: continue")
    assert subject_of_tokens(world, tab) == user_id_of(world, ann)
    assert world.count("links") == 1


def test_the_account_keeps_its_password_and_its_sessions(world: World, tab: Tab) -> None:
    ann = Door(world)
    ann.add_user(verified=False)
    user_id = user_id_of(world, ann)
    assert ann.status() == 200
    before = world.count("refresh_tokens")
    come(tab)
    tab.press(LINK)
    tab.sign_in(ann.email, PASSWORD)
    assert tab.brought()["code"]
    assert len(world.links(user_id)) == 1
    assert ann.status() == 200
    assert world.count("refresh_tokens") > before


def test_a_wrong_password_keeps_the_link_waiting(world: World, tab: Tab, ann: Door) -> None:
    come(tab)
    tab.press(LINK)
    tab.sign_in(ann.email, "wrong password")
    assert (tab.page.status, world.count("links")) == (400, 0)
    tab.sign_in(ann.email, PASSWORD)
    assert subject_of_tokens(world, tab) == user_id_of(world, ann)
    assert world.count("links") == 1


def test_another_linked_account_at_the_provider_proves_the_person_as_well(world: World, tab: Tab, ann: Door) -> None:
    user_id = user_id_of(world, ann)
    assert world.link(identityProviderUserId=world.x.person("bob")["id"], userId=user_id).status_code == 200
    come(tab, "alice")
    tab.press(LINK)
    tab.with_twitter("bob")
    assert subject_of_tokens(world, tab) == user_id
    assert len(world.links(user_id)) == 2


def test_without_linking_the_sign_in_goes_on_as_if_nothing_had_been(world: World, tab: Tab, ann: Door) -> None:
    come(tab)
    tab.press(WITHOUT)
    assert tab.page.headline == "Sign in"
    tab.sign_in(ann.email, PASSWORD)
    assert tab.brought()["code"]
    assert world.count("links") == 0


def test_a_new_account_is_offered_only_where_people_may_register(world: World, tab: Tab) -> None:
    come(tab)
    values = forms(tab) | {"choice": "register"}
    assert tab.send("POST", PAGE, data=values).status_code == 400
    registration = {"registrationConfiguration": {"enabled": True}}
    path = f"/api/application/{world.application_id}"
    assert world.service.call("PATCH", path, {"application": registration}).status_code == 200
    tab.go(f"{PAGE}?sign_in={values['sign_in']}")
    tab.press(REGISTER)
    assert tab.page.path == "/oauth2/register"


def test_somebody_who_registers_for_it_has_the_link(world: World, tab: Tab) -> None:
    registration = {"registrationConfiguration": {"enabled": True}}
    path = f"/api/application/{world.application_id}"
    assert world.service.call("PATCH", path, {"application": registration}).status_code == 200
    come(tab)
    tab.press(REGISTER)
    tab.press("Create the account", email="new@example.com", password="a long enough password")
    user_id = subject_of_tokens(world, tab)
    assert world.user(user_id)["email"] == "new@example.com"
    assert len(world.links(user_id)) == 1


@pytest.mark.parametrize("limit", [False, True])
def test_a_link_that_was_planted_on_somebodys_address_ends_when_the_owner_comes_by_a_provider(
    world: World, tab: Tab, *, limit: bool
) -> None:
    verify_emails(world)
    let_register(world)
    come(tab, "bob")
    tab.press(REGISTER)
    tab.press(CREATE, email="alice@example.com", password=PASSWORD)
    assert tab.brought()["code"]
    assert world.count("links") == 1
    world.strategy("LinkByEmail", **(world.limit(1) if limit else {}))
    owner = world.login("alice").json()["user"]
    assert owner["email"] == "alice@example.com"
    assert [each["identityProviderUserId"] for each in world.links(owner["id"])] == [world.x.person("alice")["id"]]
    assert world.login("bob").status_code == 401


def test_what_was_chosen_must_be_on_the_page(tab: Tab) -> None:
    come(tab)
    for choice in ("", "everything"):
        assert tab.send("POST", PAGE, data=forms(tab) | {"choice": choice}).status_code == 400


def test_a_link_that_is_too_old_says_so(world: World, tab: Tab, ann: Door) -> None:
    come(tab)
    carried = forms(tab)
    world.clock.advance(minutes=61)
    tab.go(f"{PAGE}?sign_in={carried['sign_in']}")
    assert (tab.page.status, tab.page.headline) == (400, "There is nothing left to link")
    tab.post(PAGE, carried | {"choice": "account"})
    assert tab.page.status == 400
    tab.click("Begin again")
    assert tab.page.headline == "Sign in"


def test_a_link_that_grew_too_old_during_the_sign_in_makes_none(world: World, tab: Tab, ann: Door) -> None:
    come(tab)
    tab.press(LINK)
    world.clock.advance(minutes=61)
    tab.sign_in(ann.email, PASSWORD)
    assert (tab.page.status, tab.page.headline) == (400, "There is nothing left to link")
    assert world.count("links") == 0


def test_the_limit_of_links_is_told_and_the_link_waits_for_another_choice(world: World, tab: Tab, ann: Door) -> None:
    world.strategy("CreatePendingLink", **world.limit(1))
    user_id = user_id_of(world, ann)
    assert world.link(identityProviderUserId="1", userId=user_id).status_code == 200
    come(tab)
    tab.press(LINK)
    tab.sign_in(ann.email, PASSWORD)
    assert (tab.page.path, tab.page.status) == (PAGE, 400)
    assert "as many links as are allowed" in tab.page.alert
    assert len(world.links(user_id)) == 1
    other = Door(world)
    other.add_user()
    tab.press(LINK)
    tab.sign_in(other.email, PASSWORD)
    assert subject_of_tokens(world, tab) == user_id_of(world, other)
    assert len(world.links(user_id_of(world, other))) == 1


def test_a_person_whom_somebody_else_linked_meanwhile_is_told(world: World, tab: Tab, ann: Door) -> None:
    come(tab)
    tab.press(LINK)
    other = world.add_user(email="other@example.com")["id"]
    assert world.link(identityProviderUserId=world.x.person("alice")["id"], userId=other).status_code == 200
    tab.sign_in(ann.email, PASSWORD)
    assert tab.page.status == 400
    assert "belongs to another account" in tab.page.alert
    assert world.links(user_id_of(world, ann)) == []


def test_two_sign_ins_at_once_make_one_link(world: World, tab: Tab, ann: Door) -> None:
    come(tab)
    tab.press(LINK)
    people = [ann, Door(world)]
    people[1].add_user()
    values = [forms(tab) | {"loginId": each.email, "password": PASSWORD} for each in people]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda each: tab.send("POST", "/oauth2/authorize", data=each), values))
    assert {answer.status_code for answer in answers} == {303}
    went = sorted(answer.headers["Location"].startswith(REDIRECT) for answer in answers)
    assert went == [False, True]
    assert world.count("links") == 1


def test_a_used_link_makes_no_second_one(world: World, tab: Tab, ann: Door) -> None:
    come(tab)
    tab.press(LINK)
    carried = forms(tab)
    tab.sign_in(ann.email, PASSWORD)
    assert tab.brought()["code"]
    other = Door(world)
    other.add_user()
    tab.post("/oauth2/authorize", carried | {"loginId": other.email, "password": PASSWORD})
    assert (tab.page.status, tab.page.headline) == (400, "There is nothing left to link")
    assert world.links(user_id_of(world, other)) == []


def test_another_browser_can_not_go_on_with_it(world: World, tab: Tab, ann: Door) -> None:
    come(tab)
    carried = forms(tab)
    with Tab(world) as thief:
        thief.ask()
        assert thief.send("GET", PAGE, params=carried).status_code == 403
        assert thief.send("POST", PAGE, data=carried | {"choice": "account"}).status_code == 403
        login = carried | {"loginId": ann.email, "password": PASSWORD}
        assert thief.send("POST", "/oauth2/authorize", data=login).status_code == 403
    assert world.count("links") == 0


def smuggled(world: World, tab: Tab, **changes: Any) -> str:
    """The sign-in of the page with something of it changed, as only a fault of ours could do it."""
    services = world.service.services
    browser = tab.cookie("identity.browser") or ""
    return seal(services, replace(open_sealed(services, forms(tab)["sign_in"], browser), **changes), browser)


def test_a_pending_link_counts_in_its_own_application_and_tenant_alone(world: World, tab: Tab, ann: Door) -> None:
    tenant_id, other_application = world.add_tenant("other")
    world.strategy("CreatePendingLink")
    document = {"name": "Second", "loginConfiguration": {"generateRefreshTokens": True}}
    sibling = world.service.call(
        "POST", "/api/application", {"application": document}, tenant=world.service.tenant_id
    ).json()["application"]["id"]
    body = {"user": {"email": ann.email, "password": PASSWORD}}
    assert world.service.call("POST", "/api/user", body, tenant=tenant_id).status_code == 200
    come(tab)
    tab.press(LINK)
    for application in (sibling, other_application):
        owner = world.service.tenant_id if application == sibling else UUID(tenant_id)
        carried = smuggled(world, tab, application_id=UUID(application), tenant_id=owner)
        login = {"sign_in": carried, "loginId": ann.email, "password": PASSWORD}
        answer = tab.send("POST", "/oauth2/authorize", data=login)
        assert answer.headers["Location"].startswith(PAGE)
        assert world.count("links") == 0


def test_a_provider_that_was_switched_off_meanwhile_makes_no_link(world: World, tab: Tab, ann: Door) -> None:
    come(tab)
    tab.press(LINK)
    world.configure(linkingStrategy="CreatePendingLink", enabled=False)
    tab.sign_in(ann.email, PASSWORD)
    assert (tab.page.status, tab.page.headline) == (400, "There is nothing left to link")
    assert world.count("links") == 0
