"""What others can do to a sign-in: nothing. Forged forms, carried off states, planted cookies, hostile addresses.

Every page with a form is found by the application's own routes, so that a new one is tried as well (security T3, T22,
T23, T24, T31).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import pytest
import requests
from flask import Flask
from werkzeug.test import TestResponse

from identity.app import HOSTED, create_app
from identity.domain.sign_in import SignIn
from identity.flows.hosted.carried import open_sealed, seal
from tests.hosted import AUTHORIZE, REDIRECT, Tab, allow_client, asked, door_of_client
from tests.login_world import TWITTER, World
from tests.password_door import PASSWORD, Door
from tests.second_factors import with_phone
from tests.verifying import GATED, verify_emails

SSO, BROWSER = "fusionauth.sso", "identity.browser"
SECURE = "__Host-"
PUBLIC = "https://id.example.com"
NEEDS_NO_SIGN_IN = {
    "/oauth2/callback",  # of a login that a client began: bound to an address, or confirmed
    "/oauth2/logout",  # only goes on to the same page by GET
    "/app/refresh",  # no page: a script of the application's own origin calls it
    "/app/refresh/<client_id>",
}


def pages(method: str) -> list[str]:
    """The rules of all pages that have a view for this method."""
    app = Flask("routes", static_folder=None)
    for blueprint in HOSTED:
        app.register_blueprint(blueprint)
    return sorted({rule.rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())})


FORMS = [rule for rule in pages("POST") if rule not in NEEDS_NO_SIGN_IN]


def path_of(rule: str) -> str:
    return re.sub(r"<any\(email, registration\):\w+>", "email", re.sub(r"<\w+>", "x", rule))


@pytest.fixture
def door(world: World) -> Door:
    return door_of_client(world)


@pytest.fixture
def tab(world: World, door: Door) -> Iterator[Tab]:
    with Tab(world) as opened:
        opened.ask()
        yield opened


@pytest.fixture
def stranger(world: World) -> Iterator[Tab]:
    """Another browser, which has a sign-in of its own."""
    with Tab(world) as opened:
        yield opened


def form_of(tab: Tab, door: Door, **typed: str) -> dict[str, str]:
    """What the form of the sign-in page sends with the right password."""
    button = tab.page.button("Sign in")
    assert button.form is not None
    return tab.page.form(button.form) | {"loginId": door.email, "password": PASSWORD} | typed


def left_nothing(world: World) -> bool:
    """No login, no session, nobody changed."""
    return not any(world.count(table) for table in ("login_records", "refresh_tokens", "external_identifiers"))


def refused(answer: requests.Response) -> bool:
    kept = SSO not in answer.headers.get("Set-Cookie", "") and "Location" not in answer.headers
    return answer.status_code == 403 and kept and "no longer valid" in answer.text


# Forged forms


def test_there_are_forms_to_try() -> None:
    assert {"/oauth2/authorize", "/oauth2/start", "/oauth2/two-factor", "/password/change"} <= set(FORMS)


@pytest.mark.parametrize("rule", FORMS)
def test_a_form_counts_only_with_a_sign_in_of_this_very_browser(
    tab: Tab, stranger: Tab, world: World, door: Door, rule: str
) -> None:
    own = form_of(tab, door)
    stranger.ask()
    foreign = form_of(stranger, door)["sign_in"]
    sealed = own["sign_in"]
    middle = len(sealed) // 2
    changed = sealed[:middle] + ("A" if sealed[middle] != "A" else "B") + sealed[middle + 1 :]
    for forged in (None, "", "x", "v1.test.AAAA", changed, sealed[:-4], foreign, "é" * 20, "A" * 20_000):
        values = {name: value for name, value in own.items() if name != "sign_in"}
        if forged is not None:
            values["sign_in"] = forged
        assert refused(tab.send("POST", path_of(rule), data=values)), forged
    assert left_nothing(world)


@pytest.mark.parametrize("rule", FORMS)
def test_a_form_that_another_site_sends_comes_without_cookies_and_is_refused(
    tab: Tab, world: World, door: Door, rule: str
) -> None:
    answer = requests.post(
        world.service.url + path_of(rule), data=form_of(tab, door), allow_redirects=False, timeout=10
    )
    assert refused(answer)
    assert left_nothing(world)


def test_somebody_elses_sign_in_does_not_log_a_browser_in(tab: Tab, stranger: Tab, world: World, door: Door) -> None:
    """Login CSRF: the attacker's form, with the attacker's password, sent by the victim's browser."""
    stranger.ask()
    attackers = form_of(stranger, door)
    assert refused(tab.send("POST", AUTHORIZE, data=attackers))
    assert refused(tab.send("POST", AUTHORIZE + "?" + urlencode(asked(world)), data=attackers))
    assert left_nothing(world)


