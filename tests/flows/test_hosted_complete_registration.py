"""Somebody with an account, and without a registration, gets one on the way in to an application."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from tests.hosted import REDIRECT, Tab, allow_client, asked
from tests.hosted_accounts import (
    COMPLETE,
    REQUIRED,
    error_at,
    let_register,
)
from tests.login_world import World
from tests.password_door import PASSWORD, Door
from tests.queued_mails import queued_mails
from tests.verifying import FORM_FIELD, verify_registrations


@pytest.fixture
def client(world: World) -> World:
    allow_client(world)
    let_register(world)
    return world


def sign_in(world: World, door: Door) -> Tab:
    tab = Tab(world)
    tab.ask()
    tab.sign_in(door.email, PASSWORD)
    return tab


def test_who_has_an_account_is_registered_on_the_way_when_nothing_is_missing(client: World) -> None:
    door = Door(client)
    user_id = door.add_user(registered=False)
    with sign_in(client, door) as tab:
        assert tab.brought()["code"]
    [registration] = client.user(user_id)["registrations"]
    assert registration["roles"] == ["user"]


def test_nobody_is_asked_for_more_unless_the_application_wants_complete_registrations(client: World) -> None:
    let_register(client, firstName=REQUIRED)
    door = Door(client)
    user_id = door.add_user(registered=False)
    with sign_in(client, door) as tab:
        assert tab.brought()["code"]
    assert "firstName" not in client.user(user_id)


def test_only_what_is_required_and_missing_is_asked_for(client: World) -> None:
    let_register(
        client, completeRegistration=True, firstName=REQUIRED, lastName=REQUIRED, mobilePhone={"enabled": True}
    )
    door = Door(client)
    user_id = door.add_user(registered=False, lastName="Other")
    with sign_in(client, door) as tab:
        assert tab.page.path == COMPLETE
        assert [each["name"] for each in tab.page.every("input") if each.get("id")] == ["first_name"]
        tab.press("Continue", first_name=" ")
        assert (tab.page.status, error_at(tab.page, "first_name")) == (
            400,
            "The field is required and must not be empty.",
        )
        assert client.user(user_id)["registrations"] == []
        tab.press("Continue", first_name="Ann", last_name="Changed", email="changed@example.com")
        assert tab.brought()["code"]
    user = client.user(user_id)
    assert (user["firstName"], user["lastName"], user["email"]) == ("Ann", "Other", door.email)
    assert len(user["registrations"]) == 1


def test_a_registration_that_is_to_be_verified_is_verified_next(client: World) -> None:
    verify_registrations(client, **FORM_FIELD)
    door = Door(client)
    door.add_user(registered=False)
    with sign_in(client, door) as tab:
        assert tab.page.path == "/registration/verification-required"
    assert [mail.to for mail in queued_mails(client.service)] == [door.email]


def test_a_form_that_came_too_late_or_twice_begins_the_sign_in_again(client: World) -> None:
    let_register(client, completeRegistration=True, firstName=REQUIRED)
    door = Door(client)
    door.add_user(registered=False)
    with sign_in(client, door) as tab:
        page = tab.page
        values = page.form(page.button("Continue").form) | {"first_name": "Ann"}
        client.clock.advance(minutes=10)
        tab.post(COMPLETE, values)
        assert tab.page.headline == "Sign in"
        assert client.count("registrations") == 0
    with sign_in(client, door) as tab:
        page = tab.page
        values = page.form(page.button("Continue").form) | {"first_name": "Ann"}
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda _: tab.send("POST", COMPLETE, data=values), range(2)))
        assert {each.status_code for each in answers} == {303}
    assert client.count("registrations") == 1


def test_where_nobody_registers_any_more_the_sign_in_begins_again(client: World) -> None:
    let_register(client, completeRegistration=True, firstName=REQUIRED)
    door = Door(client)
    door.add_user(registered=False)
    with sign_in(client, door) as tab:
        values = tab.page.form(tab.page.button("Continue").form)
        let_register(client, enabled=False)
        tab.go(f"{COMPLETE}?sign_in={values['sign_in']}")
        assert tab.page.headline == "Sign in"
        tab.post(COMPLETE, values | {"first_name": "Ann"})
        assert tab.page.headline == "Sign in"
        tab.sign_in(door.email, PASSWORD)
        assert tab.brought()["code"]
    assert client.count("registrations") == 0


def test_who_was_deactivated_meanwhile_is_not_registered(client: World) -> None:
    let_register(client, completeRegistration=True, firstName=REQUIRED)
    door = Door(client)
    user_id = door.add_user(registered=False)
    with sign_in(client, door) as tab:
        assert client.service.call("DELETE", f"/api/user/{user_id}").status_code == 200
        tab.press("Continue", first_name="Ann")
        assert tab.page.headline == "Sign in"
    assert client.count("registrations") == 0


def test_whoever_is_signed_in_to_one_application_is_registered_for_another_and_stays_signed_in(client: World) -> None:
    second = str(uuid4())
    document = {
        "name": "Second",
        "oauthConfiguration": {"authorizedRedirectURLs": [REDIRECT], "enabledGrants": ["authorization_code"]},
        "registrationConfiguration": {"enabled": True, "completeRegistration": True, "firstName": REQUIRED},
    }
    made = client.service.call("POST", f"/api/application/{second}", {"application": document})
    assert made.status_code == 200, made.text
    door = Door(client)
    user_id = door.add_user()
    with Tab(client) as tab:
        tab.ask()
        tab.sign_in(door.email, PASSWORD, rememberDevice="true")
        assert tab.brought()["code"]
        tab.ask(client_id=second)
        assert (tab.page.path, tab.page.headline) == (COMPLETE, "Complete your registration")
        assert "Second needs a little more" in tab.page.html
        tab.press("Continue", first_name="Ann")
        assert tab.brought()["code"]
        for application_id in (second, client.application_id):
            tab.go("/oauth2/authorize?" + urlencode(asked(client, client_id=application_id)))
            assert tab.brought()["code"]
    registered = {each["applicationId"] for each in client.user(user_id)["registrations"]}
    assert registered == {second, client.application_id}
