"""The demo application by itself: what it refuses, what it keeps, how it is run. Whole sign-ins are in tests/flows."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient

from identity.emulators.demo.account import account_of, remembered
from identity.emulators.demo.app import ACCOUNT, create_app
from identity.emulators.demo.options import BadOptions, DemoOptions, read_options
from identity.emulators.demo.relying_party import MOST_STARTS, STARTS, forget_old_starts
from identity.ports import free_port

URL = "http://127.0.0.1:8124"
SERVICE = "http://127.0.0.1:1"
"""Nobody listens there."""
OPTIONS = DemoOptions(URL, SERVICE, "85a03867-dccf-4882-adde-1a79aeec50df", "the client's secret")
TOKEN = {"access_token": "a" * 300, "id_token": "i" * 300, "refresh_token": "the refresh token", "expires_in": 3600}
CLAIMS = {
    "sub": "0f8fad5b",
    "iat": 1_750_000_000,
    "name": "Ada <b>",
    "roles": ["admin", "member"],
    "email_verified": True,
}
USERINFO = {"email": "ada@example.com", "picture": "https://pbs.twimg.com/1.png"}


@pytest.fixture
def demo() -> FlaskClient:
    return create_app(OPTIONS).test_client()


@pytest.fixture
def environ() -> dict[str, str]:
    told = {"IDENTITY_URL": SERVICE, "DEMO_CLIENT_ID": OPTIONS.client_id, "DEMO_CLIENT_SECRET": "secret"}
    return {**os.environ, **told}


def sign_in(demo: FlaskClient, **userinfo: Any) -> None:
    with demo.session_transaction(base_url=URL) as kept:
        kept[ACCOUNT] = remembered(TOKEN, CLAIMS, {**USERINFO, **userinfo})


def test_whoever_is_not_signed_in_is_shown_the_way(demo: FlaskClient) -> None:
    page = demo.get("/", base_url=URL)
    assert page.status_code == 200
    assert '<a class="button" href="/login">Sign in</a>' in page.text
    assert "Sign out" not in page.text


def test_it_shows_who_signed_in_and_no_token(demo: FlaskClient) -> None:
    sign_in(demo)
    page = demo.get("/", base_url=URL).text
    assert "Hello, Ada &lt;b&gt;" in page
    assert "ada@example.com · admin, member" in page
    assert "1750000000 (2025-06-15 15:06:40 UTC)" in page
    assert '<th scope="row">email_verified</th><td>true</td>' in page
    assert "300 characters, SHA-256 " in page
    assert not any(str(TOKEN[name]) in page for name in ("access_token", "id_token", "refresh_token"))


@pytest.mark.parametrize("picture", ["https://pbs.twimg.com/1.png", "//127.0.0.1:1/1.png", "javascript:alert(1)", 7])
def test_a_picture_from_elsewhere_is_not_loaded(picture: object) -> None:
    assert account_of(remembered(TOKEN, CLAIMS, {"picture": picture}), (URL, SERVICE)).picture is None


def test_a_picture_of_the_service_is(demo: FlaskClient) -> None:
    sign_in(demo, picture=f"{SERVICE}/ada.png")
    page = demo.get("/", base_url=URL)
    assert f'<img src="{SERVICE}/ada.png" alt=""' in page.text
    assert f"img-src 'self' {SERVICE};" in page.headers["Content-Security-Policy"]


def test_a_person_of_whom_nothing_is_known_has_a_page_too(demo: FlaskClient) -> None:
    with demo.session_transaction(base_url=URL) as kept:
        kept[ACCOUNT] = remembered({"access_token": "a"}, {}, {})
    page = demo.get("/", base_url=URL).text
    assert "No e-mail address" in page
    assert "Refresh" not in page


def test_an_answer_that_belongs_to_no_sign_in_of_this_browser_is_an_error_page(demo: FlaskClient) -> None:
    for query in ("", "?code=x", "?code=x&state=wrong", "?error=access_denied&error_description=Call+us&state=wrong"):
        page = demo.get(f"/callback{query}", base_url=URL)
        assert page.status_code == 400
        assert "belongs to no sign-in of this browser" in page.text
        assert "Call us" not in page.text


def test_a_service_that_is_away_is_said_on_a_page(demo: FlaskClient) -> None:
    page = demo.get("/login", base_url=URL)
    assert page.status_code == 502
    assert "Is it running?" in page.text


@pytest.mark.parametrize("path", ["/refresh", "/logout"])
@pytest.mark.parametrize("origin", [None, "null", "http://127.0.0.1:9999", "http://evil.example.com"])
def test_another_sites_form_does_nothing(demo: FlaskClient, path: str, origin: str | None) -> None:
    sign_in(demo)
    headers = {} if origin is None else {"Origin": origin}
    assert demo.post(path, base_url=URL, headers=headers).status_code == 403
    assert "Hello, Ada" in demo.get("/", base_url=URL).text


def test_whoever_comes_by_another_name_is_sent_to_the_one_that_the_cookie_belongs_to(demo: FlaskClient) -> None:
    answer = demo.get("/login", base_url="http://localhost:8124")
    assert (answer.status_code, answer.location) == (302, f"{URL}/")
    assert demo.post("/logout", base_url="http://evil.example.com").status_code == 403


def test_the_session_outlives_the_process_and_no_other_key_opens_it() -> None:
    first = create_app(OPTIONS).test_client()
    sign_in(first)
    cookie = first.get_cookie("demo.session", domain="127.0.0.1")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site) == (True, "Lax")
    assert "refresh" not in cookie.value

    def shown_by(options: DemoOptions, value: str) -> str:
        later = create_app(options).test_client()
        later.set_cookie("demo.session", value, domain="127.0.0.1")
        return later.get("/", base_url=URL).text

    assert "Hello, Ada" in shown_by(OPTIONS, cookie.value)
    assert "Sign in" in shown_by(DemoOptions(URL, SERVICE, OPTIONS.client_id, "another"), cookie.value)
    for spoiled in (cookie.value[:-2], cookie.value[1:], "nonsense", "\xe9"):
        assert "Sign in" in shown_by(OPTIONS, spoiled)


def test_a_browser_that_begins_often_keeps_the_newest_starts_only() -> None:
    begun: dict[str, Any] = {f"{STARTS}{number}": {"exp": number} for number in range(10)}
    kept = {**begun, ACCOUNT: {}}
    forget_old_starts(kept)
    assert sorted(kept) == [*(f"{STARTS}{number}" for number in range(10 - MOST_STARTS + 1, 10)), ACCOUNT]
    two = {name: begun[name] for name in (f"{STARTS}0", f"{STARTS}1")}
    forget_old_starts(two)
    assert len(two) == 2


def test_its_pages_run_and_load_nothing(demo: FlaskClient) -> None:
    for path in ("/", "/callback", "/login", "/favicon.ico", "/no-such-page"):
        headers = demo.get(path, base_url=URL).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
        assert "script-src" not in headers["Content-Security-Policy"]
        assert (headers["X-Frame-Options"], headers["Cache-Control"]) == ("DENY", "no-store")


def test_what_it_needs_is_named_when_it_is_missing() -> None:
    with pytest.raises(BadOptions, match="needs DEMO_CLIENT_ID, DEMO_CLIENT_SECRET in its environment"):
        read_options(URL, {"IDENTITY_URL": SERVICE})
    given = {"IDENTITY_URL": f"{SERVICE}/", "DEMO_CLIENT_ID": "a", "DEMO_CLIENT_SECRET": "b"}
    assert read_options(URL, given) == DemoOptions(URL, SERVICE, "a", "b")
    assert "b" not in repr(read_options(URL, given)).partition("client_id='a'")[2]


@pytest.mark.parametrize("command", [["identity", "emulator", "demo"], ["identity.emulators.demo"]])
def test_the_command_serves_it_and_ends_when_told_to(command: list[str], environ: dict[str, str]) -> None:
    port = free_port("127.0.0.1")
    whole = [sys.executable, "-m", *command, "--port", str(port)]
    with subprocess.Popen(whole, stdout=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"demo application: http://127.0.0.1:{port}\n"
        with requests.get(f"http://127.0.0.1:{port}/", timeout=5) as page:
            assert "Sign in" in page.text
        process.terminate()
        assert process.wait(10) == 0


def test_the_command_says_what_is_missing_in_one_line() -> None:
    command = [sys.executable, "-m", "identity", "emulator", "demo"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("identity: The demo application needs IDENTITY_URL, DEMO_CLIENT_ID")
