"""The hosted backend over raw HTTP: from /app/login to cookies, and what they are good for (supporting contract 22)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import requests
from werkzeug.http import parse_cookie

from identity.app import create_app
from identity.http.oauth.authorization import respond
from identity.http.pages.to_client import to_client
from tests.oauth_world import GRANTS, REDIRECT_URI, Client, add_client, challenge_of, query_of, refused
from tests.sessions import Sessions, claims_of

PAGE = "https://app.example/home"
OTHER = "https://app.example/other?a=1"
COOKIES = {"app.at", "app.rt", "app.idt", "app.at_exp"}


class Browser:
    """One browser that somebody uses an application with."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.url = client.world.service.url
        self.http = requests.Session()

    def get(self, path: str, **query: str) -> requests.Response:
        return self.http.get(self.url + path, params=query, allow_redirects=False, timeout=30)

    def begin(self, **query: str) -> dict[str, str]:
        """The parameters that /app/login sends the browser to the login page with."""
        answer = self.get("/app/login/", client_id=self.client.id, **query)
        assert answer.status_code == 302, answer.text
        assert urlsplit(answer.headers["Location"])[:3] == ("", "", "/oauth2/authorize")
        return query_of(answer.headers["Location"])

    def come_back(self, asked: dict[str, str], **changed: str) -> requests.Response:
        """Somebody logs in, and the browser follows to the callback; `changed` is what it brings otherwise."""
        location = self.client.answer(**asked).headers["Location"]
        assert location.startswith(f"{self.url}/app/callback?")
        return self.get("/app/callback", **query_of(location) | changed)

    def sign_in(self, **query: str) -> dict[str, str]:
        """The cookies of a sign-in."""
        answer = self.come_back(self.begin(**query))
        assert answer.status_code == 302, answer.text
        return self.cookies()

    def refresh(self, **query: str) -> requests.Response:
        asked = {"client_id": self.client.id} | query
        return self.http.post(f"{self.url}/app/refresh/", params=asked, headers={"Content-Type": "text/plain"})

    def set_up(self, **oauth: Any) -> None:
        """Replace members of the application's oauthConfiguration."""
        body = {"application": {"oauthConfiguration": oauth}}
        path, headers = f"/api/application/{self.client.id}", {"Content-Type": "application/merge-patch+json"}
        assert self.client.world.service.call("PATCH", path, body, headers=headers).status_code == 200

    def cookies(self) -> dict[str, str]:
        return {cookie.name: str(cookie.value) for cookie in self.http.cookies if cookie.name in COOKIES}

    def begun(self) -> list[str]:
        return [cookie.name for cookie in self.http.cookies if cookie.name.startswith("app.begun.")]


@pytest.fixture
def browser(sessions: Sessions) -> Iterator[Browser]:
    client = add_client(sessions.world, authorizedRedirectURLs=[PAGE, OTHER])
    browser = Browser(client)
    yield browser
    browser.http.close()


def attributes(lines: list[str]) -> dict[str, set[str]]:
    """The attributes of each cookie that is set, by name."""
    found = {}
    for line in lines:
        first, *more = line.split("; ")
        found[first.partition("=")[0]] = {item for item in more if not item.startswith("Expires=")}
    return found


def set_by(answer: requests.Response) -> list[str]:
    return list(answer.raw.headers.getlist("Set-Cookie"))


