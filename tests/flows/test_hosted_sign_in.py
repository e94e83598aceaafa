"""The sign-in page: what it offers, signing in with a password, and how refusals read. Login contract 4.2, issue 4."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import pytest

from identity.app import create_app
from identity.http.limits import LONGEST_LINE
from tests.acting import acting
from tests.hosted import AUTHORIZE, REDIRECT, STATE, Tab, allow_client, asked
from tests.login_world import TWITTER, World, login_world
from tests.password_door import PASSWORD, Door
from tests.second_factors import tenant_policy
from tests.webhook_world import hooks_of

WRONG = "The name or the password is not right. Please check what you typed."


@pytest.fixture
def tab(world: World) -> Iterator[Tab]:
    allow_client(world)
    with Tab(world) as opened:
        yield opened


@pytest.fixture
def ann(world: World) -> Door:
    door = Door(world)
    door.add_user()
    return door


def test_the_page_asks_for_name_and_password_and_offers_the_provider(tab: Tab) -> None:
    page = tab.ask()
    assert (page.status, page.headline) == (200, "Sign in")
    assert page.field("loginId")["autocomplete"] == "username"
    assert page.field("password")["autocomplete"] == "current-password"
    assert page.button("twitter-login-button").text == "Login with Twitter"
    assert page.link("Forgot your password?")["href"].startswith("/password/forgot?sign_in=")
    assert "Create an account" not in page.html
    assert len(page.every("main")) == 1


def test_a_page_that_is_only_looked_at_leaves_no_row(world: World, tab: Tab) -> None:
    tab.ask()
    assert world.nothing_written()
    assert world.count("external_identifiers") == 0


def test_whoever_knows_the_password_comes_back_with_a_code_and_the_clients_state(
    world: World, tab: Tab, ann: Door
) -> None:
    tab.ask()
    tab.sign_in(ann.email, PASSWORD)
    brought = tab.brought()
    assert brought["state"] == STATE
    assert brought["code"]
    [(record_address,)] = world.rows("SELECT ip_address FROM login_records")
    assert record_address == "127.0.0.1"


def test_unknown_people_and_wrong_passwords_read_the_same(tab: Tab, ann: Door) -> None:
    tab.ask()
    tab.sign_in(ann.email, "wrong")
    wrong = tab.page
    tab.sign_in("nobody@example.com", PASSWORD)
    unknown = tab.page
    assert (wrong.status, wrong.alert) == (unknown.status, unknown.alert) == (400, WRONG)
    assert wrong.field("loginId")["value"] == ann.email
    assert "value" not in wrong.field("password").attributes
    tab.sign_in(ann.email, PASSWORD)
    assert tab.brought()["code"]


def test_nothing_is_tried_while_a_field_is_empty(world: World, tab: Tab) -> None:
    tab.ask()
    tab.sign_in(" ", "")
    assert tab.page.status == 400
    assert tab.page.field("loginId")["aria-invalid"] == tab.page.field("password")["aria-invalid"] == "true"
    assert world.nothing_written()


def test_a_locked_out_person_is_told_until_when_but_only_after_the_right_password(tab: Tab, ann: Door) -> None:
    failed = {"tooManyAttempts": 2, "actionDuration": 3, "actionDurationUnit": "MINUTES", "resetCountInSeconds": 60}
    ann.tenant(failedAuthenticationConfiguration=failed)
    tab.ask()
    for _ in range(3):
        tab.sign_in(ann.email, "wrong")
        assert tab.page.alert == WRONG
    tab.sign_in(ann.email, PASSWORD)
    assert tab.page.status == 400
    assert "too many wrong attempts" in tab.page.alert
    [until] = tab.page.every("time")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", until["datetime"])


def test_a_deactivated_person_learns_so_only_after_the_right_password(world: World, tab: Tab, ann: Door) -> None:
    [(user_id,)] = world.rows("SELECT id FROM users WHERE email = %s", ann.email)
    assert world.service.call("DELETE", f"/api/user/{user_id}").status_code == 200
    tab.ask()
    tab.sign_in(ann.email, "wrong")
    assert tab.page.alert == WRONG
    tab.sign_in(ann.email, PASSWORD)
    assert (tab.page.status, tab.page.alert) == (400, "This account is switched off.")


def test_the_page_is_in_the_language_that_the_client_asks_for(tab: Tab) -> None:
    assert tab.ask(locale="de").headline == "Anmelden"


def test_a_login_hint_is_filled_in(tab: Tab) -> None:
    assert tab.ask(login_hint='ann"<b>@example.com').field("loginId")["value"] == 'ann"<b>@example.com'


def test_a_wrong_client_or_redirect_uri_is_an_error_page_and_no_redirect(world: World, tab: Tab) -> None:
    for wrong in ({"redirect_uri": REDIRECT + "/"}, {"client_id": str(uuid4())}, {"redirect_uri": None}):
        tab.go(AUTHORIZE + "?" + urlencode(asked(world, **wrong)))
        assert tab.page.status == 400
        assert tab.page.alert


def test_any_other_mistake_is_told_to_the_client(world: World, tab: Tab) -> None:
    for wrong, error in (
        ({"response_type": "magic"}, "unsupported_response_type"),
        ({"scope": "no-such-scope"}, "invalid_scope"),
        ({"nonce": "n" * 1900, "state": "s" * 1900}, "invalid_request"),
        ({"state": "空" * 1000}, "invalid_request"),
    ):
        tab.go(AUTHORIZE + "?" + urlencode(asked(world, **wrong)))
        assert tab.brought()["error"] == error


def test_the_longest_request_goes_through_every_redirect(world: World, tab: Tab, ann: Door) -> None:
    actor = acting(world.service)
    [(user_id,)] = world.rows("SELECT id FROM users WHERE email = %s", ann.email)
    for _ in range(4):
        definition = actor.definition(name=f"{uuid4()} " + "禁" * 60, options=[{"name": "止" * 80}])
        actor.take(str(user_id), definition, option="止" * 80)
    tab.ask(state="空" * 660, nonce="n" * 600)
    button = tab.page.button("Sign in")
    assert button.form is not None
    form = tab.page.form(button.form) | {"loginId": ann.email, "password": PASSWORD}
    location = tab.send("POST", AUTHORIZE, data=form).headers["Location"]
    assert len(f"GET {location} HTTP/1.1") < LONGEST_LINE
    tab.go(location)
    assert tab.page.path == "/oauth2/blocked"
    assert len(tab.page.every("dl")) == 3


def test_the_longest_request_goes_on_for_a_person_with_many_second_factors(world: World, tab: Tab) -> None:
    tenant_policy(world, email={"enabled": True})
    domain = ".".join(["d" * 60] * 3)
    methods = [{"method": "email", "email": f"{number:060}@{domain}.example"} for number in range(10)]
    ann = Door(world)
    ann.add_user(twoFactor={"methods": methods})
    tab.ask(state="\u7a7a" * 660, nonce="n" * 600)
    button = tab.page.button("Sign in")
    assert button.form is not None
    form = tab.page.form(button.form) | {"loginId": ann.email, "password": PASSWORD}
    location = tab.send("POST", AUTHORIZE, data=form).headers["Location"]
    assert len(f"GET {location} HTTP/1.1") < LONGEST_LINE
    tab.go(location)
    assert (tab.page.path, tab.page.status) == ("/oauth2/two-factor-methods", 200)


def test_a_form_that_no_page_of_this_browser_has_is_refused(world: World, tab: Tab, ann: Door) -> None:
    tab.ask()
    button = tab.page.button("Sign in")
    assert button.form is not None
    sealed = tab.page.form(button.form)["sign_in"]
    form = {"loginId": ann.email, "password": PASSWORD}
    with Tab(world) as other:
        other.ask()
        for forged in ({}, {"sign_in": ""}, {"sign_in": sealed}, {"sign_in": "v1.test.AA"}, {"sign_in": "v1.test.!"}):
            other.post(AUTHORIZE, form | forged)
            assert other.page.status == 403
    cookieless = Tab(world)
    with cookieless:
        cookieless.post(AUTHORIZE, form | {"sign_in": sealed})
        assert cookieless.page.status == 403
    middle = len(sealed) // 2
    tampered = sealed[:middle] + ("A" if sealed[middle] != "A" else "B") + sealed[middle + 1 :]
    tab.post(AUTHORIZE, form | {"sign_in": tampered})
    assert tab.page.status == 403
    assert world.count("login_records") == world.count("refresh_tokens") == 0


def test_registration_is_offered_where_the_application_has_it(tab: Tab, ann: Door) -> None:
    ann.application(registrationConfiguration={"enabled": True})
    assert tab.ask().link("Create an account")["href"].startswith("/oauth2/register?sign_in=")


def test_the_button_has_the_applications_own_text(world: World, tab: Tab) -> None:
    world.configure(**world.override(buttonText="Zwitschern"))
    assert tab.ask().button("twitter-login-button").text == "Zwitschern"


@pytest.mark.parametrize("members", [{"enabled": False}, {"applicationConfiguration": {}}])
def test_the_button_is_absent_where_the_provider_is_off(world: World, tab: Tab, members: dict[str, object]) -> None:
    world.configure(**members)
    assert tab.ask().by_id("twitter-login-button") is None


def test_the_button_is_absent_where_the_provider_is_off_for_the_application(world: World, tab: Tab) -> None:
    assert tab.ask().by_id("twitter-login-button") is not None
    world.configure(**(world.override() | {"applicationConfiguration": {world.application_id: {"enabled": False}}}))
    assert tab.ask().by_id("twitter-login-button") is None


def test_forms_may_end_up_only_at_the_provider_and_at_the_application(world: World, tab: Tab) -> None:
    policy = tab.ask().headers["Content-Security-Policy"]
    [targets] = re.findall("form-action ([^;]*)", policy)
    x = urlsplit(world.x.url)
    assert targets.split() == ["'self'", "https://app.example.com", f"{x.scheme}://{x.netloc}"]


@pytest.mark.parametrize(
    ("registered", "named"),
    [
        ("http://[bad", None),
        ("https://app.example:99999999/", None),
        ("https://other.example;sandbox/", None),
        ("https://other.example,sandbox/", None),
        ("https://a b.example/", None),
        ("//other.example/", None),
        ("https://\u65e5\u672c.example/signed-in", "https://xn--wgv71a.example"),
        ("\u65e5:signed-in", None),
        ("com.example.app:/signed-in", "com.example.app:"),
    ],
)
def test_an_address_that_a_policy_cannot_name_breaks_no_page(
    world: World, tab: Tab, registered: str, named: str | None
) -> None:
    allow_client(world, authorizedRedirectURLs=[registered], authorizedOriginURLs=[registered], logoutURL=registered)
    page = tab.ask()
    assert page.status == 200
    policy = page.headers["Content-Security-Policy"]
    [targets] = re.findall("form-action ([^;]*)", policy)
    x = urlsplit(world.x.url)
    expected = ["'self'", "https://app.example.com", *([named] if named else []), f"{x.scheme}://{x.netloc}"]
    assert targets.split() == expected
    assert policy.endswith("frame-ancestors 'none'")


@pytest.mark.parametrize("response_mode", ["query", "form_post"])
@pytest.mark.parametrize("registered", ["https://app.example:99999999/", "https://\u65e5\u672c.example/signed-in"])
def test_an_odd_address_is_refused_on_a_page_even_if_registered(
    world: World, tab: Tab, registered: str, response_mode: str
) -> None:
    allow_client(world, authorizedRedirectURLs=[registered])
    query = asked(world, redirect_uri=registered, prompt="none", response_mode=response_mode)
    sent = tab.send("GET", AUTHORIZE + "?" + urlencode(query))
    assert (sent.status_code, "This sign-in cannot begin" in sent.text) == (400, True)


def test_the_device_that_the_client_names_is_told_in_the_events_of_the_login(world: World, tab: Tab, ann: Door) -> None:
    with hooks_of(world.service) as hooks:
        hook = hooks.add("user.login.success")
        hooks.switch_on("user.login.success")
        tab.ask(**{"metaData.device.description": "Ann's telephone"})
        tab.sign_in(ann.email, PASSWORD)
        hooks.deliver()
        [event] = hook.events
    assert event["info"]["deviceDescription"] == "Ann's telephone"


def test_the_trace_of_the_login_says_its_verdict_and_its_door(world: World, tab: Tab, ann: Door) -> None:
    tab.ask()
    tab.sign_in(ann.email, "wrong")
    tab.sign_in(ann.email, PASSWORD)
    world.service.services.traces.flush()
    rows = world.rows("SELECT door, status FROM login_traces ORDER BY id")
    assert rows == [("password", 404), ("password", 200)]


def test_the_numbers_of_logins_count_the_verdict_and_not_the_page(world: World, tab: Tab, ann: Door) -> None:
    def counted(door: str, status: int) -> float:
        text = world.service.call("GET", "/api/prometheus/metrics").text
        line = f'identity_logins_total{{door="{door}",status="{status}"}} '
        return sum(float(each.removeprefix(line)) for each in text.splitlines() if each.startswith(line))

    before = counted("password", 404), counted("password", 200), counted("complete login", 401)
    tab.ask()
    tab.sign_in(ann.email, "wrong")
    tab.sign_in(ann.email, PASSWORD)
    tab.ask(prompt="login")
    tab.press("twitter-login-button")
    tab.through_x(deny="")
    after = counted("password", 404), counted("password", 200), counted("complete login", 401)
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 1]


def test_an_application_may_ask_for_api_keys_and_its_people_sign_in_here_all_the_same(tab: Tab, ann: Door) -> None:
    ann.application(loginConfiguration={"requireAuthentication": True})
    tab.ask()
    tab.sign_in(ann.email, PASSWORD)
    assert tab.brought()["code"]


def test_hint_of_a_provider_that_there_is_not_shows_the_page(tab: Tab) -> None:
    for hint in (str(uuid4()), "example.com", TWITTER[:-1]):
        assert tab.ask(idp_hint=hint).headline == "Sign in"


def test_the_hint_of_the_provider_leads_straight_there(world: World, tab: Tab) -> None:
    tab.go(AUTHORIZE + "?" + urlencode(asked(world, idp_hint=TWITTER.upper())))
    assert tab.left is not None
    assert tab.left.startswith(f"{world.x.url}/oauth/authenticate?")
    assert parse_qs(urlsplit(tab.left).query)["oauth_token"]
    tab.through_x("alice")
    assert tab.brought()["code"]


def test_the_cookie_names_the_browser_for_this_host_alone_and_no_script_reads_it(world: World, tab: Tab) -> None:
    answer = tab.send("GET", AUTHORIZE + "?" + urlencode(asked(world)))
    attributes = answer.headers["Set-Cookie"].split("; ")
    assert attributes[0].startswith("identity.browser=")
    assert set(attributes[1:]) == {"HttpOnly", "Path=/", "SameSite=Lax"}
    tab.ask()
    assert "Set-Cookie" not in tab.send("GET", AUTHORIZE + "?" + urlencode(asked(world))).headers


def test_under_https_the_cookie_is_of_this_very_host_and_secure(database_url: str) -> None:
    with login_world(database_url, public_url="https://id.example.com") as world:
        allow_client(world)
        client = create_app(world.service.services).test_client()
        answer = client.get(AUTHORIZE, query_string=asked(world), base_url="https://id.example.com")
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-identity.browser=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} == set(cookie.split("; ")[1:])
        form = {"loginId": "ann", "password": "p", "sign_in": _sealed(answer.text)}
        again = client.post(AUTHORIZE, data=form, base_url="https://id.example.com")
        assert WRONG in again.text


def _sealed(html: str) -> str:
    [sealed] = re.findall('name="sign_in" value="([^"]+)"', html)
    return str(sealed)


def test_two_tabs_of_one_browser_do_not_disturb_each_other(world: World, tab: Tab, ann: Door) -> None:
    tab.ask(state="first")
    first = tab.page
    tab.ask(state="second")
    tab.sign_in(ann.email, PASSWORD)
    assert tab.brought()["state"] == "second"
    button = first.button("Sign in")
    assert button.form is not None
    tab.post(AUTHORIZE, first.form(button.form) | {"loginId": ann.email, "password": PASSWORD})
    assert tab.brought()["state"] == "first"


def test_a_form_that_is_sent_twice_signs_in_twice_and_harms_nobody(world: World, tab: Tab, ann: Door) -> None:
    tab.ask()
    button = tab.page.button("Sign in")
    assert button.form is not None
    form = tab.page.form(button.form) | {"loginId": ann.email, "password": PASSWORD}
    tab.post(AUTHORIZE, form)
    first = tab.brought()["code"]
    tab.post(AUTHORIZE, form)
    assert tab.brought()["code"] != first


@pytest.mark.parametrize("removed", ["false", "true"])
def test_an_application_that_closed_meanwhile_lets_nobody_in(world: World, tab: Tab, ann: Door, removed: str) -> None:
    tab.ask()
    path = f"/api/application/{world.application_id}"
    assert world.service.call("DELETE", path, params={"hardDelete": removed}).status_code == 200
    tab.sign_in(ann.email, PASSWORD)
    assert (tab.page.status, tab.page.headline) == (400, "This application is closed")
    assert world.count("login_records") == 0


@pytest.mark.parametrize("value", ["\0", "\ud800", "x" * 3000, "' OR 1=1 --", "<script>", "%00", "\r\nSet-Cookie: a=b"])
@pytest.mark.parametrize("name", ["state", "login_hint", "idp_hint", "locale", "nonce", "sign_in", "client_id"])
def test_no_value_of_a_parameter_breaks_the_page(world: World, tab: Tab, name: str, value: str) -> None:
    answer = tab.send("GET", AUTHORIZE, params=asked(world) | {name: value.encode("utf-8", "surrogatepass")})
    assert answer.status_code in (200, 303, 400, 403)
    assert "<script>" not in answer.text
    assert "Set-Cookie: a=b" not in str(answer.headers)