def test_a_sign_in_in_the_address_is_no_substitute_for_one_in_the_form(tab: Tab, world: World, door: Door) -> None:
    form = form_of(tab, door)
    query = urlencode({"sign_in": form.pop("sign_in")})
    assert refused(tab.send("POST", f"{AUTHORIZE}?{query}", data=form))
    assert left_nothing(world)


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data; boundary=x"])
def test_a_form_is_read_as_a_form_only(tab: Tab, world: World, door: Door, content_type: str) -> None:
    tab.headers = {"Content-Type": content_type}
    answer = tab.send("POST", AUTHORIZE, data=urlencode(form_of(tab, door)).encode())
    assert answer.status_code == 400
    assert left_nothing(world)


NO_STATE = ("/app/", "/assets/", "/oauth2/callback", "/oauth2/logout")
"""Pages that look at no carried state, each with tests of its own."""


@pytest.mark.parametrize("rule", [rule for rule in pages("GET") if not rule.startswith(NO_STATE)])
def test_a_state_that_was_carried_off_shows_nothing_in_another_browser(
    tab: Tab, stranger: Tab, door: Door, world: World, rule: str
) -> None:
    query = urlencode({"sign_in": form_of(tab, door)["sign_in"]})
    stranger.ask()
    assert refused(stranger.send("GET", f"{path_of(rule)}?{query}"))
    assert left_nothing(world)


def test_what_the_address_carries_says_nothing_to_who_reads_it(tab: Tab, world: World, door: Door) -> None:
    [(user_id,)] = world.rows("SELECT id FROM users WHERE email = %s", door.email)
    with_phone(world, str(user_id))
    answer = tab.send("POST", AUTHORIZE, data=form_of(tab, door))
    location = answer.headers["Location"]
    assert location.startswith("/oauth2/two-factor?sign_in=")
    [sealed] = parse_qs(urlsplit(location).query)["sign_in"]
    browser = tab.cookie(BROWSER)
    assert browser is not None
    carried = open_sealed(world.service.services, sealed, browser)
    assert carried.ticket is not None
    page = tab.send("GET", location)
    for secret in (carried.ticket, door.email, PASSWORD, str(user_id)):
        assert secret not in location and secret not in page.text


# Sessions


def plant(tab: Tab, value: str, name: str = SSO) -> None:
    tab.session.cookies.set(name, value, domain="127.0.0.1", path="/")


@pytest.mark.parametrize("planted", ["known-to-the-attacker", "a" * 43, "x" * 3_000, '";x=y', "%00"])
def test_a_session_is_never_one_that_somebody_planted(tab: Tab, world: World, door: Door, planted: str) -> None:
    plant(tab, planted)
    tab.ask()
    tab.sign_in(door.email, PASSWORD, rememberDevice="true")
    assert tab.brought()["code"]
    [cookie] = [each.value for each in tab.session.cookies if each.name == SSO and each.value != planted]
    assert cookie is not None and len(cookie) == 43
    with requests.Session() as attacker:
        attacker.cookies.set(SSO, planted)
        url = world.service.url + AUTHORIZE + "?" + urlencode(asked(world))
        assert attacker.get(url, allow_redirects=False, timeout=10).status_code == 200


def test_the_session_of_before_is_over_once_somebody_signs_in_anew(tab: Tab, world: World, door: Door) -> None:
    tab.sign_in(door.email, PASSWORD, rememberDevice="true")
    before = tab.cookie(SSO)
    tab.ask(prompt="login")
    tab.sign_in(door.email, PASSWORD, rememberDevice="true")
    after = tab.cookie(SSO)
    assert before != after and before is not None
    plant(tab, before)
    assert [count for (count,) in world.rows("SELECT count(*) FROM refresh_tokens WHERE application_id IS NULL")] == [1]


STEPS = ["second factor", "password change", "verification"]


