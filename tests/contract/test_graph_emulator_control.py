"""The control API and the overview of the Graph emulator, as far as they are its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from identity.emulators.graph.server import parse_options
from identity.emulators.provider_emulator import BadOptions
from tests.contract.graph_calls import CALLBACK, exchange, get, refused
from tests.fakes.graph import GraphEmulator


def test_an_added_person_logs_in_and_a_changed_one_is_told_at_once(graph: GraphEmulator) -> None:
    added = graph.add_person(id="4242", key="zed", name="Zed Zimmer", email="zed@example.com")
    assert (added["key"], added["silhouette"]) == ("zed", False)
    token = graph.access_token("zed")
    graph.change_person("zed", email=None, name="Zed")
    assert get(graph, "/me", token, fields="name,email").json() == {"id": graph.id_of("zed"), "name": "Zed"}


def test_many_people_get_tokens_with_one_call(graph: GraphEmulator) -> None:
    graph.control("POST", "people", {"people": [{"id": str(7_000 + number)} for number in range(50)]})
    made = graph.control("POST", "tokens", {"people": [str(7_000 + number) for number in range(50)]})["tokens"]
    assert len({token["access_token"] for token in made}) == 50
    assert len({token["user_id"] for token in made}) == 50


def test_a_minted_code_is_exchanged_without_a_browser(graph: GraphEmulator) -> None:
    assert exchange(graph, graph.code("alice", CALLBACK, scopes=["public_profile"])).status_code == 200


@pytest.mark.parametrize(
    ("wish", "wrong"),
    [
        ({}, "person"),
        ({"person": "alice", "people": ["bob"]}, "person"),
        ({"person": "nobody"}, "person"),
        ({"person": "alice", "app": "1"}, "app"),
        ({"person": "alice", "scopes": ["user_friends"]}, "scopes"),
        ({"person": "alice", "kind": "code"}, "redirect_uri"),
        ({"person": "alice", "kind": "code", "redirect_uri": "/back"}, "redirect_uri"),
    ],
)
def test_a_wish_that_can_not_be_granted_is_named(graph: GraphEmulator, wish: dict[str, object], wrong: str) -> None:
    answer = requests.post(f"{graph.url}/control/tokens", json=wish, timeout=10)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [wrong])


def test_tokens_end_by_person_by_app_or_one_alone(graph: GraphEmulator) -> None:
    other = graph.add_app()
    alice, bob = graph.access_token("alice"), graph.access_token("bob")
    elsewhere = graph.access_token("alice", app=other.id)
    assert graph.end_tokens("password_changed", app=other.id) == 1
    assert requests.delete(f"{graph.url}/control/tokens/{bob}", timeout=10).status_code == 204
    assert requests.delete(f"{graph.url}/control/tokens/{bob}", timeout=10).status_code == 404
    assert [refused(get(graph, "/me", token)) for token in (elsewhere, bob)] == [(400, 190, 460), (400, 190, 467)]
    assert get(graph, "/me", alice).status_code == 200
    assert graph.end_tokens("app_removed") == 1


def test_neither_lists_nor_calls_nor_the_overview_show_a_token_or_a_secret(graph: GraphEmulator) -> None:
    token, code = graph.access_token("alice"), graph.code("alice", CALLBACK)
    get(graph, "/me", token, appsecret_proof="f" * 64)
    get(graph, "/debug_token", token, input_token=token)
    exchange(graph, code)
    for path in ("/control/tokens", "/control/calls", "/"):
        text = requests.get(graph.url + path, timeout=10).text
        assert not [secret for secret in (token, code, graph.app_secret, "f" * 64) if secret in text]
    [shown] = graph.control("GET", "tokens")["codes"]
    assert (code.startswith(shown["begins"]), shown["used"]) == (True, True)


def test_the_overview_shows_apps_people_with_their_ids_and_calls(graph: GraphEmulator) -> None:
    get(graph, "/me", graph.access_token("alice"))
    page = requests.get(graph.url, timeout=10)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f"<code>{graph.id_of('alice')}</code>" in page.text
    assert "<code>GET /me</code>" in page.text
    assert "Overview - Graph emulator" in page.text
    assert "<script>" not in page.text


def test_settings_left_out_stay_and_a_reset_keeps_them(graph: GraphEmulator) -> None:
    before = graph.control("GET", "settings")
    after = graph.control("PUT", "settings", {"short_seconds": 5})
    assert after == before | {"short_seconds": 5}
    token = graph.access_token("alice")
    graph.reset()
    assert graph.control("GET", "settings") == after
    assert refused(get(graph, "/me", token)) == (400, 190, None)


def test_no_two_apps_share_an_id(graph: GraphEmulator) -> None:
    twice = {"apps": [{"id": "5"}, {"id": "5"}]}
    assert requests.put(f"{graph.url}/control/settings", json=twice, timeout=10).status_code == 400


def test_a_page_of_another_site_does_not_steer_it(graph: GraphEmulator) -> None:
    headers = {"Origin": "https://elsewhere.example"}
    assert requests.post(f"{graph.url}/control/reset", headers=headers, timeout=10).status_code == 403


@pytest.mark.parametrize("text", ["", "[]", '{"apps": []}', '{"apps": [{"id": "x"}]}', '{"short_seconds": 0}'])
def test_bad_options_are_refused_in_words(text: str) -> None:
    with pytest.raises(BadOptions, match="options of the Graph emulator"):
        parse_options(text)


def test_an_app_id_that_is_none_is_refused_with_what_one_looks_like() -> None:
    with pytest.raises(BadOptions, match="must be 1 to 19 digits, the first not 0"):
        parse_options('{"apps": [{"id": "abc"}]}')


def test_options_left_out_have_their_defaults_and_an_app_is_made_up() -> None:
    options = parse_options("{}")
    assert (options.settings.latency_ms, options.settings.short_seconds) == (0, 7200)
    assert parse_options("{}").settings.apps != options.settings.apps


def test_it_runs_as_a_process_of_its_own_with_the_options_of_a_file(tmp_path: Path) -> None:
    options = tmp_path / "options.json"
    options.write_text(json.dumps({"apps": [{"id": "77", "secret": "s", "name": "identity"}]}), encoding="utf-8")
    command = [sys.executable, "-m", "identity.emulators.graph", "--options", str(options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        banner = process.stdout.readline()
        assert banner.startswith("Graph emulator: http://127.0.0.1:")
        url = banner.split()[2]
        try:
            with requests.Session() as session:
                retries = requests.adapters.Retry(connect=60, backoff_factor=0.05, backoff_max=0.2)
                session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retries))
                assert session.get(f"{url}/control/settings", timeout=10).json()["apps"][0]["id"] == "77"
                assert session.get(f"{url}/v26.0/me", timeout=10).json()["error"]["code"] == 2500
        finally:
            process.terminate()
            rest, _ = process.communicate(timeout=20)
        assert "Traceback" not in rest