def told(answer: requests.Response, words: str) -> None:
    """A page, with status 200, that says this; and nobody is signed in."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert words in answer.text
    assert not [line for line in set_by(answer) if parse_cookie(line).get("app.at")]


def test_a_login_is_asked_for_with_a_verifier_of_its_own(browser: Browser) -> None:
    asked = browser.begin(redirect_uri=PAGE, scope="openid offline_access email", state="the application's")
    assert {name: asked[name] for name in ("client_id", "response_type", "redirect_uri", "scope", "tenantId")} == {
        "client_id": browser.client.id,
        "response_type": "code",
        "redirect_uri": f"{browser.url}/app/callback",
        "scope": "openid offline_access email",
        "tenantId": str(browser.client.world.service.tenant_id),
    }
    assert asked["code_challenge_method"] == "S256"
    again = browser.begin(redirect_uri=PAGE)
    assert all(asked[name] != again[name] for name in ("state", "nonce", "code_challenge"))
    assert again["scope"] == "openid offline_access"


def test_what_else_is_asked_is_passed_on_and_what_is_ours_is_not(browser: Browser) -> None:
    free = {"idp_hint": "45bb233c-0901-4236-b5ca-ac46e2e0a5a5", "locale": "de", "login_hint": "ada", "prompt": "login"}
    ours = {"code_challenge": challenge_of("x" * 43), "nonce": "mine", "response_type": "token", "response_mode": "x"}
    asked = browser.begin(redirect_uri=PAGE, **free, **ours)
    assert {name: asked[name] for name in free} == free
    assert not [name for name in ours if asked.get(name) == ours[name]]


@pytest.mark.parametrize(
    "path", ["/app/login/{}", "/app/login/{}/", "/app/login?client_id={}", "/app/login/?client_id={}"]
)
def test_the_client_is_named_by_path_or_query(browser: Browser, path: str) -> None:
    answer = browser.get(path.format(browser.client.id))
    assert answer.status_code == 302
    assert query_of(answer.headers["Location"])["client_id"] == browser.client.id


@pytest.mark.parametrize("path", ["/app/register/{}", "/app/register/?client_id={}"])
def test_registration_is_asked_for_where_people_register_and_else_a_login(browser: Browser, path: str) -> None:
    path = path.format(browser.client.id)
    assert urlsplit(browser.get(path).headers["Location"]).path == "/oauth2/authorize"
    browser.client.change(registrationConfiguration={"enabled": True})
    asked = browser.get(path).headers["Location"]
    assert urlsplit(asked).path == "/oauth2/register"
    assert query_of(asked)["redirect_uri"] == f"{browser.url}/app/callback"


def test_the_browser_comes_back_with_cookies_to_where_the_application_wanted(browser: Browser) -> None:
    answer = browser.come_back(browser.begin(redirect_uri=OTHER, state="a b&c"))
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{OTHER}&state=a+b%26c&userState=Authenticated"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert set(browser.cookies()) == COOKIES
    assert browser.begun() == []


def test_without_a_redirect_uri_it_is_the_first_registered_one_without_state_there_is_none(browser: Browser) -> None:
    answer = browser.come_back(browser.begin())
    assert answer.headers["Location"] == f"{PAGE}?userState=Authenticated"


def test_the_cookies_are_what_the_sdk_reads(browser: Browser) -> None:
    cookies = browser.sign_in()
    access, identity = claims_of(cookies["app.at"]), claims_of(cookies["app.idt"])
    assert access["sub"] == identity["sub"] == browser.client.user_id
    assert 0 <= access["exp"] - int(cookies["app.at_exp"]) <= 1
    assert browser.client.refresh(cookies["app.rt"]).status_code == 200


def test_each_cookie_has_its_attributes(browser: Browser) -> None:
    answer = browser.come_back(browser.begin())
    found = attributes(set_by(answer))
    usual = {"Path=/", "SameSite=Lax"}
    assert found["app.at"] == {*usual, "HttpOnly", "Max-Age=3600"}
    assert found["app.rt"] == {*usual, "HttpOnly", f"Max-Age={43_200 * 60}"}
    assert found["app.idt"] == found["app.at_exp"] == {*usual, "Max-Age=3600"}


def test_without_the_scopes_there_are_fewer_cookies(browser: Browser) -> None:
    assert set(browser.sign_in(scope="email")) == {"app.at", "app.at_exp"}


def cookies_over_https(browser: Browser, **hosted: str) -> dict[str, set[str]]:
    """A sign-in at the same service, as people reach it under an https address."""
    services = browser.client.world.service.services
    settings = replace(
        services.settings,
        public_url="https://login.example.com",
        hosted_backend=replace(services.settings.hosted_backend, **hosted),
    )
    services = replace(services, settings=settings)
    http = create_app(services).test_client()
    begun = http.get(f"/app/login/{browser.client.id}", base_url=settings.public_url)
    [(name, given)] = attributes(begun.headers.get_all("Set-Cookie")).items()
    assert name.startswith("__Host-app.begun.")
    assert given == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=3600"}
    granted = browser.client.granted_now()
    answered = to_client(services, respond(services, query_of(begun.headers["Location"]), granted))
    path = f"/app/callback?{urlsplit(answered.headers['Location']).query}"
    answer = http.get(path, base_url=settings.public_url)
    assert answer.status_code == 302
    return attributes(answer.headers.get_all("Set-Cookie"))


def test_under_https_every_cookie_is_secure(browser: Browser) -> None:
    found = cookies_over_https(browser)
    assert all("Secure" in found[name] for name in COOKIES)
    assert not any(item.startswith("Domain=") for items in found.values() for item in items)


def test_one_setting_gives_the_tokens_to_a_whole_domain(browser: Browser) -> None:
    found = cookies_over_https(browser, cookie_domain="example.com")
    assert all("Domain=example.com" in found[name] for name in COOKIES)


def test_behind_a_proxy_that_ends_https_they_are_secure_too(browser: Browser) -> None:
    browser.sign_in()
    browser.http.headers["X-Forwarded-Proto"] = "https"
    assert all("Secure" in items for items in attributes(set_by(browser.refresh())).values())


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"client_id": "no uuid"},
        {"client_id": "00000000-0000-4000-8000-00000000dead"},
        {"tenantId": "00000000-0000-4000-8000-00000000dead"},
    ],
)
def test_an_application_that_is_not_known_is_said_on_a_page(browser: Browser, query: dict[str, str]) -> None:
    own = {"client_id": browser.client.id} if "tenantId" in query else {}
    for path in ("/app/login/", "/app/register/", "/app/logout/"):
        told(browser.get(path, **own, **query), "is not known")


def test_path_and_query_must_not_contradict_each_other(browser: Browser) -> None:
    other = add_client(browser.client.world)
    told(browser.get(f"/app/login/{browser.client.id}", client_id=other.id), "is not known")
    assert browser.get(f"/app/login/{browser.client.id}", client_id=browser.client.id.upper()).status_code == 302


@pytest.mark.parametrize("missing", ["authorization_code", "refresh_token"])
def test_both_grants_must_be_enabled(browser: Browser, missing: str) -> None:
    browser.set_up(enabledGrants=[grant for grant in GRANTS if grant != missing])
    told(browser.get(f"/app/login/{browser.client.id}"), "not set up for signing in this way")


@pytest.mark.parametrize(
    "uri",
    [
        f"{PAGE}/",
        f"{PAGE}?x=1",
        "https://app.example/",
        "https://APP.example/home",
        "https://evil.example/home",
        "//app.example/home",
        "javascript:alert(1)",
        "/home",
    ],
)
def test_the_browser_returns_to_registered_addresses_only(browser: Browser, uri: str) -> None:
    told(browser.get(f"/app/login/{browser.client.id}", redirect_uri=uri), "not registered the address")


def test_an_application_without_addresses_has_nowhere_to_return_to(browser: Browser) -> None:
    browser.set_up(authorizedRedirectURLs=[])
    told(browser.get(f"/app/login/{browser.client.id}"), "not registered the address")


@pytest.mark.parametrize(
    "query",
    ["redirect_uri=a&redirect_uri=b", "state=%00", f"state={'x' * 2_001}", "&".join(f"a{n}=" for n in range(60))],
)
def test_parameters_that_come_twice_or_are_none_are_refused(browser: Browser, query: str) -> None:
    told(browser.get(f"/app/login/{browser.client.id}?{query}"), "incomplete or too long")


def test_what_no_cookie_holds_is_refused(browser: Browser) -> None:
    long = f"https://app.example/{'x' * 1_800}"
    browser.set_up(authorizedRedirectURLs=[long])
    told(browser.get(f"/app/login/{browser.client.id}", redirect_uri=long, state="y" * 1_900), "incomplete or too long")


def test_a_login_of_another_browser_is_not_taken(browser: Browser) -> None:
    """Login CSRF: somebody is made to follow the callback of somebody else's login."""
    location = browser.client.answer(**browser.begin()).headers["Location"]
    victim = Browser(browser.client)
    told(victim.get("/app/callback", **query_of(location)), "begun in another browser")
    assert victim.cookies() == {}
    victim.begin()
    told(victim.get("/app/callback", **query_of(location)), "begun in another browser")
    assert victim.cookies() == {}


