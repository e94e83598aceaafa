"""`/me` and the picture of the emulated Graph: fields, ids of the app's own, the proof, and bad tokens."""

from __future__ import annotations

import re

import pytest
import requests

from identity.emulators.graph.people import SEEDS
from tests.contract.graph_calls import Time, error, get, proof, refused
from tests.fakes.graph import GraphEmulator


@pytest.mark.parametrize("version", ["", "/v2.9", "/v26.0"])
def test_without_fields_it_is_id_and_name(graph: GraphEmulator, version: str) -> None:
    answer = get(graph, f"{version}/me", graph.access_token("alice"))
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert answer.json() == {"id": graph.id_of("alice"), "name": "Alice Adams"}


def test_every_field_that_is_asked_for_is_answered_as_far_as_it_is_known(graph: GraphEmulator) -> None:
    fields = "email,first_name,middle_name,last_name,short_name,name_format,locale,gender,link,age_range"
    assert get(graph, "/me", graph.access_token("mary"), fields=fields).json() == {
        "id": graph.id_of("mary"),
        "email": "mary@example.com",
        "first_name": "Mary",
        "middle_name": "Ann",
        "last_name": "Moe",
        "short_name": "Mary",
        "name_format": "{first} {last}",
        "locale": "en_US",
    }
    assert get(graph, "/me", graph.access_token("bob"), fields="email").json() == {"id": graph.id_of("bob")}


def test_more_is_escaped_on_the_wire_than_json_asks_for(graph: GraphEmulator) -> None:
    text = get(graph, "/me", graph.access_token("hanako"), fields="email,first_name,picture").text
    assert '"email":"hanako\\u0040example.com"' in text
    assert '"first_name":"\\u82b1\\u5b50"' in text
    assert '"url":"https:\\/\\/platform-lookaside.fbsbx.com\\/platform\\/profilepic\\/?asid=' in text


@pytest.mark.parametrize(
    ("field", "size"),
    [
        ("picture", (50, 50)),
        ("picture{url}", (50, 50)),
        ("picture.type(large)", (200, 200)),
        ("picture.width(300)", (300, 300)),
        ("picture.width(300).height(100){url,is_silhouette}", (300, 100)),
        ("picture.width(99999)", (720, 720)),
    ],
)
def test_the_picture_has_the_size_that_the_field_asks_for(
    graph: GraphEmulator, field: str, size: tuple[int, int]
) -> None:
    data = get(graph, "/me", graph.access_token("alice"), fields=f"name,{field}").json()["picture"]["data"]
    assert (data["width"], data["height"], data["is_silhouette"]) == (*size, False)


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ("name,bogus", 100, "(#100) Tried accessing nonexisting field (bogus) on node type (User)"),
        ("name,name", 2500, 'Syntax error "Field name specified more than once"'),
        ("name,", 2500, 'Syntax error "" at character 0: Expected a field'),
        ("picture{", 2500, 'Syntax error "picture{" at character 0: Expected a field'),
    ],
)
def test_fields_that_can_not_be_read_are_said(graph: GraphEmulator, fields: str, code: int, message: str) -> None:
    answer = get(graph, "/me", graph.access_token("alice"), fields=fields)
    assert answer.status_code == 400
    assert error(answer) == {"message": message, "type": "OAuthException", "code": code}


def test_every_app_knows_a_person_by_another_id(graph: GraphEmulator) -> None:
    other = graph.add_app()
    here = get(graph, "/me", graph.access_token("alice")).json()["id"]
    there = get(graph, "/me", graph.access_token("alice", app=other.id)).json()["id"]
    assert (here, there) == (graph.id_of("alice"), graph.id_of("alice", other.id))
    assert here != there
    ids = {person.id_for(graph.app_id) for person in SEEDS}
    assert len(ids) == len(SEEDS)
    assert all(re.fullmatch("[1-9][0-9]{16}", found) for found in ids)


def test_a_person_is_found_by_the_id_that_the_app_knows_and_no_other(graph: GraphEmulator) -> None:
    token = graph.access_token("alice")
    assert get(graph, f"/{graph.id_of('alice')}", token).json()["name"] == "Alice Adams"
    answer = get(graph, f"/{graph.id_of('bob')}", token)
    assert (answer.status_code, error(answer)["type"]) == (400, "GraphMethodException")


