"""The whole three-legged dance against the emulator: requests-oauthlib as the application, a form as the person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from requests_oauthlib import OAuth1Session

from tests.contract.x_calls import VERIFY, ask_request_token, code, exchange, form, signed
from tests.fakes.x import XEmulator

CALLBACK = "https://app.example.com/oauth2/callback?keep=1"


@pytest.fixture
def x() -> Iterator[XEmulator]:
    with XEmulator() as emulator:
        yield emulator


def post_form(x: XEmulator, token: str, page: str = "authenticate", **fields: str) -> requests.Response:
    """Press a button of the consent page."""
    answer = {"oauth_token": token, **fields}
    return requests.post(f"{x.url}/oauth/{page}", data=answer, allow_redirects=False, timeout=10)


def query_of(answer: requests.Response) -> dict[str, list[str]]:
    return parse_qs(urlsplit(answer.headers["Location"]).query)


@pytest.mark.parametrize("page", ["authenticate", "authorize"])
def test_the_whole_dance_by_requests_oauthlib(x: XEmulator, page: str) -> None:
    with OAuth1Session(x.consumer_key, x.consumer_secret, callback_uri=CALLBACK) as application:
        issued = application.fetch_request_token(f"{x.url}/oauth/request_token")
        assert issued["oauth_callback_confirmed"] == "true"
        shown = requests.get(application.authorization_url(f"{x.url}/oauth/{page}"), timeout=10)
        assert shown.status_code == 200
        buttons = dict(re.findall(r'<button name="person" value="([^"]+)">([^<]+)', shown.text))
        assert buttons["alice"].strip() == "Alice Adams"

        back = post_form(x, issued["oauth_token"], page, person="alice")
        assert back.status_code == 302
        assert back.headers["Location"].startswith(CALLBACK + "&")
        application.parse_authorization_response(back.headers["Location"])
        access = application.fetch_access_token(f"{x.url}/oauth/access_token")
        assert (access["user_id"], access["screen_name"]) == ("2244994945", "alice")
        user = application.get(x.url + VERIFY, params={"include_email": "true"}).json()
    assert (user["id_str"], user["email"]) == ("2244994945", "alice@example.com")
    assert [call["status"] for call in x.calls()] == [200, 200, 302, 200]


def test_a_refusing_person_comes_back_with_denied(x: XEmulator) -> None:
    issued = form(ask_request_token(x, CALLBACK))
    back = post_form(x, issued["oauth_token"], deny="1")
    assert back.status_code == 302
    assert query_of(back) == {"keep": ["1"], "denied": [issued["oauth_token"]]}
    after = exchange(x, issued["oauth_token"], issued["oauth_token_secret"], "any")
    assert (after.status_code, after.text) == (401, "Invalid request token.")


def test_denny_is_denied_even_when_chosen(x: XEmulator) -> None:
    issued = form(ask_request_token(x, CALLBACK))
    assert query_of(post_form(x, issued["oauth_token"], person="denny"))["denied"] == [issued["oauth_token"]]


def test_out_of_band_shows_a_pin_that_is_the_verifier(x: XEmulator) -> None:
    issued = form(ask_request_token(x, "oob"))
    shown = post_form(x, issued["oauth_token"], person="bob")
    pin = re.search(r'<code id="pin">(\d{7})</code>', shown.text)
    assert pin is not None
    answer = exchange(x, issued["oauth_token"], issued["oauth_token_secret"], pin[1])
    assert form(answer)["screen_name"] == "bob"


def test_refusing_out_of_band_stays_on_the_page(x: XEmulator) -> None:
    issued = form(ask_request_token(x, "oob"))
    shown = post_form(x, issued["oauth_token"], deny="1")
    assert shown.status_code == 200
    assert "not given access" in shown.text


def test_the_page_of_a_used_or_unknown_token_says_so(x: XEmulator) -> None:
    issued = form(ask_request_token(x))
    assert post_form(x, issued["oauth_token"], person="alice").status_code == 302
    again = post_form(x, issued["oauth_token"], person="bob")
    unknown = requests.get(f"{x.url}/oauth/authenticate?oauth_token=nonsense", timeout=10)
    for answer in (again, unknown):
        assert answer.status_code == 401
        assert "no longer valid" in answer.text


def test_choosing_nobody_keeps_the_request_alive(x: XEmulator) -> None:
    issued = form(ask_request_token(x))
    assert post_form(x, issued["oauth_token"], person="nobody").status_code == 400
    assert post_form(x, issued["oauth_token"], person="alice").status_code == 302


def test_the_named_account_is_offered_first(x: XEmulator) -> None:
    issued = form(ask_request_token(x))
    page = requests.get(
        f"{x.url}/oauth/authorize", params={"oauth_token": issued["oauth_token"], "screen_name": "Bob"}, timeout=10
    )
    assert re.findall(r'name="person" value="([^"]+)"', page.text)[0] == "bob"


def approve(x: XEmulator, callbacks: list[str]) -> None:
    consumer = {"key": x.consumer_key, "secret": x.consumer_secret, "callbacks": callbacks}
    x.control("PUT", "settings", {"consumers": [consumer]})


def test_a_callback_that_is_not_approved_is_refused_with_415(x: XEmulator) -> None:
    approve(x, [CALLBACK])
    assert ask_request_token(x, CALLBACK).status_code == 200
    assert ask_request_token(x, "oob").status_code == 200
    answer = ask_request_token(x, CALLBACK + "2")
    assert (answer.status_code, code(answer)) == (403, 415)


def test_a_desktop_application_may_only_ask_out_of_band(x: XEmulator) -> None:
    approve(x, [])
    answer = ask_request_token(x, CALLBACK)
    assert (answer.status_code, code(answer)) == (403, 417)
    assert ask_request_token(x, "oob").status_code == 200


@pytest.mark.parametrize(
    "callback", ["javascript://x/%0aalert(1)", "data://x", "/relative", "https://a b", "https://a\\b"]
)
def test_a_callback_that_no_browser_should_follow_is_refused(x: XEmulator, callback: str) -> None:
    answer = ask_request_token(x, callback)
    assert (answer.status_code, code(answer)) == (403, 415)


def test_a_callback_of_an_apps_own_scheme_is_followed(x: XEmulator) -> None:
    issued = form(ask_request_token(x, "myapp://signed-in"))
    assert post_form(x, issued["oauth_token"], person="alice").headers["Location"].startswith("myapp://signed-in?")


def test_a_request_token_needs_a_callback(x: XEmulator) -> None:
    answer = requests.post(f"{x.url}/oauth/request_token", auth=signed(x), timeout=10)
    assert (answer.status_code, code(answer)) == (400, 215)


def test_the_same_person_gets_the_same_access_token_until_it_is_revoked(x: XEmulator) -> None:
    first, second = (form(exchange(x, *x.request_token("alice")))["oauth_token"] for _ in range(2))
    assert first == second
    x.control("DELETE", f"tokens/{first}")
    assert form(exchange(x, *x.request_token("alice")))["oauth_token"] != first


def test_parallel_exchanges_of_one_verifier_have_one_winner(x: XEmulator) -> None:
    token, secret, verifier = x.request_token("alice")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: exchange(x, token, secret, verifier).status_code, range(8)))
    assert sorted(answers) == [200] + [401] * 7