def test_a_callback_works_once(browser: Browser) -> None:
    location = browser.client.answer(**browser.begin()).headers["Location"]
    assert browser.get("/app/callback", **query_of(location)).status_code == 302
    told(browser.get("/app/callback", **query_of(location)), "was used before")


def test_a_failed_callback_uses_the_sign_in_up(browser: Browser) -> None:
    asked = browser.begin()
    told(browser.come_back(asked, code="made up"), "You were not signed in")
    told(browser.come_back(asked), "was used before")


@pytest.mark.parametrize(
    "changed", [{"state": ""}, {"state": "another"}, {"client_id": "00000000-0000-4000-8000-00000000dead"}]
)
def test_a_tampered_callback_is_refused(browser: Browser, changed: dict[str, str]) -> None:
    answer = browser.come_back(browser.begin(), **changed)
    assert answer.status_code == 200
    assert browser.cookies() == {}


def test_the_code_of_another_sign_in_is_refused(browser: Browser) -> None:
    """Code injection: the code was asked for with another challenge."""
    stolen = query_of(Browser(browser.client).client.answer(**Browser(browser.client).begin()).headers["Location"])
    told(browser.come_back(browser.begin(), code=stolen["code"]), "You were not signed in")


def test_a_login_without_its_nonce_is_refused(browser: Browser) -> None:
    asked = browser.begin()
    told(browser.come_back({**asked, "nonce": "another"}), "You were not signed in")