@pytest.mark.parametrize("scheme", ["Bearer", "OAuth"])
def test_a_token_may_come_in_the_header(graph: GraphEmulator, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {graph.access_token('alice')}"}
    assert requests.get(f"{graph.url}/me", headers=headers, timeout=10).json()["name"] == "Alice Adams"


def test_a_proof_that_is_sent_must_be_right_and_of_the_apps_own_secret(graph: GraphEmulator) -> None:
    token = graph.access_token("alice")
    assert get(graph, "/me", token, appsecret_proof=proof(graph, token)).status_code == 200
    foreign = graph.access_token("alice", app=graph.add_app().id)
    for refusal in (
        get(graph, "/me", token, appsecret_proof="0" * 64),
        get(graph, "/me", token, appsecret_proof=""),
        get(graph, "/me", token, appsecret_proof="ünlike"),
        get(graph, "/me", foreign, appsecret_proof=proof(graph, foreign)),
        get(graph, "/me/picture", token, appsecret_proof=proof(graph, foreign)),
    ):
        assert refusal.status_code == 400
        assert error(refusal) == {
            "message": "Invalid appsecret_proof provided in the API argument",
            "type": "GraphMethodException",
            "code": 100,
        }


def test_an_app_may_demand_the_proof() -> None:
    with GraphEmulator(require_proof=True) as graph:
        token = graph.access_token("alice")
        refusal = error(get(graph, "/me", token))
        assert refusal["message"] == "API calls from the server require an appsecret_proof argument"
        assert get(graph, "/me", token, appsecret_proof=proof(graph, token)).status_code == 200


@pytest.mark.parametrize("reason", ["app_removed", "password_changed", "logged_out"])
def test_an_ended_token_says_why(graph: GraphEmulator, reason: str) -> None:
    token, others = graph.access_token("alice"), graph.access_token("bob")
    subcode = {"app_removed": 458, "password_changed": 460, "logged_out": 467}[reason]
    assert graph.end_tokens(reason, person="alice") == 1
    answer = get(graph, "/me", token)
    assert refused(answer) == (400, 190, subcode)
    assert '"invalid_token"' in answer.headers["WWW-Authenticate"]
    assert get(graph, "/me", others).status_code == 200


def test_a_token_that_has_expired_says_when() -> None:
    time = Time()
    with GraphEmulator(time) as graph:
        token = graph.access_token("alice")
        time.now += 7199
        assert get(graph, "/me", token).status_code == 200
        time.now += 1
        answer = get(graph, "/me", token)
        assert refused(answer) == (400, 190, 463)
        assert answer.json()["error"]["message"] == (
            "Error validating access token: Session has expired on Wednesday, 15-Nov-23 00:13:20 UTC. "
            "The current time is Wednesday, 15-Nov-23 00:13:20 UTC."
        )


def test_without_a_token_or_with_nonsense_nobody_is_named(graph: GraphEmulator) -> None:
    assert refused(get(graph, "/me")) == (400, 2500, None)
    assert refused(get(graph, "/me", "nonsense")) == (400, 190, None)
    assert error(get(graph, "/me", "nonsense"))["message"] == "Invalid OAuth access token - Cannot parse access token"


def test_the_picture_is_a_redirect_or_json(graph: GraphEmulator) -> None:
    token = graph.access_token("alice")
    data = get(graph, "/v26.0/me/picture", token, redirect="false", type="large").json()["data"]
    assert (data["height"], data["width"], data["is_silhouette"]) == (200, 200, False)
    answer = get(graph, "/me/picture", token, type="large")
    assert (answer.status_code, answer.headers["Location"]) == (302, data["url"])
    assert get(graph, "/me/picture", graph.access_token("newt"), redirect="0").json()["data"]["is_silhouette"] is True


def test_a_person_takes_an_app_away_and_its_tokens_end(graph: GraphEmulator) -> None:
    token, elsewhere = graph.access_token("alice"), graph.access_token("alice", app=graph.add_app().id)
    granted = [{"permission": name, "status": "granted"} for name in ("public_profile", "email")]
    assert get(graph, "/me/permissions", token).json() == {"data": granted}
    answer = requests.delete(f"{graph.url}/me/permissions", params={"access_token": token}, timeout=10)
    assert answer.json() == {"success": True}
    assert refused(get(graph, "/me", token)) == (400, 190, 458)
    assert graph.app_id in get(graph, "/me", token).json()["error"]["message"]
    assert get(graph, "/me", elsewhere).status_code == 200


def test_an_unknown_address_and_method_are_errors_of_graph(graph: GraphEmulator) -> None:
    assert refused(get(graph, "/me/friends/of")) == (400, 2500, None)
    wrong = requests.put(f"{graph.url}/me", timeout=10)
    assert (wrong.status_code, wrong.json()["error"]["type"]) == (400, "GraphMethodException")