@pytest.mark.parametrize("step", STEPS)
def test_no_session_and_no_code_before_the_last_gate(tab: Tab, world: World, door: Door, step: str) -> None:
    [(user_id,)] = world.rows("SELECT id FROM users WHERE email = %s", door.email)
    if step == "second factor":
        with_phone(world, str(user_id))
    elif step == "password change":
        world.change_user(str(user_id), passwordChangeRequired=True)
    else:
        verify_emails(world, **GATED)
        with world.service.services.db.read() as conn:
            conn.execute("UPDATE users SET verified = false WHERE id = %s", (user_id,))
    tab.sign_in(door.email, PASSWORD, rememberDevice="true")
    assert tab.left is None
    assert tab.page.path != AUTHORIZE
    assert tab.cookie(SSO) is None
    assert world.count("refresh_tokens") == world.count("login_records") == 0
    assert world.rows("SELECT 1 FROM external_identifiers WHERE kind = 'authorization code'") == []
    assert tab.ask().status == 200


def test_a_wrong_password_leaves_the_session_of_the_browser_alone(tab: Tab, door: Door) -> None:
    tab.sign_in(door.email, PASSWORD, rememberDevice="true")
    before = tab.cookie(SSO)
    tab.ask(prompt="login")
    tab.sign_in(door.email, "wrong horse")
    assert tab.page.status == 400
    assert tab.cookie(SSO) == before


# Two tabs, back, and twice


def test_two_tabs_of_a_browser_sign_in_without_disturbing_each_other(tab: Tab, door: Door) -> None:
    first = form_of(tab, door)
    tab.ask(state="the other tab")
    second = form_of(tab, door, rememberDevice="true")
    assert parse_qs(urlsplit(tab.send("POST", AUTHORIZE, data=second).headers["Location"]).query)["state"] == [
        "the other tab"
    ]
    assert tab.send("POST", AUTHORIZE, data=first).headers["Location"].startswith(REDIRECT)


def test_a_form_that_is_sent_twice_leaves_one_session_at_most(tab: Tab, world: World, door: Door) -> None:
    form = form_of(tab, door, rememberDevice="true")
    places = [tab.send("POST", AUTHORIZE, data=form).headers["Location"] for _ in range(2)]
    codes = {parse_qs(urlsplit(each).query)["code"][0] for each in places}
    assert len(codes) == 2
    assert len(world.rows("SELECT 1 FROM refresh_tokens WHERE application_id IS NULL")) == 1


def test_a_form_that_is_sent_many_times_at_once_is_many_logins_and_nothing_worse(
    tab: Tab, world: World, door: Door
) -> None:
    form, cookies = form_of(tab, door, rememberDevice="true"), tab.session.cookies.get_dict()
    url = world.service.url + AUTHORIZE

    def send(_: int) -> requests.Response:
        return requests.post(url, data=form, cookies=cookies, allow_redirects=False, timeout=30)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert {answer.status_code for answer in answers} == {303}
    tokens = {answer.cookies[SSO] for answer in answers}
    assert len(tokens) == 8  # each its own: none is shared, none is guessed from another
    assert world.count("users") == 1


def test_back_to_the_form_after_signing_out_needs_the_password_again(tab: Tab, world: World, door: Door) -> None:
    page = form_of(tab, door)
    tab.sign_in(door.email, PASSWORD, rememberDevice="true")
    tab.go("/oauth2/logout")
    logins = world.count("login_records")
    query = urlencode({"sign_in": page["sign_in"]})
    again = tab.send("GET", f"{AUTHORIZE}?{query}")
    assert (again.status_code, "Location" in again.headers) == (200, False)
    assert tab.send("POST", AUTHORIZE, data={"sign_in": page["sign_in"]}).status_code == 400
    assert world.count("login_records") == logins


def test_a_second_factor_that_was_given_counts_once(tab: Tab, world: World, door: Door) -> None:
    [(user_id,)] = world.rows("SELECT id FROM users WHERE email = %s", door.email)
    phone, _ = with_phone(world, str(user_id))
    tab.sign_in(door.email, PASSWORD)
    form = tab.page.form(next(each for each in tab.page.every("form")))
    code = {"code": phone.code()}
    first = tab.send("POST", "/oauth2/two-factor", data=form | code)
    assert first.headers["Location"].startswith(REDIRECT)
    logins = world.count("login_records")
    again = tab.send("POST", "/oauth2/two-factor", data=form | code)
    assert again.status_code == 400
    assert world.count("login_records") == logins