def test_a_refused_login_is_said_on_a_page_and_quotes_nothing(browser: Browser) -> None:
    asked = browser.begin()
    answer = browser.get("/app/callback", state=asked["state"], error="access_denied", error_description="Call Mallory")
    told(answer, "You were not signed in")
    assert "Call Mallory" not in answer.text


def test_an_address_that_was_taken_back_meanwhile_is_not_gone_to(browser: Browser) -> None:
    asked = browser.begin(redirect_uri=OTHER)
    browser.set_up(authorizedRedirectURLs=[PAGE])
    told(browser.come_back(asked), "not registered the address")
    assert browser.cookies() == {}


def test_a_sign_in_that_took_too_long_is_over(browser: Browser) -> None:
    asked = browser.begin()
    browser.client.world.clock.advance(minutes=61)
    told(browser.come_back(asked), "too old")


def test_two_pages_of_one_browser_do_not_disturb_each_other(browser: Browser) -> None:
    first, second = browser.begin(state="first"), browser.begin(state="second")
    assert "state=first" in browser.come_back(first).headers["Location"]
    assert "state=second" in browser.come_back(second).headers["Location"]


def test_a_browser_that_begins_often_keeps_the_newest_sign_ins_only(browser: Browser) -> None:
    asked = []
    for _ in range(5):
        asked.append(browser.begin())
        browser.client.world.clock.advance(seconds=1)
    assert len(browser.begun()) == 3
    told(browser.come_back(asked[0]), "begun in another browser")
    assert browser.come_back(asked[4]).status_code == 302


def test_a_refresh_brings_new_cookies(browser: Browser) -> None:
    before = browser.sign_in()
    browser.client.world.clock.advance(minutes=30)
    answer = browser.refresh()
    assert (answer.status_code, answer.content) == (200, b"")
    after = browser.cookies()
    assert set(after) == COOKIES
    assert int(after["app.at_exp"]) - int(before["app.at_exp"]) == pytest.approx(1_800, abs=2)
    assert after["app.at"] != before["app.at"]
    assert browser.get("/app/me").json()["sub"] == browser.client.user_id


def test_a_refresh_by_path_works_too(browser: Browser) -> None:
    browser.sign_in()
    assert browser.http.post(f"{browser.url}/app/refresh/{browser.client.id}").status_code == 200


def test_a_one_time_refresh_token_is_replaced(browser: Browser) -> None:
    browser.client.change(jwtConfiguration={"enabled": True, "refreshTokenUsagePolicy": "OneTimeUse"})
    before = browser.sign_in()
    assert browser.refresh().status_code == 200
    assert browser.cookies()["app.rt"] != before["app.rt"]
    assert browser.refresh().status_code == 200


