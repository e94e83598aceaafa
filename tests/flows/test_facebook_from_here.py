"""Logins through Facebook that begin here: on the hosted page, or by a client (login contract 4.2 and 4.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from identity.app import create_app
from tests.facebook_world import BACK, FACEBOOK, FacebookWorld, query_of, say
from tests.hosted import STATE, Tab, allow_client
from tests.login_world import TWITTER, refused, wrong_fields

START = "/api/identity-provider/start"
CALLBACK = "/oauth2/callback"
REDIRECT = "https://app.example.com/back?tab=1"
BUTTON = "facebook-login-button"


@pytest.fixture
def tab(facebook: FacebookWorld) -> Iterator[Tab]:
    allow_client(facebook)
    with Tab(facebook) as opened:
        opened.ask()
        yield opened


def at_facebook(tab: Tab, person: str = "alice", **answer: str) -> str:
    """Press the button and answer the dialog; the address that Facebook sends the browser back to."""
    tab.press(BUTTON)
    assert tab.left is not None
    return say(tab.left, **(answer or {"person": person}))


# The hosted page


def test_the_button_appears_with_its_sign_and_leads_to_the_dialog(facebook: FacebookWorld, tab: Tab) -> None:
    button = tab.page.button(BUTTON)
    assert button.text == "Login with Facebook"
    assert "<svg" in tab.page.html.partition(f'id="{BUTTON}"')[2].partition("</button>")[0]
    assert facebook.graph.url in tab.page.headers["Content-Security-Policy"]
    tab.press(BUTTON)
    assert tab.left is not None
    assert tab.left.startswith(f"{facebook.graph.url}/v26.0/dialog/oauth?")
    asked = query_of(tab.left)
    assert len(asked.pop("state")) == 43
    assert asked == {
        "client_id": facebook.graph.app_id,
        "redirect_uri": facebook.service.services.settings.base_url + CALLBACK,
        "scope": "email",
        "response_type": "code",
    }
    assert facebook.graph.calls() == []


def test_a_person_of_facebook_comes_back_to_the_application_with_a_code(facebook: FacebookWorld, tab: Tab) -> None:
    tab.go(at_facebook(tab))
    brought = tab.brought()
    assert (brought["state"], bool(brought["code"])) == (STATE, True)
    query = "SELECT u.email, r.authentication_type FROM login_records r JOIN users u ON u.id = r.user_id"
    assert facebook.rows(query) == [("alice@example.com", "FACEBOOK")]


def test_an_application_has_a_button_text_and_permissions_of_its_own(facebook: FacebookWorld) -> None:
    allow_client(facebook)
    own = {"buttonText": "<b>Mit Facebook</b>", "permissions": "public_profile"}
    facebook.configure(**facebook.override(createRegistration=True, **own))
    with Tab(facebook) as tab:
        tab.ask()
        assert tab.page.button(BUTTON).text == "<b>Mit Facebook</b>"
        tab.press(BUTTON)
        assert tab.left is not None
        assert query_of(tab.left)["scope"] == "public_profile"


def test_a_client_may_name_facebook_and_skip_the_page(facebook: FacebookWorld) -> None:
    allow_client(facebook)
    with Tab(facebook) as tab:
        tab.ask_at("/oauth2/authorize", idp_hint=FACEBOOK)
        assert tab.left is not None
        tab.go(say(tab.left, person="alice"))
        assert tab.brought()["code"]


def test_who_says_no_is_told_so_and_may_choose_again(facebook: FacebookWorld, tab: Tab) -> None:
    tab.go(at_facebook(tab, deny=""))
    assert "You said no at Facebook" in tab.page.notice
    assert facebook.nothing_written()
    tab.go(at_facebook(tab))
    assert tab.brought()["code"]


def test_another_browsers_return_is_refused_and_the_rightful_one_still_works(facebook: FacebookWorld, tab: Tab) -> None:
    back = at_facebook(tab)
    with Tab(facebook) as other:
        other.ask()
        other.go(back)
        assert other.page.status == 403
        assert other.page.headline == "This sign-in began in another browser"
    assert facebook.nothing_written()
    tab.go(back)
    assert tab.brought()["code"]


def test_a_return_is_used_once(facebook: FacebookWorld, tab: Tab) -> None:
    back = at_facebook(tab)
    tab.go(back)
    tab.go(back)
    assert tab.left is None or "code" not in query_of(tab.left)
    assert facebook.count("login_records") == 1


@pytest.mark.parametrize("change", [{"state": "x" * 43}, {"code": ""}, {"state": ""}])
def test_a_return_that_was_changed_is_nobodys(facebook: FacebookWorld, tab: Tab, change: dict[str, str]) -> None:
    brought = query_of(at_facebook(tab)) | change
    answer = tab.send("GET", CALLBACK, params=brought)
    assert answer.status_code == 400
    assert facebook.nothing_written()


def test_what_one_provider_sends_does_not_end_a_login_at_the_other(facebook: FacebookWorld, tab: Tab) -> None:
    state = query_of(at_facebook(tab))["state"]
    with Tab(facebook) as other:
        other.ask()
        other.press("twitter-login-button")
        token = query_of(other.consent("alice"))["oauth_token"]
        for crossed in (
            {"oauth_token": state, "oauth_verifier": "x"},
            {"state": token, "code": "x"},
            {"denied": state},
            {"state": token, "error": "access_denied"},
        ):
            assert tab.send("GET", CALLBACK, params=crossed).status_code == 400
            assert other.send("GET", CALLBACK, params=crossed).status_code == 400
    assert facebook.nothing_written()


@pytest.mark.parametrize("kind", ["invalid_token", "transient", "missing_id", "html"])
def test_a_login_that_facebook_refuses_leads_back_to_the_page(facebook: FacebookWorld, tab: Tab, kind: str) -> None:
    back = at_facebook(tab)
    facebook.graph.fault(kind, endpoint="me")
    tab.go(back)
    assert tab.page.alert
    assert tab.page.button(BUTTON)
    assert facebook.nothing_written()


# A client's start


def start(world: FacebookWorld, **members: Any) -> tuple[str, str]:
    """The code, and the address at Facebook."""
    body = {"applicationId": world.application_id, "identityProviderId": FACEBOOK} | members
    answer = world.service.call("POST", START, body, key="")
    assert answer.status_code == 200, answer.text
    return answer.json()["code"], answer.json()["authorizationURL"]


def arrive(world: FacebookWorld, back: str, address: str = "127.0.0.1", method: str = "GET") -> TestResponse:
    client = create_app(world.service.services).test_client()
    place = {"REMOTE_ADDR": address}
    brought = query_of(back)
    if method == "POST":
        return client.post(CALLBACK, data=brought, environ_overrides=place)
    return client.get(CALLBACK, query_string=brought, environ_overrides=place)


def complete(world: FacebookWorld, code: str, **data: str) -> Any:
    return world.login("alice", data={"code": code, **data})


def test_the_login_waits_for_the_browser_and_then_goes_through_once(facebook: FacebookWorld) -> None:
    code, url = start(facebook)
    assert (complete(facebook, code).status_code, len(code)) == (204, 43)
    back = say(url, person="alice")
    assert complete(facebook, code).status_code == 204
    assert "You may close this window." in arrive(facebook, back).text
    done = complete(facebook, code)
    assert done.status_code == 200, done.text
    assert done.json()["user"]["email"] == "alice@example.com"
    assert wrong_fields(complete(facebook, code)) == {"data.redirect_uri": "[blank]data.redirect_uri"}


def test_whoever_says_no_is_not_logged_in(facebook: FacebookWorld) -> None:
    code, url = start(facebook)
    assert "You said no." in arrive(facebook, say(url, deny="")).text
    assert refused(complete(facebook, code)) == "[ExternalAuthenticationExpired]"
    assert facebook.nothing_written()


def test_a_browser_from_elsewhere_is_asked_before_its_answer_counts(facebook: FacebookWorld) -> None:
    code, url = start(facebook)
    back = say(url, person="alice")
    question = arrive(facebook, back, "198.51.100.7")
    assert "Was it you?" in question.text
    assert query_of(back)["state"] in question.text
    assert complete(facebook, code).status_code == 204
    arrive(facebook, back, "198.51.100.7", "POST")
    assert complete(facebook, code).status_code == 200


def test_the_clients_page_is_told_no_code_of_facebook(facebook: FacebookWorld) -> None:
    """It could take it for the code of the start, and has no use for it."""
    change = {"application": {"oauthConfiguration": {"authorizedRedirectURLs": [REDIRECT]}}}
    path = f"/api/application/{facebook.application_id}"
    assert facebook.service.call("PATCH", path, change).status_code == 200
    code, url = start(facebook, data={"redirect_uri": REDIRECT})
    sent = arrive(facebook, say(url, person="alice"))
    assert (sent.status_code, sent.headers["Location"]) == (303, REDIRECT)
    assert complete(facebook, code).status_code == 200
    _, url = start(facebook, data={"redirect_uri": REDIRECT})
    told = arrive(facebook, say(url, deny="")).headers["Location"]
    assert query_of(told) == {"tab": "1", "denied": query_of(url)["state"]}


def test_a_started_login_is_not_ended_by_a_code_from_elsewhere(facebook: FacebookWorld) -> None:
    """With an address, a code is Facebook's, whatever else it is."""
    code, _ = start(facebook)
    assert refused(complete(facebook, code, redirect_uri=BACK)) == "[FacebookAccessToken]"
    assert complete(facebook, code).status_code == 204


def test_the_code_of_a_start_at_one_provider_is_none_at_the_other(facebook: FacebookWorld) -> None:
    code, _ = start(facebook)
    of_x, _ = start(facebook, identityProviderId=TWITTER)
    answer = facebook.login("alice", data={"code": code}, identityProviderId=TWITTER)
    assert refused(answer) == "[ExternalAuthenticationExpired]"
    assert refused(complete(facebook, of_x)) == "[ExternalAuthenticationExpired]"
    assert complete(facebook, code).status_code == 204


def test_a_started_login_ends_with_its_time(facebook: FacebookWorld) -> None:
    code, url = start(facebook)
    back = say(url, person="alice")
    facebook.clock.advance(seconds=301)
    assert arrive(facebook, back).status_code == 400
    assert wrong_fields(complete(facebook, code)) == {"data.redirect_uri": "[blank]data.redirect_uri"}


def test_nothing_secret_is_in_the_address_of_the_dialog(facebook: FacebookWorld) -> None:
    code, url = start(facebook)
    assert facebook.graph.app_secret not in url
    assert code not in url
    assert urlsplit(url).fragment == ""