def test_answers_that_bring_a_code_or_a_session_are_kept_by_nobody(tab: Tab, door: Door) -> None:
    answer = tab.send("POST", AUTHORIZE, data=form_of(tab, door, rememberDevice="true"))
    assert answer.status_code == 303
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    silent = tab.send("GET", AUTHORIZE + "?" + urlencode(asked(tab.world)))
    assert (silent.status_code, silent.headers["Cache-Control"]) == (303, "no-store")


# Addresses


HOSTILE = [
    "https://evil.example/signed-in",
    "https://app.example.com.evil.example/signed-in",
    "https://evil.example/https://app.example.com/signed-in",
    "//app.example.com/signed-in",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:\\\\app.example.com\\signed-in",
    "https:/app.example.com/signed-in",
    "https:app.example.com/signed-in",
    "https://app.example.com\\@evil.example/signed-in",
    "https://user@app.example.com/signed-in",
    "https://app.example.com:pass@evil.example/signed-in",
    "https://evil.example#@app.example.com/signed-in",
    "https://evil.example?https://app.example.com/signed-in",
    f"{REDIRECT}#",
    f"{REDIRECT}#x",
    f"{REDIRECT}?",
    f"{REDIRECT}?x=y",
    f"{REDIRECT}/",
    f"{REDIRECT}/..",
    f"{REDIRECT}%2f..",
    f"{REDIRECT};x",
    f"{REDIRECT}\t",
    f"\t{REDIRECT}",
    f" {REDIRECT}",
    f"{REDIRECT}\n",
    f"{REDIRECT}\r\nSet-Cookie: fusionauth.sso=x",
    f"{REDIRECT}\x7f",
    f"{REDIRECT}\u200b",
    f"{REDIRECT}\u2028",
    REDIRECT.upper(),
    REDIRECT.replace("https", "HTTPS"),
    REDIRECT.replace("app", "App"),
    REDIRECT.replace("https", "http"),
    REDIRECT.replace(".com", ".com:443"),
    REDIRECT.replace(".com", ".com."),
    REDIRECT.replace("app", "\u0430pp"),
    REDIRECT.replace("example.com", "example\u3002com"),
    REDIRECT.replace("app.example.com", "[::1]"),
    REDIRECT.replace("app.example.com", "[::ffff:127.0.0.1]"),
    REDIRECT.replace("app.example.com", "127.0.0.1"),
    REDIRECT.replace("app.example.com", "0x7f.1"),
    "javascript:alert(document.domain)//https://app.example.com/signed-in",
    "data:text/html,<script>alert(1)</script>",
    "about:blank",
    "https://[app.example.com/signed-in",
    "https://",
    "",
]


@pytest.mark.parametrize("way", ["page", "session", "silent"])
def test_an_address_that_is_not_registered_to_the_letter_is_gone_to_by_nobody(tab: Tab, door: Door, way: str) -> None:
    if way != "page":
        tab.sign_in(door.email, PASSWORD, rememberDevice="true")
    for uri in HOSTILE:
        parameters = asked(tab.world, redirect_uri=uri, prompt="none" if way == "silent" else None)
        answer = tab.send("GET", AUTHORIZE + "?" + urlencode(parameters))
        assert answer.status_code == 400, uri
        assert "Location" not in answer.headers and "Refresh" not in answer.headers
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "<script" not in answer.text
        assert "Set-Cookie" not in answer.headers


def test_an_address_that_no_answer_can_go_to_is_none_even_if_it_was_registered(tab: Tab, world: World) -> None:
    uris = ["javascript:alert(1)", "data:text/html,x", "https://a@b.example/", "https://b.example/#x", "no scheme"]
    allow_client(world, authorizedRedirectURLs=uris)
    for uri in uris:
        assert tab.send("GET", AUTHORIZE + "?" + urlencode(asked(world, redirect_uri=uri))).status_code == 400, uri


def test_an_address_that_was_taken_back_meanwhile_is_not_gone_to(tab: Tab, world: World, door: Door) -> None:
    form = form_of(tab, door, rememberDevice="true")
    change = {"application": {"oauthConfiguration": {"authorizedRedirectURLs": ["https://elsewhere.example/"]}}}
    headers = {"Content-Type": "application/merge-patch+json"}
    changed = world.service.call("PATCH", f"/api/application/{world.application_id}", change, headers=headers)
    assert changed.status_code == 200, changed.text
    answer = tab.send("POST", AUTHORIZE, data=form)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