def test_a_refresh_that_fails_is_400_and_takes_no_cookie_away(browser: Browser) -> None:
    """Another page of the browser may just have got new ones."""
    assert browser.refresh().status_code == 400
    browser.sign_in()
    other = add_client(browser.client.world)
    for query in ({"client_id": other.id}, {"client_id": "none"}, {"client_id": ""}):
        answer = browser.refresh(**query)
        assert answer.status_code == 400
        assert answer.json()["error"] in {"invalid_grant", "invalid_request"}
    browser.client.world.service.call("DELETE", f"/api/jwt/refresh?userId={browser.client.user_id}")
    assert browser.refresh().status_code == 400
    assert set(browser.cookies()) == COOKIES


def test_a_refresh_token_of_the_clients_own_is_no_good_without_its_secret(browser: Browser) -> None:
    """The backend shows no secret for whoever brings a token: it refreshes what it was given itself."""
    browser.client.configure(authorizedRedirectURLs=[REDIRECT_URI])
    token = browser.client.tokens()["refresh_token"]
    browser.http.cookies.set("app.rt", token)
    assert refused(browser.refresh())[1] == "refresh_token_not_found"
    assert "app.at" not in browser.cookies()
    assert browser.client.refresh(token).status_code == 200


def test_nothing_of_who_was_signed_in_before_is_left(browser: Browser) -> None:
    before = browser.sign_in()
    browser.client = add_client(browser.client.world, authorizedRedirectURLs=[PAGE])
    assert before.keys() - browser.sign_in(scope="email") == {"app.idt", "app.rt"}


def test_me_is_what_userinfo_says(browser: Browser) -> None:
    cookies = browser.sign_in(scope="openid offline_access email")
    for path in ("/app/me", "/app/me/"):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert answer.json() == browser.client.userinfo(cookies["app.at"]).json()
        assert answer.json()["email"] == browser.client.email


def test_without_a_token_that_holds_me_is_401(browser: Browser) -> None:
    assert browser.get("/app/me").status_code == 401
    browser.sign_in()
    browser.client.world.clock.advance(minutes=61)
    answer = browser.get("/app/me")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    browser.http.cookies.clear()
    browser.http.cookies.set("app.at", "nonsense")
    assert browser.get("/app/me").status_code == 401


@pytest.mark.parametrize("name", ["redirect_uri", "post_logout_redirect_uri"])
def test_a_logout_forgets_the_cookies_and_goes_on_to_the_hosted_one(browser: Browser, name: str) -> None:
    browser.sign_in()
    answer = browser.get(f"/app/logout/?{urlencode({'client_id': browser.client.id, name: PAGE, 'state': 'x'})}")
    assert answer.status_code == 302
    location = urlsplit(answer.headers["Location"])
    assert location[:3] == ("", "", "/oauth2/logout")
    assert query_of(answer.headers["Location"]) == {
        "client_id": browser.client.id,
        "post_logout_redirect_uri": PAGE,
        "state": "x",
    }
    assert browser.cookies() == {}


def test_a_logout_of_nobody_known_forgets_the_cookies_all_the_same(browser: Browser) -> None:
    browser.sign_in()
    told(browser.get("/app/logout"), "is not known")
    assert browser.cookies() == {}


def test_scripts_of_other_origins_call_as_the_system_configuration_says(browser: Browser) -> None:
    browser.sign_in()
    service = browser.client.world.service
    page = {"Origin": "http://127.0.0.1:7777"}

    def cors(**changes: Any) -> None:
        body = {"systemConfiguration": {"corsConfiguration": changes}}
        assert service.call("PUT", "/api/system-configuration", body).status_code == 200

    browser.http.headers.update(page)
    try:
        assert browser.get("/app/me/").status_code == 403
        assert browser.refresh().status_code == 403
        cors(
            enabled=True,
            allowCredentials=True,
            allowedMethods=["GET", "POST", "OPTIONS"],
            allowedOrigins=[page["Origin"]],
        )
        for answer in (browser.get("/app/me/"), browser.refresh()):
            assert answer.status_code == 200
            assert answer.headers["Access-Control-Allow-Origin"] == page["Origin"]
            assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    finally:
        cors()


def test_what_the_browser_keeps_tells_nothing(browser: Browser) -> None:
    browser.begin(state="the application's state")
    [kept] = [str(cookie.value) for cookie in browser.http.cookies if cookie.name in browser.begun()]
    assert "state" not in kept
    assert browser.client.id not in kept
