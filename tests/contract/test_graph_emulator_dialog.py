"""The Login dialog of the emulated Facebook: who is asked, what is sent back, and when nobody is sent anywhere."""

from __future__ import annotations

import pytest
import requests

from tests.contract.graph_calls import CALLBACK, brought, dialog, exchange, get
from tests.fakes.graph import GraphEmulator


def shown(graph: GraphEmulator, version: str = "/v26.0", **members: str) -> requests.Response:
    wish = {"client_id": graph.app_id, "redirect_uri": CALLBACK, "scope": "email"} | members
    return requests.get(f"{graph.url}{version}/dialog/oauth", params=wish, timeout=10)


@pytest.mark.parametrize("version", ["", "/v2.9", "/v26.0"])
def test_it_asks_who_logs_in_whatever_the_version(graph: GraphEmulator, version: str) -> None:
    page = shown(graph, version)
    assert page.status_code == 200
    assert "Log in to Test app" in page.text
    assert "<strong>app.example.com</strong>" in page.text
    assert 'name="person" value="alice"' in page.text
    assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;" in page.text
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_a_yes_comes_back_with_a_code_and_the_state_as_it_was(graph: GraphEmulator) -> None:
    found = brought(dialog(graph, {"person": "alice"}))
    assert found.keys() == {"code", "state"}
    assert found["state"] == "kept & whole"
    token = exchange(graph, found["code"]).json()["access_token"]
    assert get(graph, "/me", token, fields="email").json()["email"] == "alice@example.com"


def test_a_no_comes_back_as_facebook_says_it(graph: GraphEmulator) -> None:
    assert brought(dialog(graph, {"deny": "1"})) == {
        "error": "access_denied",
        "error_code": "200",
        "error_description": "Permissions error",
        "error_reason": "user_denied",
        "state": "kept & whole",
    }


def test_somebody_who_always_refuses_and_a_fault_come_back_with_a_no(graph: GraphEmulator) -> None:
    assert brought(dialog(graph, {"person": "denny"}))["error_reason"] == "user_denied"
    graph.fault("denied", times=1)
    assert brought(dialog(graph, {"person": "alice"}))["error_reason"] == "user_denied"
    assert "code" in brought(dialog(graph, {"person": "alice"}))


def test_without_a_state_none_comes_back_and_a_query_of_the_app_is_kept(graph: GraphEmulator) -> None:
    wish = {"client_id": graph.app_id, "redirect_uri": f"{CALLBACK}?from=facebook"}
    answer = requests.post(
        f"{graph.url}/dialog/oauth", params=wish, data={"person": "alice"}, allow_redirects=False, timeout=10
    )
    found = brought(answer)
    assert found.keys() == {"from", "code"}
    assert exchange(graph, found["code"], redirect_uri=wish["redirect_uri"]).status_code == 200


@pytest.mark.parametrize(("answer", "scope"), [({"without_email": "1"}, "email"), ({}, "public_profile"), ({}, "")])
def test_an_address_that_was_not_given_or_not_asked_for_is_not_told(
    graph: GraphEmulator, answer: dict[str, str], scope: str
) -> None:
    code = brought(dialog(graph, {"person": "alice", **answer}, scope=scope))["code"]
    token = exchange(graph, code).json()["access_token"]
    assert get(graph, "/me", token, fields="name,email").json() == {
        "id": graph.id_of("alice"),
        "name": "Alice Adams",
    }


def test_an_app_that_may_not_ask_for_the_address_does_not_get_it() -> None:
    with GraphEmulator(email_permission=False) as graph:
        code = brought(dialog(graph, {"person": "alice"}))["code"]
        token = exchange(graph, code).json()["access_token"]
        assert "email" not in get(graph, "/me", token, fields="email").json()


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"client_id": "1"}, "Invalid App ID"),
        ({"redirect_uri": ""}, "Invalid redirect_uri"),
        ({"redirect_uri": "/back"}, "Invalid redirect_uri"),
        ({"redirect_uri": "javascript:alert(1)"}, "Invalid redirect_uri"),
        ({"redirect_uri": "https://app.example.com/back\r\nX: y"}, "Invalid redirect_uri"),
        ({"scope": "email,user_friends"}, "Invalid Scopes: user_friends"),
        ({"response_type": "token"}, "Of the response types"),
    ],
)
def test_what_can_not_be_shown_sends_nobody_anywhere(graph: GraphEmulator, members: dict[str, str], said: str) -> None:
    for answer in (shown(graph, **members), dialog(graph, {"person": "alice"}, **members)):
        assert answer.status_code == 400
        assert said in answer.text
        assert "Location" not in answer.headers


def test_only_a_registered_address_is_gone_back_to() -> None:
    with GraphEmulator(redirect_uris=(CALLBACK,)) as graph:
        assert "code" in brought(dialog(graph, {"person": "alice"}))
        blocked = dialog(graph, {"person": "alice"}, redirect_uri=f"{CALLBACK}/other")
        assert (blocked.status_code, "URL blocked" in blocked.text) == (400, True)


def test_a_form_without_a_choice_is_said(graph: GraphEmulator) -> None:
    assert dialog(graph, {}).status_code == 400
    assert "Nobody chosen" in dialog(graph, {"person": "nobody"}).text


def test_yes_and_no_are_among_the_recent_calls(graph: GraphEmulator) -> None:
    dialog(graph, {"person": "alice"})
    dialog(graph, {"deny": "1"})
    no, yes = graph.calls()
    assert (yes["result"], yes["person"], yes["path"]) == ("answered", "alice", "/v26.0/dialog/oauth")
    assert (no["result"], no["reason"], no["person"]) == ("denied", "the person refused", None)
