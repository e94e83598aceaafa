"""`/oauth/access_token` and `/debug_token` of the emulated Graph: what buys a token, and what becomes of it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.contract.graph_calls import CALLBACK, Time, as_app, error, exchange, get, proof, refused
from tests.fakes.graph import GraphEmulator

MISMATCH = (
    "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the "
    "OAuth dialog request"
)


def test_a_code_buys_a_token_that_lives_two_hours(graph: GraphEmulator) -> None:
    answer = exchange(graph, graph.code("alice", CALLBACK))
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert answer.headers["Cache-Control"] == "private, no-cache, no-store, must-revalidate"
    found = answer.json()
    assert re.fullmatch("EAA[A-Za-z0-9]{160}", found.pop("access_token"))
    assert found == {"token_type": "bearer", "expires_in": 7200}


def test_a_form_and_a_spelled_grant_do_as_well(graph: GraphEmulator) -> None:
    code = graph.code("alice", CALLBACK)
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code": code}
    assert as_app(graph, **form).status_code == 200


def test_a_code_works_once(graph: GraphEmulator) -> None:
    code = graph.code("alice", CALLBACK)
    assert exchange(graph, code).status_code == 200
    again = exchange(graph, code)
    assert again.status_code == 400
    assert again.headers["WWW-Authenticate"] == (
        'OAuth "Facebook Platform" "invalid_code" "This authorization code has been used."'
    )
    assert error(again) == {
        "message": "This authorization code has been used.",
        "type": "OAuthException",
        "code": 100,
        "error_subcode": 36009,
    }


def test_of_two_at_once_one_gets_the_code(graph: GraphEmulator) -> None:
    code = graph.code("alice", CALLBACK)
    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(lambda _: exchange(graph, code).status_code, range(8)))
    assert statuses == [200] + [400] * 7


def test_codes_and_tokens_are_bounded_and_the_oldest_give_way(
    graph: GraphEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("identity.emulators.graph.tokens.MOST_CODES", 1)
    monkeypatch.setattr("identity.emulators.graph.tokens.MOST_TOKENS", 1)
    codes = [graph.code("alice", CALLBACK), graph.code("bob", CALLBACK)]
    tokens = [graph.access_token("alice"), graph.access_token("bob")]
    assert [get(graph, "/me", token).status_code for token in tokens] == [400, 200]
    assert [exchange(graph, code).status_code for code in codes] == [400, 200]


def test_a_code_lives_ten_minutes() -> None:
    time = Time()
    with GraphEmulator(time) as graph:
        early, late = graph.code("alice", CALLBACK), graph.code("alice", CALLBACK)
        time.now += 600
        assert exchange(graph, early).status_code == 200
        time.now += 1
        assert error(exchange(graph, late))["message"] == "This authorization code has expired."


@pytest.mark.parametrize(
    ("members", "code", "message"),
    [
        ({"client_id": None}, 101, "Missing client_id parameter."),
        (
            {"client_id": "1"},
            101,
            "Error validating application. Cannot get application info due to a system error.",
        ),
        ({"client_secret": None}, 1, "Missing client_secret parameter."),
        ({"client_secret": "wrong"}, 1, "Error validating client secret."),
        ({"client_secret": "ünlike"}, 1, "Error validating client secret."),
        ({"redirect_uri": None}, 191, "Missing redirect_uri parameter."),
        ({"redirect_uri": f"{CALLBACK}/"}, 100, MISMATCH),
        ({"code": None}, 1, "Missing authorization code"),
        ({"code": "wrong"}, 100, "Invalid verification code format."),
        ({"grant_type": "password"}, 100, "(#100) Unsupported grant_type password"),
    ],
)
def test_what_is_wrong_is_said_and_leaves_the_code_unused(
    graph: GraphEmulator, members: dict[str, Any], code: int, message: str
) -> None:
    bought = graph.code("alice", CALLBACK)
    answer = exchange(graph, bought, **members)
    found = error(answer)
    assert (answer.status_code, found["code"], found["message"]) == (400, code, message)
    assert exchange(graph, bought).status_code == 200


def test_a_code_is_for_the_app_that_asked(graph: GraphEmulator) -> None:
    other = graph.add_app()
    code = graph.code("alice", CALLBACK, app=other.id)
    assert error(exchange(graph, code))["message"] == MISMATCH
    assert exchange(graph, code, client_id=other.id, client_secret=other.secret).status_code == 200


def test_a_short_lived_token_buys_one_for_sixty_days(graph: GraphEmulator) -> None:
    short = graph.access_token("alice")
    found = as_app(graph, grant_type="fb_exchange_token", fb_exchange_token=short).json()
    assert (found["token_type"], found["expires_in"]) == ("bearer", 60 * 86_400)
    assert found["access_token"] != short
    assert get(graph, "/me", found["access_token"]).json() == get(graph, "/me", short).json()


def test_a_token_of_another_app_or_an_ended_one_buys_none(graph: GraphEmulator) -> None:
    def buy(token: str) -> requests.Response:
        return as_app(graph, grant_type="fb_exchange_token", fb_exchange_token=token)

    foreign = graph.access_token("alice", app=graph.add_app().id)
    assert refused(buy(foreign)) == (400, 190, None)
    assert refused(buy(graph.access_token("alice", expires_in=-1))) == (400, 190, 463)
    assert refused(buy("EAAnonsense")) == (400, 190, None)
    assert refused(buy("")) == (400, 1, None)


def test_the_apps_own_credentials_buy_an_app_token_which_is_nobody(graph: GraphEmulator) -> None:
    found = as_app(graph, grant_type="client_credentials").json()
    token = found.pop("access_token")
    assert found == {"token_type": "bearer"}
    assert token.startswith(f"{graph.app_id}|")
    assert graph.app_secret not in token
    answer = get(graph, "/me", token)
    assert (answer.status_code, error(answer)["code"]) == (400, 2500)


def described(graph: GraphEmulator, token: str, by: str | None = None, **more: str) -> requests.Response:
    return get(graph, "/debug_token", by or f"{graph.app_id}|{graph.app_secret}", input_token=token, **more)


def test_a_token_is_described_to_its_app(graph: GraphEmulator) -> None:
    token = graph.access_token("alice", scopes=["public_profile"], long_lived=True)
    by = as_app(graph, grant_type="client_credentials").json()["access_token"]
    found = described(graph, token, by).json()["data"]
    times = {name: found.pop(name) for name in ("data_access_expires_at", "expires_at", "issued_at")}
    assert times["expires_at"] - times["issued_at"] == 60 * 86_400
    assert found == {
        "app_id": graph.app_id,
        "type": "USER",
        "application": "Test app",
        "is_valid": True,
        "scopes": ["public_profile"],
        "user_id": graph.id_of("alice"),
    }


def test_a_token_that_is_not_good_is_described_as_such(graph: GraphEmulator) -> None:
    found = described(graph, graph.access_token("alice", expires_in=-1)).json()["data"]
    assert found["is_valid"] is False
    assert (found["error"]["code"], found["error"]["subcode"]) == (190, 463)
    unknown = described(graph, "EAAnonsense").json()["data"]
    assert (unknown["is_valid"], unknown["scopes"], unknown["error"]["code"]) == (False, [], 190)


def test_a_token_is_not_described_to_another_app_or_to_nobody(graph: GraphEmulator) -> None:
    token = graph.access_token("alice")
    other = graph.add_app()
    assert refused(described(graph, token, f"{other.id}|{other.secret}")) == (400, 100, None)
    assert refused(described(graph, token, f"{graph.app_id}|wrong")) == (400, 190, None)
    assert refused(get(graph, "/debug_token", input_token=token)) == (400, 2500, None)
    assert refused(get(graph, "/debug_token", token)) == (400, 100, None)
    assert described(graph, token, token).json()["data"]["is_valid"] is True
    assert refused(described(graph, token, token, appsecret_proof="0" * 64)) == (400, 100, None)
    assert described(graph, token, token, appsecret_proof=proof(graph, token)).status_code == 200
