"""The demo application against the service: sign in, refresh, sign out, and what goes wrong between the two."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from identity.emulators.demo.app import create_app
from identity.emulators.demo.options import DemoOptions
from tests.oauth_world import Client, add_client, query_of
from tests.sessions import Sessions

URL = "http://127.0.0.1:8126"
POLICY = "NotRequiredWhenUsingPKCE"


class Demo:
    """The demo in one browser; the person in front of it is the client's."""

    def __init__(self, client: Client) -> None:
        self.client = client
        options = DemoOptions(URL, client.world.service.url, client.id, client.secret)
        self.http: FlaskClient = create_app(options).test_client()

    def get(self, path: str) -> TestResponse:
        return self.http.get(path, base_url=URL)

    def post(self, path: str) -> TestResponse:
        return self.http.post(path, base_url=URL, headers={"Origin": URL})

    def asked(self) -> dict[str, str]:
        """What the demo sends the browser to the service with."""
        answer = self.get("/login")
        assert answer.status_code == 302, answer.text
        assert answer.headers["Location"].startswith(f"{self.client.world.service.url}/oauth2/authorize?")
        return query_of(answer.headers["Location"])

    def come_back(self, asked: dict[str, str]) -> TestResponse:
        location = urlsplit(self.client.answer(**asked).headers["Location"])
        return self.get(f"{location.path}?{location.query}")

    def sign_in(self) -> str:
        """The page of whoever has signed in."""
        answer = self.come_back(self.asked())
        assert (answer.status_code, answer.location) == (303, "/"), answer.text
        return self.get("/").text


@pytest.fixture
def demo(sessions: Sessions) -> Demo:
    urls = [f"{URL}/callback", f"{URL}/"]
    return Demo(add_client(sessions.world, authorizedRedirectURLs=urls, clientAuthenticationPolicy=POLICY))


def test_it_asks_for_a_code_with_everything_that_protects_it(demo: Demo) -> None:
    asked = demo.asked()
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["redirect_uri"] == f"{URL}/callback"
    assert all(len(asked[name]) >= 20 for name in ("state", "nonce", "code_challenge"))


def test_who_signed_in_is_shown_until_they_sign_out(demo: Demo) -> None:
    page = demo.sign_in()
    assert "Hello, Ada Lovelace" in page
    assert f"{demo.client.email} · user" in page
    assert page.count('role="status"') == 1
    assert 'role="status"' not in demo.get("/").text
    answer = demo.post("/logout")
    assert answer.status_code == 303
    assert query_of(answer.headers["Location"])["post_logout_redirect_uri"] == f"{URL}/"
    assert urlsplit(answer.headers["Location"]).path == "/oauth2/logout"
    assert "You have signed out." in demo.get("/").text


def test_a_refresh_shows_what_is_so_now(demo: Demo) -> None:
    demo.sign_in()
    demo.client.world.change_user(demo.client.user_id, firstName="Augusta")
    answer = demo.post("/refresh")
    assert (answer.status_code, answer.location) == (303, "/")
    page = demo.get("/").text
    assert "Hello, Augusta Lovelace" in page
    assert "The tokens are new." in page


def test_a_refresh_that_is_refused_says_so(demo: Demo) -> None:
    demo.sign_in()
    path = f"/api/jwt/refresh?userId={demo.client.user_id}"
    assert demo.client.world.service.call("DELETE", path).status_code == 200
    answer = demo.post("/refresh")
    assert answer.status_code == 400
    assert "<code>invalid_grant</code>" in answer.text


def test_a_service_whose_time_was_moved_on_is_believed(demo: Demo) -> None:
    demo.client.world.clock.advance(days=40)
    assert "Hello, Ada Lovelace" in demo.sign_in()
    demo.post("/refresh")
    assert "The tokens are new." in demo.get("/").text


def test_an_answer_works_once(demo: Demo) -> None:
    asked = demo.asked()
    assert demo.come_back(asked).status_code == 303
    answer = demo.come_back(asked)
    assert answer.status_code == 400
    assert "it was used before" in answer.text


@pytest.mark.parametrize("name", ["nonce", "code_challenge"])
def test_an_answer_to_another_question_is_refused(demo: Demo, name: str) -> None:
    asked, another = demo.asked(), demo.asked()
    answer = demo.come_back({**asked, name: another[name]})
    assert answer.status_code == 400
    assert "That did not work" in answer.text
    assert "Sign in" in demo.get("/").text


def test_what_the_service_refuses_is_shown_with_its_reason(demo: Demo) -> None:
    state = demo.asked()["state"]
    answer = demo.get(f"/callback?error=access_denied&error_description=No+%3Cb%3E&state={state}")
    assert answer.status_code == 400
    assert "<p>No &lt;b&gt;</p>" in answer.text
    assert "<code>access_denied</code>" in answer.text


def test_a_session_with_all_that_it_holds_fits_a_cookie(demo: Demo) -> None:
    for _ in range(6):
        demo.asked()
    demo.sign_in()
    cookie = demo.http.get_cookie("demo.session", domain="127.0.0.1")
    assert cookie is not None
    assert len(cookie.value) < 4_000