FORGED_HOSTS = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Forwarded-Port": "6666",
    "X-Forwarded-Prefix": "/evil",
    "X-Original-URL": "/evil",
    "X-Rewrite-URL": "/evil",
    "Forwarded": "host=evil.example;proto=https",
}


@pytest.mark.parametrize("name", FORGED_HOSTS)
def test_no_header_of_the_request_decides_about_an_address(tab: Tab, world: World, door: Door, name: str) -> None:
    # A browser sends its cookies whatever the proxy makes of the host; this client goes by the header.
    tab.headers = {name: FORGED_HOSTS[name], "Cookie": f"{BROWSER}={tab.cookie(BROWSER)}"}
    page = tab.send("GET", AUTHORIZE + "?" + urlencode(asked(world)))
    answers = [
        page,
        tab.send("POST", "/oauth2/start", data=form_of(tab, door) | {"identityProviderId": TWITTER}),
        tab.send("POST", AUTHORIZE, data=form_of(tab, door)),
        tab.send("GET", "/oauth2/logout"),
        tab.send("GET", "/.well-known/openid-configuration"),
        tab.send("GET", "/oauth2/nowhere"),
    ]
    assert [answer.status_code for answer in answers] == [200, 303, 303, 200, 200, 404]
    for answer in answers:
        assert "evil" not in answer.text and "evil" not in str(answer.headers)
        assert "6666" not in answer.text


# Under https


def secure_app(world: World) -> Flask:
    """The same service behind a public https address."""
    services = world.service.services
    return create_app(replace(services, settings=replace(services.settings, public_url=PUBLIC)))


def secure_form(world: World, door: Door, browser: str, **typed: str) -> dict[str, str]:
    sign_in = SignIn(
        parameters=asked(world), tenant_id=world.service.tenant_id, application_id=UUID(world.application_id)
    )
    sealed = seal(world.service.services, sign_in, browser)
    return {"sign_in": sealed, "loginId": door.email, "password": PASSWORD, "rememberDevice": "true"} | typed


def cookies_of(answer: TestResponse) -> dict[str, set[str]]:
    """The attributes of each cookie that the answer sets."""
    parsed = [each.split(";") for each in answer.headers.getlist("Set-Cookie")]
    return {first.partition("=")[0]: {part.strip().lower() for part in rest} for first, *rest in parsed}


def test_under_https_cookies_are_secure_and_belong_to_this_host_alone(world: World, door: Door) -> None:
    client = secure_app(world).test_client()
    page = client.get(AUTHORIZE, query_string=asked(world), base_url=PUBLIC)
    assert page.status_code == 200
    [browser] = cookies_of(page)
    assert browser == SECURE + BROWSER
    cookie = client.get_cookie(browser, domain="id.example.com")
    assert cookie is not None
    answer = client.post(AUTHORIZE, data=secure_form(world, door, cookie.value), base_url=PUBLIC)
    assert answer.headers["Location"].startswith(REDIRECT)
    set_ones = {**cookies_of(page), **cookies_of(answer)}
    assert set(set_ones) == {SECURE + BROWSER, SECURE + SSO}
    for attributes in set_ones.values():
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= attributes
        assert not any(each.startswith("domain") for each in attributes)
    assert page.headers["Strict-Transport-Security"]
    gone = client.get("/oauth2/logout", base_url=PUBLIC)
    assert "secure" in cookies_of(gone)[SECURE + SSO]


def test_under_https_a_cookie_that_a_neighbour_could_plant_counts_for_nothing(world: World, door: Door) -> None:
    client = secure_app(world).test_client()
    browser = "b" * 43
    client.set_cookie(BROWSER, browser, domain="id.example.com")
    answer = client.post(AUTHORIZE, data=secure_form(world, door, browser), base_url=PUBLIC)
    assert answer.status_code == 403
    with Tab(world) as tab:
        tab.ask()
        tab.sign_in(door.email, PASSWORD, rememberDevice="true")
        session = tab.cookie(SSO)
    assert session is not None
    client.set_cookie(SSO, session, domain="id.example.com")
    assert client.get(AUTHORIZE, query_string=asked(world), base_url=PUBLIC).status_code == 200
    client.set_cookie(SECURE + SSO, session, domain="id.example.com")
    assert client.get(AUTHORIZE, query_string=asked(world), base_url=PUBLIC).status_code == 303
