"""Logins that begin here: start, the browser's way through X and back, 204 and the completion. Login contract 4.4."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
import requests

from identity.store import started_logins
from tests.back_from_x import Browser
from tests.login_world import TWITTER, World, refused, wrong_fields

START = "/api/identity-provider/start"
REDIRECT = "https://app.example.com/back?tab=1"
STATE = '{"b":  1.50, "a": [null]}'


def try_to_start(world: World, **members: Any) -> requests.Response:
    body = {"applicationId": world.application_id, "identityProviderId": TWITTER} | members
    return world.service.call("POST", START, body, key="")


def start(world: World, **members: Any) -> tuple[str, str]:
    """The code, and the address at X."""
    answer = try_to_start(world, **members)
    assert answer.status_code == 200, answer.text
    return answer.json()["code"], answer.json()["authorizationURL"]


def complete(world: World, code: str, **data: str) -> requests.Response:
    body = {"applicationId": world.application_id, "identityProviderId": TWITTER, "data": {"code": code, **data}}
    return world.post_login(body)


def allow_redirect(world: World) -> None:
    change = {"application": {"oauthConfiguration": {"authorizedRedirectURLs": [REDIRECT]}}}
    answer = world.service.call("PATCH", f"/api/application/{world.application_id}", change)
    assert answer.status_code == 200, answer.text


def test_the_login_waits_for_the_browser_and_then_goes_through_once(world: World) -> None:
    code, url = start(world)
    assert len(code) == 43
    waiting = complete(world, code)
    assert (waiting.status_code, waiting.content) == (204, b"")
    browser = Browser(world)
    browser.consent(url)
    assert complete(world, code).status_code == 204
    shown = browser.arrive()
    assert shown.status_code == 200
    assert "You may close this window." in shown.text
    done = complete(world, code)
    assert done.status_code == 200, done.text
    assert done.json()["user"]["email"] == "alice@example.com"
    assert refused(complete(world, code)) == "[ExternalAuthenticationExpired]"


def test_the_official_client_starts_and_completes(world: World) -> None:
    client = world.service.client
    wanted = {"applicationId": world.application_id, "identityProviderId": TWITTER}
    started = client.start_identity_provider_login(wanted)
    assert started.status == 200
    data = {"code": started.success_response["code"]}
    assert client.identity_provider_login(wanted | {"data": data}).status == 204
    browser = Browser(world)
    browser.consent(started.success_response["authorizationURL"])
    browser.arrive()
    assert client.identity_provider_login(wanted | {"data": data}).status == 200


def test_whatever_else_a_login_ends_with_a_started_one_ends_with_too(world: World) -> None:
    world.strategy("CreatePendingLink")
    code, url = start(world)
    browser = Browser(world)
    browser.consent(url)
    browser.arrive()
    assert complete(world, code).status_code == 232


def test_the_clients_state_comes_back_byte_for_byte(world: World) -> None:
    headers = {"Content-Type": "application/json"}
    body = f'{{"applicationId": "{world.application_id}", "identityProviderId": "{TWITTER}", "state": {STATE}}}'
    answer = requests.post(world.service.url + START, data=body, headers=headers, timeout=10).json()
    browser = Browser(world)
    browser.consent(answer["authorizationURL"])
    browser.arrive()
    assert f'"state":{STATE}' in complete(world, answer["code"]).text


def test_the_browser_ends_up_at_the_clients_page_with_what_x_said(world: World) -> None:
    allow_redirect(world)
    code, url = start(world, data={"redirect_uri": REDIRECT})
    browser = Browser(world)
    browser.consent(url)
    sent = browser.arrive()
    assert sent.status_code == 303
    assert sent.headers["Location"].startswith(f"{REDIRECT}&oauth_token=")
    query = {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["Location"]).query).items()}
    assert query == {"tab": "1", **browser.back}
    assert code not in sent.headers["Location"]
    assert complete(world, code).status_code == 200


def test_the_client_may_hand_over_token_and_verifier_itself(world: World) -> None:
    code, url = start(world)
    browser = Browser(world)
    browser.consent(url)
    done = complete(world, code, **browser.back)
    assert done.status_code == 200, done.text
    assert refused(complete(world, code, **browser.back)) == "[ExternalAuthenticationExpired]"


def test_a_token_of_another_login_is_refused_and_the_code_stays_good(world: World) -> None:
    code, url = start(world)
    _, other = start(world)
    mine, theirs = Browser(world), Browser(world)
    mine.consent(url)
    theirs.consent(other, "dana-before")
    assert refused(complete(world, code, **theirs.back)) == "[OAuthv1TokenMismatch]"
    assert complete(world, code, **mine.back).status_code == 200


def test_whoever_says_no_at_x_is_not_logged_in(world: World) -> None:
    allow_redirect(world)
    code, url = start(world)
    browser = Browser(world)
    browser.consent(url, deny="")
    assert "You said no." in browser.arrive().text
    assert refused(complete(world, code)) == "[ExternalAuthenticationExpired]"
    _, url = start(world, data={"redirect_uri": REDIRECT})
    browser.consent(url, deny="")
    assert browser.arrive().headers["Location"] == f"{REDIRECT}&denied={browser.back['denied']}"
    assert world.nothing_written()


@pytest.mark.parametrize("before_return", [True, False])
def test_after_its_time_neither_code_nor_return_works(world: World, before_return: bool) -> None:
    code, url = start(world)
    browser = Browser(world)
    browser.consent(url)
    if not before_return:
        browser.arrive()
    world.clock.advance(seconds=299)
    assert before_return is (complete(world, code).status_code == 204)
    world.clock.advance(seconds=2)
    assert refused(complete(world, code)) == "[ExternalAuthenticationExpired]"
    late = browser.arrive()
    assert (late.status_code, "This sign-in is over" in late.text) == (400, True)


def test_a_code_works_for_its_application_provider_and_tenant_only(world: World) -> None:
    _, elsewhere = world.add_tenant("elsewhere")
    code, url = start(world)
    browser = Browser(world)
    browser.consent(url)
    browser.arrive()
    body = {"applicationId": elsewhere, "identityProviderId": TWITTER, "data": {"code": code}}
    assert refused(world.post_login(body)) == "[ExternalAuthenticationExpired]"
    assert refused(complete(world, "x" * 43)) == "[ExternalAuthenticationExpired]"
    assert complete(world, code).status_code == 200


def test_of_many_that_take_up_one_login_one_gets_in(world: World) -> None:
    code, url = start(world)
    browser = Browser(world)
    browser.consent(url)
    browser.arrive()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: complete(world, code).status_code, range(16)))
    assert sorted(answers) == [200, *[401] * 15]


def test_a_login_that_is_taken_up_between_two_looks_is_over_and_not_waiting(world: World) -> None:
    code, url = start(world)
    browser = Browser(world)
    browser.consent(url)
    browser.arrive()
    services = world.service.services
    now = services.runtime.now()
    with services.db.read() as conn:
        login = started_logins.find(conn, services.sealer, code, now)
        assert login is not None
        assert started_logins.take(conn, code, login, now)
        assert started_logins.answer_of(conn, services.sealer, login, now) is None


def test_a_browser_from_elsewhere_is_asked_before_its_answer_counts(world: World) -> None:
    code, url = start(world)
    victim = Browser(world, address="192.0.2.7")
    victim.consent(url)
    asked = victim.arrive()
    assert asked.status_code == 200
    assert "Was it you?" in asked.text
    assert "Continue only" in asked.text
    assert complete(world, code).status_code == 204
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', asked.text))
    assert fields == victim.back
    assert "You are signed in" in victim.confirm().text
    assert complete(world, code).status_code == 200


@pytest.mark.parametrize("forwarded", [{"X-Forwarded-For": "192.0.2.7"}, {"Forwarded": "for=192.0.2.7"}])
@pytest.mark.parametrize("at", ["start", "return"])
def test_behind_a_proxy_that_is_not_known_everybody_is_asked(world: World, forwarded: dict[str, str], at: str) -> None:
    body = {"applicationId": world.application_id, "identityProviderId": TWITTER}
    answer = world.service.call("POST", START, body, key="", headers=forwarded if at == "start" else {})
    browser = Browser(world, headers=forwarded if at == "return" else {})
    browser.consent(answer.json()["authorizationURL"])
    assert "Was it you?" in browser.arrive().text
    assert complete(world, answer.json()["code"]).status_code == 204


def test_the_question_lets_its_form_end_at_the_clients_page_and_nowhere_else(world: World) -> None:
    allow_redirect(world)
    _, url = start(world, data={"redirect_uri": REDIRECT})
    browser = Browser(world, address="192.0.2.7")
    browser.consent(url)
    policy = browser.arrive().headers["Content-Security-Policy"]
    assert "form-action 'self' https://app.example.com;" in policy
    assert browser.confirm().headers["Location"].startswith(REDIRECT)


def test_the_first_answer_counts(world: World) -> None:
    code, url = start(world)
    browser = Browser(world)
    browser.consent(url)
    browser.arrive()
    forged = Browser(world, back={"denied": browser.back["oauth_token"]})
    forged.arrive()
    assert complete(world, code).status_code == 200


@pytest.mark.parametrize("query", [{}, {"oauth_token": "x", "oauth_verifier": "y"}, {"denied": "x"}, {"state": "z"}])
def test_a_return_that_belongs_to_no_login_is_told_so(world: World, query: dict[str, str]) -> None:
    shown = Browser(world, back=query).arrive()
    assert (shown.status_code, "This sign-in is over" in shown.text) == (400, True)


def test_every_page_has_the_headers_of_a_page(world: World) -> None:
    allow_redirect(world)
    _, url = start(world, data={"redirect_uri": REDIRECT})
    browser = Browser(world)
    browser.consent(url)
    for answer in (browser.arrive(), Browser(world).arrive()):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "form-action 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_what_is_no_start_is_refused_by_its_field(world: World) -> None:
    assert wrong_fields(try_to_start(world, applicationId=None, identityProviderId=None)) == {
        "applicationId": "[missing]applicationId",
        "identityProviderId": "[missing]identityProviderId",
    }
    assert wrong_fields(try_to_start(world, applicationId=str(uuid4()))) == {"applicationId": "[invalid]applicationId"}
    for uri in ("https://evil.example", REDIRECT, f"{REDIRECT}/"):
        answer = try_to_start(world, data={"redirect_uri": uri})
        assert wrong_fields(answer) == {"data.redirect_uri": "[invalid]data.redirect_uri"}
    assert wrong_fields(try_to_start(world, state="text")) == {"state": "[invalidJSON]"}
    assert refused(try_to_start(world, identityProviderId=str(uuid4()))) == "[InvalidIdentityProviderId]"


def test_an_unusable_provider_or_application_starts_nothing(world: World) -> None:
    world.configure(enabled=False)
    assert refused(try_to_start(world)) == "[InvalidIdentityProviderId]"
    assert world.service.call("DELETE", f"/api/application/{world.application_id}").status_code == 200
    assert refused(try_to_start(world)) == "[InvalidApplication]"
    assert world.count("external_identifiers") == 0


def test_x_must_let_the_login_begin_and_confirm_the_callback(world: World) -> None:
    world.configure(consumerSecret="wrong")
    assert refused(try_to_start(world)) == "[TwitterRequestToken]"
    [entry] = world.messages("Error")
    assert "[TwitterRequestToken]" in entry
    world.configure()
    world.x.fault("callback_unconfirmed")
    assert refused(try_to_start(world)) == "[TwitterCallbackUnconfirmed]"
    assert world.count("external_identifiers") == 0


def test_no_secret_of_a_started_login_can_be_read_in_the_database(world: World) -> None:
    code, url = start(world)
    browser = Browser(world)
    browser.consent(url)
    browser.arrive()
    stored = str(world.rows("SELECT external_identifiers::text FROM external_identifiers"))
    for secret in (code, *browser.back.values()):
        assert secret not in stored


def test_no_secret_of_a_started_login_is_in_a_trace_a_log_or_the_event_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.configure(debug=True)
    caplog.set_level("DEBUG", "identity")
    code, url = start(world)
    browser = Browser(world)
    browser.consent(url)
    browser.arrive()
    assert complete(world, code).status_code == 200
    world.service.services.traces.flush()
    written = str(world.events()) + str(world.rows("SELECT login_traces::text FROM login_traces")) + caplog.text
    assert "The login that began here goes on" in written
    for secret in (code, *browser.back.values()):
        assert secret not in written


def test_an_ordinary_login_is_none_the_wiser(world: World) -> None:
    assert world.login("alice", verifier=True).status_code == 200
    empty = world.login_body("alice") | {"data": {"code": " "}}
    assert set(wrong_fields(world.post_login(empty))) == {"data.oauth_token", "data.oauth_token_secret"}
