"""A browser that stays signed in: no page for the next application, unless its client or a missing step wants one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import jwt
import pytest
import requests

from tests.acting import acting
from tests.hosted import AUTHORIZE, REDIRECT, STATE, Tab, asked, door_of_client
from tests.login_world import TWITTER, World
from tests.oauth_world import query_of
from tests.password_door import PASSWORD, Door
from tests.second_factors import change_application, tenant_policy, with_phone
from tests.verifying import EMAIL, verify_emails, verify_registrations

COOKIE = "fusionauth.sso"
OTHER = "https://other.example.com/signed-in"


@pytest.fixture
def door(world: World) -> Door:
    return door_of_client(world)


@pytest.fixture
def tab(world: World, door: Door) -> Iterator[Tab]:
    """A browser that is signed in, and is to be kept so."""
    with Tab(world) as tab:
        kept(tab, door)
        yield tab


def kept(tab: Tab, door: Door, **parameters: str | None) -> None:
    tab.ask(**parameters)
    tab.sign_in(door.email, PASSWORD, rememberDevice="true")
    assert tab.brought()["code"]


def silently(tab: Tab, **parameters: str | None) -> dict[str, str]:
    """What a client gets that asks without wanting a page."""
    return returned(tab, prompt="none", **parameters)


def returned(tab: Tab, **parameters: str | None) -> dict[str, str]:
    """What a client gets at once, without a page."""
    answer = open_client(tab, **parameters)
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"].startswith((REDIRECT, OTHER))
    return query_of(answer.headers["Location"])


def open_client(tab: Tab, **parameters: str | None) -> requests.Response:
    return tab.send("GET", AUTHORIZE + "?" + urlencode(asked(tab.world, **parameters)))


def other_client(world: World, door: Door, *, registered: bool = True, **oauth: Any) -> dict[str, str]:
    """One more application of the tenant; the parameters that name it."""
    client_id = str(uuid4())
    configuration = {"authorizedRedirectURLs": [OTHER], "enabledGrants": ["authorization_code"]} | oauth
    document = {"name": f"application {client_id}", "oauthConfiguration": configuration}
    path, tenant = f"/api/application/{client_id}", world.service.tenant_id
    assert world.service.call("POST", path, {"application": document}, tenant=tenant).status_code == 200
    if registered:
        [(user_id,)] = world.rows("SELECT id FROM users WHERE email = %s", door.email)
        body = {"registration": {"applicationId": client_id}}
        assert world.service.call("POST", f"/api/user/registration/{user_id}", body).status_code == 200
    return {"client_id": client_id, "redirect_uri": OTHER}


def claims(world: World, code: str) -> dict[str, Any]:
    """Of the ID token that the demo application gets for a code."""
    path = f"/api/application/{world.application_id}/oauth-configuration"
    secret = world.service.call("GET", path).json()["oauthConfiguration"]["clientSecret"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    form |= {"client_id": world.application_id, "client_secret": secret}
    answer = requests.post(world.service.url + "/oauth2/token", data=form, timeout=30)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = jwt.decode(answer.json()["id_token"], options={"verify_signature": False})
    return found


def test_who_is_kept_signed_in_comes_back_without_a_page(tab: Tab) -> None:
    brought = returned(tab)
    assert brought["code"]
    assert (brought["state"], brought["userState"]) == (STATE, "Authenticated")


def test_another_application_of_the_tenant_asks_no_more(tab: Tab, world: World, door: Door) -> None:
    assert returned(tab, **other_client(world, door))["code"]


def test_who_did_not_tick_the_box_is_asked_again(world: World, door: Door) -> None:
    with Tab(world) as tab:
        tab.ask()
        tab.sign_in(door.email, PASSWORD)
        assert tab.brought()["code"]
        assert tab.cookie(COOKIE) is None
        assert tab.ask().status == 200


def test_through_a_provider_the_browser_is_kept_as_well(world: World, door: Door) -> None:
    with Tab(world) as tab:
        tab.ask()
        tab.with_twitter(rememberDevice="true")
        assert tab.brought()["code"]
        assert claims(world, returned(tab)["code"])["authenticationType"] == "TWITTER"


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(world: World, door: Door) -> None:
    with Tab(world) as tab:
        page = tab.ask()
        values = page.form(page.every("form")[0])
        answer = tab.send(
            "POST",
            "/oauth2/authorize",
            data={**values, "loginId": door.email, "password": PASSWORD, "rememberDevice": "true"},
        )
    [cookie] = [each for each in answer.raw.headers.getlist("Set-Cookie") if each.startswith(COOKIE)]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/", "max-age=3600"} <= attributes
    assert not any(part.startswith("domain") for part in attributes)


def test_every_use_prolongs_the_cookie(tab: Tab, world: World) -> None:
    world.clock.advance(minutes=50)
    answer = open_client(tab)
    assert "Max-Age=3600" in answer.headers["Set-Cookie"]
    world.clock.advance(minutes=50)
    assert returned(tab)["code"]
    world.clock.advance(minutes=61)
    assert tab.ask().status == 200


def test_the_tokens_say_when_and_how_the_person_signed_in_and_not_that_a_session_brought_them(
    tab: Tab, world: World
) -> None:
    first = claims(world, tab.brought()["code"])
    world.clock.advance(minutes=10)
    again = claims(world, returned(tab)["code"])
    assert again["iat"] >= first["iat"] + 600
    for name in ("auth_time", "authenticationType", "sub"):
        assert again[name] == first[name]


def test_prompt_login_shows_the_page_whatever_session_there_is(tab: Tab, door: Door) -> None:
    before = tab.cookie(COOKIE)
    assert tab.ask(prompt="login").status == 200
    assert tab.cookie(COOKIE) == before
    tab.sign_in(door.email, PASSWORD, rememberDevice="true")
    assert tab.brought()["code"]
    assert tab.cookie(COOKIE) not in (None, before)


def test_a_new_login_that_is_not_to_be_kept_ends_the_session(tab: Tab, world: World, door: Door) -> None:
    tab.ask(prompt="login")
    tab.press("Sign in", loginId=door.email, password=PASSWORD)
    assert tab.brought()["code"]
    assert tab.cookie(COOKIE) is None
    assert world.rows("SELECT 1 FROM refresh_tokens WHERE application_id IS NULL") == []


@pytest.mark.parametrize(("max_age", "shows_page"), [("0", True), ("60", True), ("3600", False)])
def test_max_age_shows_the_page_when_the_login_is_older(tab: Tab, world: World, max_age: str, shows_page: bool) -> None:
    world.clock.advance(minutes=2)
    assert (open_client(tab, max_age=max_age).status_code == 200) is shows_page


def test_prompt_none_without_a_session_is_login_required(world: World, door: Door) -> None:
    with Tab(world) as tab:
        brought = silently(tab)
    assert (brought["error"], brought["error_reason"], brought["state"]) == (
        "login_required",
        "authentication_required",
        STATE,
    )


def test_prompt_none_after_the_session_grew_too_old_is_login_required(tab: Tab, world: World) -> None:
    world.clock.advance(minutes=2)
    assert silently(tab, max_age="60")["error"] == "login_required"
    assert silently(tab)["code"]


def test_prompt_none_with_a_session_gets_a_code(tab: Tab) -> None:
    assert silently(tab)["code"]


def test_prompt_none_never_goes_to_a_provider(world: World, door: Door) -> None:
    with Tab(world) as tab:
        assert silently(tab, idp_hint=TWITTER)["error"] == "login_required"


@pytest.mark.parametrize("prompt", ["none login", "consent none"])
def test_prompt_none_stands_alone(tab: Tab, prompt: str) -> None:
    assert returned(tab, prompt=prompt)["error"] == "invalid_request"


@pytest.mark.parametrize("prompt", ["consent", "select_account"])
def test_prompts_that_nothing_here_answers_change_nothing(tab: Tab, prompt: str) -> None:
    assert returned(tab, prompt=prompt)["code"]


def test_a_second_factor_is_asked_for_where_the_session_had_none(tab: Tab, world: World, door: Door) -> None:
    [(user_id,)] = world.rows("SELECT id FROM users WHERE email = %s", door.email)
    with_phone(world, str(user_id))
    tenant_policy(world, loginPolicy="Required")
    brought = silently(tab)
    assert (brought["error"], brought["error_reason"]) == ("interaction_required", "two_factor_required")
    answer = open_client(tab)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/oauth2/two-factor?")


def test_who_is_barred_sees_the_page_that_says_so_and_may_sign_in_as_somebody_else(
    tab: Tab, world: World, door: Door
) -> None:
    [(user_id,)] = world.rows("SELECT id FROM users WHERE email = %s", door.email)
    door.tenant(jwtConfiguration={"refreshTokenRevocationPolicy": {"onLoginPrevented": False}})
    acting(world.service).ban(str(user_id))
    assert silently(tab)["error_reason"] == "login_prevented"
    assert tab.ask().path == "/oauth2/blocked"
    [link] = [each for each in tab.page.every("a") if "/oauth2/authorize" in each.get("href")]
    tab.go(link["href"])
    assert (tab.page.path, tab.page.status) == ("/oauth2/authorize", 200)
    another = Door(world)
    another.add_user()
    tab.sign_in(another.email, PASSWORD)
    assert tab.brought()["code"]


def test_an_application_for_its_own_people_lets_no_session_in_without_registration(
    tab: Tab, world: World, door: Door
) -> None:
    other = other_client(world, door, registered=False, requireRegistration=True)
    assert silently(tab, **other)["error_reason"] == "registration_required"
    open_one = other_client(world, door, registered=False)
    assert returned(tab, **open_one)["userState"] == "AuthenticatedNotRegistered"


def test_the_client_hears_that_an_address_or_a_registration_is_not_verified(tab: Tab, world: World, door: Door) -> None:
    [(user_id,)] = world.rows("SELECT id FROM users WHERE email = %s", door.email)
    verify_emails(world)
    with world.service.services.db.read() as conn:
        conn.execute("UPDATE users SET verified = false WHERE id = %s", (user_id,))
        conn.execute("UPDATE registrations SET verified = false WHERE user_id = %s", (user_id,))
    assert returned(tab)["userState"] == "AuthenticatedNotVerified"
    assert world.service.call("POST", EMAIL, {"userId": str(user_id)}).status_code == 200
    assert returned(tab)["userState"] == "Authenticated"
    verify_registrations(world)
    assert returned(tab)["userState"] == "AuthenticatedRegistrationNotVerified"


def test_a_use_of_the_session_is_a_login_in_records_and_numbers(tab: Tab, world: World) -> None:
    before = world.count("login_records")
    returned(tab)
    assert world.count("login_records") == before + 1
    world.service.services.traces.flush()
    assert ("session",) in world.rows("SELECT door FROM login_traces")


def test_a_session_that_is_over_is_no_login_and_leaves_no_trace(tab: Tab, world: World) -> None:
    world.clock.advance(days=1)
    tab.ask()
    world.service.services.traces.flush()
    assert ("session",) not in world.rows("SELECT door FROM login_traces")


def test_a_refresh_token_in_the_cookie_signs_nobody_in(world: World, door: Door) -> None:
    token = door.knock().json()["refreshToken"]
    with Tab(world) as tab:
        tab.session.cookies.set(COOKIE, token)
        assert tab.ask().status == 200


def test_an_application_of_its_own_policy_asks_its_session_for_nothing(tab: Tab, world: World, door: Door) -> None:
    tenant_policy(world, loginPolicy="Required")
    change_application(world, multiFactorConfiguration={"loginPolicy": "Disabled"})
    assert returned(tab)["code"]


def test_a_client_may_ask_by_a_form_which_does_what_a_link_does(tab: Tab) -> None:
    form = asked(tab.world, prompt="none", nonce="n")
    answer = requests.post(tab.world.service.url + AUTHORIZE, data=form, allow_redirects=False, timeout=30)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{AUTHORIZE}?")
    assert query_of(answer.headers["Location"]) == form
    followed = tab.send("GET", answer.headers["Location"])
    assert query_of(followed.headers["Location"])["code"]


def test_the_form_of_a_client_brings_nothing_but_its_request(world: World, door: Door) -> None:
    with Tab(world) as tab:
        tab.ask()
        form = asked(world) | {"loginId": door.email, "password": PASSWORD, "rememberDevice": "true"}
        answer = tab.send("POST", AUTHORIZE, data=form)
        assert query_of(answer.headers["Location"]) == asked(world)
        assert world.count("login_records") == 0
        twice = tab.send("POST", AUTHORIZE, data=[*asked(world).items(), ("scope", "other")])
        assert twice.headers["Location"].count("scope=") == 2
        told = tab.send("GET", twice.headers["Location"])
        assert query_of(told.headers["Location"])["error"] == "invalid_request"


def test_a_form_of_a_client_that_fits_into_no_address_is_refused(world: World, door: Door) -> None:
    with Tab(world) as tab:
        assert tab.send("POST", AUTHORIZE, data=asked(world, state="x" * 7_000)).status_code == 413


def test_no_client_refreshes_with_a_session(tab: Tab, world: World) -> None:
    path = f"/api/application/{world.application_id}/oauth-configuration"
    secret = world.service.call("GET", path).json()["oauthConfiguration"]["clientSecret"]
    session = tab.cookie(COOKIE)
    form = {"grant_type": "refresh_token", "refresh_token": session, "client_id": world.application_id}
    answer = requests.post(world.service.url + "/oauth2/token", data=form | {"client_secret": secret}, timeout=30)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert returned(tab)["code"]
