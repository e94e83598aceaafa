"""People make accounts of their own on the page for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from identity.settings import Login
from tests.hosted import Tab, allow_client
from tests.hosted_accounts import (
    CREATE,
    REGISTER,
    REQUIRED,
    TAKEN,
    at_form,
    error_at,
    fresh_email,
    let_register,
    let_validate,
    user_of,
)
from tests.login_world import World, login_world
from tests.password_door import PASSWORD, Door
from tests.queued_mails import queued_mails
from tests.second_factors import tenant_policy
from tests.verifying import FORM_FIELD, GATED, configure_tenant, verify_emails, verify_registrations
from tests.webhook_world import NO, hooks_of


@pytest.fixture
def client(world: World) -> World:
    allow_client(world)
    let_register(world)
    return world


def test_a_new_person_registers_and_comes_back_to_the_client_with_a_code(client: World) -> None:
    email = fresh_email()
    with at_form(client) as tab:
        assert (tab.page.path, tab.page.headline) == (REGISTER, "Create an account")
        tab.press(CREATE, email=email, password=PASSWORD)
        assert tab.brought()["code"]
    user = user_of(client, email)
    assert [each["applicationId"] for each in user["registrations"]] == [client.application_id]
    assert user["registrations"][0]["roles"] == ["user"]
    assert user["lastLoginInstant"]
    assert Door(client, email).status() == 200
    assert client.rows("SELECT authentication_type FROM login_records ORDER BY instant LIMIT 1") == [("REGISTRATION",)]


def test_the_form_asks_for_what_the_application_wants_to_know(client: World) -> None:
    let_register(
        client,
        confirmPassword=True,
        firstName=REQUIRED,
        lastName={"enabled": True},
        middleName={"enabled": True},
        fullName={"enabled": True},
        birthDate={"enabled": True},
        mobilePhone={"enabled": True},
        preferredLanguages={"enabled": True},
    )
    email = fresh_email()
    with at_form(client) as tab:
        asked = {each["name"]: each.get("autocomplete") for each in tab.page.every("input") if each.get("id")}
        assert asked == {
            "email": "username",
            "password": "new-password",
            "password_confirm": "new-password",
            "first_name": "given-name",
            "middle_name": "additional-name",
            "last_name": "family-name",
            "full_name": "name",
            "birth_date": "bday",
            "mobile_phone": "tel",
            "preferred_languages": "language",
        }
        required = {each["name"] for each in tab.page.every("input") if "required" in each.attributes}
        assert required == {"email", "password", "password_confirm", "first_name"}
        tab.press(
            CREATE,
            email=email,
            password=PASSWORD,
            password_confirm=PASSWORD,
            first_name="Ann",
            last_name="Other",
            birth_date="1990-02-28",
            mobile_phone="+49 30 1",
            preferred_languages="en, de-AT",
        )
        assert tab.brought()["code"]
    user = user_of(client, email)
    known = {name: user.get(name) for name in ("firstName", "lastName", "birthDate", "mobilePhone", "middleName")}
    assert known == {
        "firstName": "Ann",
        "lastName": "Other",
        "birthDate": "1990-02-28",
        "mobilePhone": "+49 30 1",
        "middleName": None,
    }
    assert user["preferredLanguages"] == ["en", "de_AT"]


def test_people_without_an_address_register_by_user_name(client: World) -> None:
    let_register(client, loginIdType="username")
    name = f"ann-{uuid4().hex[:8]}"
    with at_form(client) as tab:
        tab.press(CREATE, username=name, password=PASSWORD)
        assert tab.brought()["code"]
    with at_form(client) as tab:
        tab.press(CREATE, username=name, password=PASSWORD)
        assert error_at(tab.page, "username") == "There is an account with this user name already."
    assert "email" not in user_of(client, name)


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays_but_the_password(client: World) -> None:
    let_register(client, confirmPassword=True, firstName=REQUIRED, birthDate={"enabled": True})
    with at_form(client) as tab:
        typed = {"email": "no address", "birth_date": "1990-02-30", "first_name": "Ann"}
        tab.press(CREATE, password=PASSWORD, password_confirm=PASSWORD, **typed)
        assert (tab.page.status, tab.page.path) == (400, REGISTER)
        assert error_at(tab.page, "birth_date") == "This is not a date."
        assert tab.page.field("email")["value"] == "no address"
        assert PASSWORD not in tab.page.html
        tab.press(CREATE, email="no address", birth_date="", password=PASSWORD, password_confirm=PASSWORD)
        assert error_at(tab.page, "email") == "This is not an e-mail address."
        assert tab.page.field("email")["aria-invalid"] == "true"
        tab.press(CREATE, email=fresh_email(), first_name="", password=PASSWORD, password_confirm=PASSWORD)
        assert error_at(tab.page, "first_name") == "The field is required and must not be empty."
        tab.press(CREATE, first_name="Ann", password=PASSWORD, password_confirm="another one")
        assert error_at(tab.page, "password_confirm") == "The two passwords are not the same."
        tab.press(CREATE, email="", password=PASSWORD, password_confirm=PASSWORD)
        assert error_at(tab.page, "email") == "The field is required and must not be empty."
    assert client.count("users") == 0


def test_the_rules_of_passwords_are_told_before_and_after(client: World) -> None:
    rules = {"minLength": 12, "requireMixedCase": True, "requireNumber": True, "requireNonAlpha": True}
    configure_tenant(client, passwordValidationRules=rules | {"disallowUserLoginId": True})
    email = fresh_email()
    with at_form(client) as tab:
        hint = tab.page.by_id("password-hint")
        assert hint is not None
        assert hint.text == (
            "At least 12 characters. Upper and lower case letters. A digit. A character that is no letter. "
            "Without your e-mail address or user name."
        )
        for password, why in (
            ("", "Please choose a password."),
            ("short", "The password is too short."),
            ("all lower case 1", "The password must have upper and lower case letters."),
            ("NoDigit anywhere", "The password must have a digit."),
            (f"A{email}1", "The password must not contain the e-mail address or the username."),
        ):
            tab.press(CREATE, email=email, password=password)
            assert (tab.page.status, error_at(tab.page, "password")) == (400, why)
            assert tab.page.by_id("password-hint") is not None
        tab.press(CREATE, email=email, password="Good enough 4 them")
        assert tab.brought()["code"]


def test_an_address_with_an_account_is_told_and_nothing_changes(client: World) -> None:
    door = Door(client)
    user_id = door.add_user(registered=False)
    with at_form(client) as tab:
        tab.press(CREATE, email=door.email.upper(), password="another password")
        assert (tab.page.status, error_at(tab.page, "email")) == (400, TAKEN)
        tab.click("Sign in")
        assert tab.page.headline == "Sign in"
    assert client.count("users") == 1
    assert client.user(user_id)["registrations"] == []
    assert door.status("another password") == 404


def test_of_two_registrations_with_one_address_at_once_one_makes_the_account(client: World) -> None:
    email = fresh_email()
    tabs = [at_form(client) for _ in range(4)]
    with ThreadPoolExecutor(len(tabs)) as pool:
        list(pool.map(lambda tab: tab.press(CREATE, email=email, password=PASSWORD), tabs))
    came_back = [tab for tab in tabs if tab.left is not None]
    told = [error_at(tab.page, "email") for tab in tabs if tab.left is None]
    assert (len(came_back), told) == (1, [TAKEN] * 3)
    assert client.count("users") == client.count("registrations") == 1
    for tab in tabs:
        tab.session.close()


def test_the_same_form_sent_twice_makes_one_account(client: World) -> None:
    email = fresh_email()
    with at_form(client) as tab:
        page = tab.page
        values = page.form(page.button(CREATE).form) | {"email": email, "password": PASSWORD}
        tab.post(REGISTER, values)
        assert tab.brought()["code"]
        tab.post(REGISTER, values)
        assert error_at(tab.page, "email") == TAKEN
    assert client.count("users") == 1


def test_where_nobody_registers_by_themselves_the_sign_in_page_answers(client: World) -> None:
    with at_form(client) as tab:
        page = tab.page
        values = page.form(page.button(CREATE).form) | {"email": fresh_email(), "password": PASSWORD}
        let_register(client, enabled=False)
        tab.post(REGISTER, values)
        assert (tab.page.path, tab.page.headline) == ("/oauth2/authorize", "Sign in")
        assert "Create an account" not in tab.page.html
    assert client.count("users") == 0


def test_a_client_may_send_people_straight_to_the_form(client: World) -> None:
    email = fresh_email()
    with Tab(client) as tab:
        tab.ask_at(REGISTER, login_hint=email)
        assert tab.page.field("email")["value"] == email
        tab.press(CREATE, password=PASSWORD)
        assert tab.brought()["code"]
    with Tab(client) as tab:
        tab.ask_at(REGISTER, redirect_uri="https://elsewhere.example.com/")
        assert (tab.page.status, tab.page.every("form")) == (400, [])
        tab.ask_at(REGISTER, response_type="nonsense")
        assert tab.brought()["error"] == "unsupported_response_type"
    let_register(client, enabled=False)
    with Tab(client) as tab:
        tab.ask_at(REGISTER)
        assert tab.page.headline == "Sign in"


def test_a_form_of_no_sign_in_or_of_another_browser_is_refused(client: World) -> None:
    with at_form(client) as tab, Tab(client) as other:
        other.ask()
        values = tab.page.form(tab.page.button(CREATE).form) | {"email": fresh_email(), "password": PASSWORD}
        for stranger in (values, values | {"sign_in": ""}, values | {"sign_in": "v1.made.up"}):
            other.post(REGISTER, stranger)
            assert other.page.status == 403
        other.go(REGISTER + "?sign_in=" + values["sign_in"])
        assert other.page.status == 403
    assert client.count("users") == 0


def test_an_address_is_verified_before_the_code_where_the_tenant_gates(client: World) -> None:
    verify_emails(client, **GATED)
    email = fresh_email()
    with at_form(client) as tab:
        tab.press(CREATE, email=email, password=PASSWORD)
        assert tab.page.path == "/email/verification-required"
    assert user_of(client, email)["verified"] is False
    assert [mail.to for mail in queued_mails(client.service)] == [email]


def test_one_code_is_mailed_and_it_is_the_one_that_the_page_takes(client: World) -> None:
    verify_emails(client, **FORM_FIELD)
    verify_registrations(client, **FORM_FIELD)
    email = fresh_email()
    with at_form(client) as tab:
        tab.press(CREATE, email=email, password=PASSWORD)
        assert tab.page.path == "/email/verification-required"
    assert [mail.to for mail in queued_mails(client.service)] == [email]


def test_where_the_tenant_lets_the_unverified_in_the_mail_is_sent_all_the_same(client: World) -> None:
    verify_emails(client)
    email = fresh_email()
    with at_form(client) as tab:
        tab.press(CREATE, email=email, password=PASSWORD)
        assert tab.brought()["code"]
    assert user_of(client, email)["verified"] is False
    assert [mail.to for mail in queued_mails(client.service)] == [email]


def test_a_second_factor_that_is_required_is_set_up_next(client: World) -> None:
    tenant_policy(client, loginPolicy="Required")
    with at_form(client) as tab:
        tab.press(CREATE, email=fresh_email(), password=PASSWORD)
        assert tab.page.path.startswith("/oauth2/two-factor")
    assert client.count("login_records") == 0


@pytest.mark.parametrize("login_id", ["email", "username"])
def test_who_comes_from_a_provider_begins_with_what_it_says_and_is_linked_but_not_verified(
    client: World, login_id: str
) -> None:
    verify_emails(client)
    let_register(client, loginIdType=login_id)
    client.strategy("CreatePendingLink")
    person = client.x.person("alice")
    with Tab(client) as tab:
        tab.ask()
        tab.with_twitter("alice")
        tab.press("Create an account")
        assert tab.page.path == REGISTER
        assert tab.page.notice
        known = tab.page.field(login_id)["value"]
        assert known == (person["email"] if login_id == "email" else person["screen_name"])
        tab.press(CREATE, password="short")
        assert error_at(tab.page, "password")
        tab.press(CREATE, password=PASSWORD)
        assert tab.brought()["code"]
    user = user_of(client, known)
    assert [each["identityProviderUserId"] for each in client.links(user["id"])] == [person["id"]]
    assert user["verified"] is False
    with Tab(client) as tab:
        tab.ask()
        tab.with_twitter("alice")
        assert tab.brought()["code"]
    assert client.count("users") == 1


def test_a_blocked_domain_is_refused(client: World) -> None:
    configure_tenant(client, registrationConfiguration={"blockedDomains": ["spam.example"]})
    with at_form(client) as tab:
        tab.press(CREATE, email="ann@spam.example", password=PASSWORD)
        assert error_at(tab.page, "email") == "This e-mail domain is not accepted here."


def test_the_applications_lambda_may_object(client: World) -> None:
    body = """function validate(result, user, registration, context) {
      if (user.firstName === 'Mallory') {
        result.errors.fieldErrors['user.firstName'] = [{code: '[no]', message: 'Not <b>you</b>.'}];
      }
      if (!registration.applicationId) { result.errors.generalErrors = [{code: '[x]', message: 'no registration'}]; }
    }"""
    let_validate(client, body)
    let_register(client, firstName={"enabled": True})
    with at_form(client) as tab:
        tab.press(CREATE, email=fresh_email(), password=PASSWORD, first_name="Mallory")
        assert error_at(tab.page, "first_name") == "Not <b>you</b>."
        assert "<b>" not in tab.page.html
        assert client.count("users") == 0
        tab.press(CREATE, password=PASSWORD, first_name="Ann")
        assert tab.brought()["code"]


def test_a_lambda_that_fails_makes_nobody(client: World) -> None:
    let_validate(client, "function validate() { throw new Error('out of order'); }")
    with at_form(client) as tab:
        tab.press(CREATE, email=fresh_email(), password=PASSWORD)
        assert (tab.page.path, tab.page.every("form")) == ("/oauth2/error", [])
        assert "out of order" not in tab.page.html
    assert client.count("users") == 0
    assert any("out of order" in each for each in client.messages("Error"))


def test_webhooks_may_refuse_the_new_person_or_only_the_login(client: World) -> None:
    email = fresh_email()
    for event, people in (("user.create", 0), ("user.login.success", 1)):
        with hooks_of(client.service) as hooks, at_form(client) as tab:
            hooks.switch_on(event, transaction="AbsoluteMajority")
            hook = hooks.add(event, behaviour=NO)
            tab.press(CREATE, email=email, password=PASSWORD)
            assert (tab.page.status, tab.page.headline) == (504, "This could not be completed")
            assert client.count("users") == people
            assert "nothing was changed" not in tab.page.html
            assert hook.requests
            hooks.switch_on()
    with Tab(client) as tab:
        tab.ask()
        tab.sign_in(email, PASSWORD)
        assert tab.brought()["code"]


def test_hostile_input_is_refused_or_shown_as_text(client: World) -> None:
    let_register(client, firstName={"enabled": True})
    with at_form(client) as tab:
        page = tab.page
        values = page.form(page.button(CREATE).form) | {"email": "x", "password": PASSWORD}
        tab.post(REGISTER, values | {"first_name": '"><script>alert(1)</script>'})
        assert "<script" not in tab.page.html
        assert tab.page.field("first_name")["value"] == '"><script>alert(1)</script>'
        tab.post(REGISTER, values | {"first_name": "a\0b"})
        assert tab.page.status == 400
        tab.post(REGISTER, values | {"email": f"{'a' * 300}@example.com"})
        assert error_at(tab.page, "email") == "The value is too long."
        tab.post(REGISTER, values | {"first_name": "n" * 20_000})
        assert error_at(tab.page, "first_name") == "The value is too long."
        tab.post(REGISTER, values | {"first_name": "n" * 70_000})
        assert tab.page.status == 413
        for other in ({"json": values}, {"files": {name: (None, value) for name, value in values.items()}}):
            answer = tab.send("POST", REGISTER, **other)
            assert answer.status_code == 400
            assert answer.headers["Content-Type"].startswith("text/html")
        twice = urlencode([("email", "first"), ("email", fresh_email()), *values.items()])
        tab.headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = tab.send("POST", REGISTER, data=twice)
        assert (answer.status_code, 'value="first"' in answer.text) == (400, True)
    assert client.count("users") == 0


def test_what_the_form_does_not_ask_for_is_not_taken(client: World) -> None:
    email = fresh_email()
    with at_form(client) as tab:
        page = tab.page
        values = page.form(page.button(CREATE).form) | {"email": email, "password": PASSWORD}
        more = {"username": "admin", "roles": "admin", "first_name": "Ann", "verified": "true", "user.data": "{}"}
        tab.post(REGISTER, values | more)
        assert tab.brought()["code"]
    user = user_of(client, email)
    assert (user.get("username"), user.get("firstName"), user["registrations"][0]["roles"]) == (None, None, ["user"])


def test_one_client_address_registers_only_so_many_people(database_url: str) -> None:
    with login_world(database_url, login=Login(rate_limit=2)) as world:
        allow_client(world)
        let_register(world)
        with at_form(world) as tab:
            for _ in range(2):
                tab.press(CREATE, email="no address", password=PASSWORD)
                assert tab.page.status == 400
            tab.press(CREATE, email=fresh_email(), password=PASSWORD)
            assert tab.page.status == 429
            assert int(tab.page.headers["Retry-After"]) > 0
            assert "Please wait a while" in tab.page.alert
            assert world.count("users") == 0
            world.clock.advance(minutes=1)
            tab.press(CREATE, password=PASSWORD)
            assert tab.brought()["code"]
