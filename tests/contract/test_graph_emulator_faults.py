"""The faults of the emulated Graph: each does what its row says, where it says, as often as it says."""

from __future__ import annotations

import time

import pytest
import requests

from identity.emulators.faults import Stage
from identity.emulators.graph.faults import KINDS, Endpoint
from tests.contract.graph_calls import CALLBACK, as_app, error, exchange, get, refused
from tests.fakes.graph import GraphEmulator

ERRORS = {
    "unknown_error": (500, 1, None),
    "transient": (500, 2, None),
    "app_throttled": (403, 4, None),
    "user_throttled": (400, 17, None),
    "no_permission": (403, 10, None),
    "permission_missing": (403, 200, None),
    "bad_parameter": (400, 100, None),
    "session": (400, 102, None),
    "invalid_token": (400, 190, None),
    "app_removed": (400, 190, 458),
    "checkpoint": (400, 190, 459),
    "password_changed": (400, 190, 460),
    "expired": (400, 190, 463),
    "logged_out": (400, 190, 467),
}


def test_every_refusing_kind_is_tested_here() -> None:
    refusing = {name for name, kind in KINDS.items() if kind.stage is Stage.REFUSAL}
    assert refusing == {*ERRORS, "unavailable"}


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_comes_with_its_status_code_and_subcode_once(graph: GraphEmulator, kind: str) -> None:
    token = graph.access_token("alice")
    graph.fault(kind, times=1)
    assert refused(get(graph, "/me", token)) == ERRORS[kind]
    assert get(graph, "/me", token).status_code == 200
    assert graph.calls()[1]["reason"] == f"fault: {kind}"


def test_a_transient_error_says_that_it_is_one(graph: GraphEmulator) -> None:
    graph.fault("transient", status=503)
    answer = get(graph, "/me", graph.access_token("alice"))
    assert (answer.status_code, error(answer)["is_transient"]) == (503, True)


def test_a_refused_exchange_leaves_the_code_unused(graph: GraphEmulator) -> None:
    code = graph.code("alice", CALLBACK)
    graph.fault("transient", endpoint="access_token", times=1)
    assert refused(exchange(graph, code)) == (500, 2, None)
    assert exchange(graph, code).status_code == 200


def test_the_load_balancer_answers_a_page(graph: GraphEmulator) -> None:
    graph.fault("unavailable", status=502)
    answer = get(graph, "/me", graph.access_token("alice"))
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html;charset=utf-8")


def test_somebodys_own_fault_meets_all_their_calls_and_nobody_elses(graph: GraphEmulator) -> None:
    token = graph.access_token("carol")
    assert [refused(get(graph, path, token)) for path in ("/me", "/me/picture")] == [(400, 190, 460)] * 2
    assert get(graph, "/me", graph.access_token("alice")).status_code == 200


@pytest.mark.parametrize(
    ("kind", "member", "value"),
    [
        ("no_email", "email", None),
        ("missing_id", "id", None),
        ("wrong_types", "name", ["Alice"]),
        ("wrong_types", "email", {"address": "alice@example.com"}),
        ("wrong_types", "picture", "none"),
    ],
)
def test_a_spoilt_person_lacks_or_has_what_it_should_not(
    graph: GraphEmulator, kind: str, member: str, value: object
) -> None:
    graph.fault(kind)
    assert get(graph, "/me", graph.access_token("alice"), fields="name,email,picture").json().get(member) == value


def test_an_id_may_become_a_number(graph: GraphEmulator) -> None:
    graph.fault("wrong_id_type")
    assert get(graph, "/me", graph.access_token("alice")).json()["id"] == int(graph.id_of("alice"))


def test_tokens_and_pictures_are_spoilt_where_they_are_handed_out(graph: GraphEmulator) -> None:
    graph.fault("missing_token", times=1)
    assert exchange(graph, graph.code("alice", CALLBACK)).json().keys() == {"token_type", "expires_in"}
    graph.fault("wrong_token_type", times=1)
    assert exchange(graph, graph.code("alice", CALLBACK)).json()["access_token"] == 12345
    graph.fault("no_picture", times=1)
    assert get(graph, "/me/picture", graph.access_token("alice"), redirect="false").json() == {}


def test_an_answer_may_be_garbage_html_mislabelled_huge_or_elsewhere(graph: GraphEmulator) -> None:
    token = graph.access_token("alice")
    seen = {}
    for kind in ("garbage", "html", "wrong_content_type", "huge", "huge_gzip", "redirect"):
        graph.fault(kind, times=1)
        seen[kind] = get(graph, "/me", token)
    assert seen["garbage"].content.startswith(b"\x00\xff")
    assert seen["html"].headers["Content-Type"].startswith("text/html")
    assert (seen["wrong_content_type"].headers["Content-Type"], seen["wrong_content_type"].json()["name"]) == (
        "image/png",
        "Alice Adams",
    )
    assert len(seen["huge"].content) > 2_000_000
    assert int(seen["huge_gzip"].headers["Content-Length"]) < 100_000 < len(seen["huge_gzip"].content)
    assert (seen["redirect"].status_code, seen["redirect"].headers["Location"]) == (302, "/elsewhere")


@pytest.mark.parametrize("fault", [{"kind": "reset"}, {"kind": "hang", "seconds": 0}])
def test_a_connection_may_break(graph: GraphEmulator, fault: dict[str, object]) -> None:
    graph.fault(**fault, times=1)  # type: ignore[arg-type]
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        as_app(graph, grant_type="client_credentials")
    assert as_app(graph, grant_type="client_credentials").status_code == 200


def test_an_answer_may_be_late(graph: GraphEmulator) -> None:
    token = graph.access_token("alice")
    graph.fault("slow", person="alice", ms=200)
    began = time.monotonic()
    assert get(graph, "/me", token).status_code == 200
    assert time.monotonic() - began >= 0.2


def test_a_fault_is_for_one_endpoint_when_it_says_so(graph: GraphEmulator) -> None:
    token = graph.access_token("alice")
    graph.fault("app_throttled", endpoint="picture")
    assert get(graph, "/me", token).status_code == 200
    assert refused(get(graph, "/me/picture", token)) == (403, 4, None)
    graph.clear_faults()
    assert get(graph, "/me/picture", token).status_code == 302


def test_a_fault_where_it_can_not_strike_is_refused(graph: GraphEmulator) -> None:
    wrong = requests.post(f"{graph.url}/control/faults", json={"kind": "no_email", "endpoint": "picture"}, timeout=10)
    assert wrong.status_code == 400
    assert {endpoint.value for endpoint in Endpoint} >= {"dialog", "me"}
