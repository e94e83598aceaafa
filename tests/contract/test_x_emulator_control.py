"""The control API and the overview page: what they change, what they show, and what they refuse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from identity.emulators.calls import KEPT_CALLS, Call, Calls, masked
from identity.emulators.x.options import random_consumer
from tests.contract.x_calls import VERIFY, ask_request_token, exchange, form, signed, verify
from tests.fakes.x import XEmulator

HOSTILE = '"><script>alert("x")</script>'


@pytest.fixture
def x() -> Iterator[XEmulator]:
    with XEmulator() as emulator:
        yield emulator


def test_an_added_person_signs_in(x: XEmulator) -> None:
    added = x.add_person(id="4242", screen_name="zed", email="zed@example.com")
    assert (added["key"], added["name"]) == ("zed", "zed")
    assert verify(x, "zed").json()["email"] == "zed@example.com"
    assert verify(x, "4242").json()["screen_name"] == "zed"


def test_many_people_and_many_tokens_come_with_one_call_each(x: XEmulator) -> None:
    people = [{"id": str(9_000_000 + number), "screen_name": f"load{number}"} for number in range(300)]
    assert len(x.control("POST", "people", {"people": people})["people"]) == 300
    keys = [person["screen_name"] for person in people]
    tokens = x.control("POST", "tokens", {"people": keys})["tokens"]
    assert len({token["oauth_token"] for token in tokens}) == 300


def test_of_many_people_all_are_added_or_none(x: XEmulator) -> None:
    people = [{"id": "71", "screen_name": "first"}, {"id": "71", "screen_name": "second"}]
    answer = requests.post(f"{x.url}/control/people", json={"people": people}, timeout=10)
    assert (answer.status_code, answer.json()["errors"]["id"]) == (400, ["the key second or the id 71 is taken"])
    x.add_person(id="71", screen_name="first")


def test_people_and_faults_are_bounded(x: XEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("identity.emulators.people.MOST_PEOPLE", len(x.state.people))
    monkeypatch.setattr("identity.emulators.faults.MOST_FAULTS", 1)
    x.fault("garbage")
    for path, body in (("people", {"id": "71", "screen_name": "one_more"}), ("faults", {"kind": "garbage"})):
        assert requests.post(f"{x.url}/control/{path}", json=body, timeout=10).status_code == 400


def test_tokens_are_bounded_and_the_oldest_give_way(x: XEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("identity.emulators.x.tokens.MOST_ACCESS_TOKENS", 2)
    monkeypatch.setattr("identity.emulators.x.tokens.MOST_REQUEST_TOKENS", 2)
    tokens = [x.access_token(person)[0] for person in ("alice", "bob", "max")]
    requests_made = [x.request_token(person)[0] for person in ("alice", "bob", "max")]
    listed = x.control("GET", "tokens")
    assert [token["token"] for token in listed["access_tokens"]] == tokens[:0:-1]
    assert [token["token"] for token in listed["request_tokens"]] == requests_made[:0:-1]
    assert x.access_token("alice")[0] != tokens[0]


def test_a_changed_person_is_told_at_once(x: XEmulator) -> None:
    x.change_person("bob", email="bob@example.com", screen_name="robert")
    user = verify(x, "bob").json()
    assert (user["email"], user["screen_name"], user["id_str"]) == ("bob@example.com", "robert", "783214")
    assert x.person("bob")["screen_name"] == "robert"


def test_minted_request_tokens_are_exchanged_without_a_browser(x: XEmulator) -> None:
    token, secret, verifier = x.request_token("alice", "https://app.example.com/cb")
    assert form(exchange(x, token, secret, verifier))["user_id"] == "2244994945"


def test_calls_show_the_base_string_the_client_signed(x: XEmulator) -> None:
    auth = signed(x, *x.access_token("alice"))
    requests.get(f"{x.url}/1.1/account/verify_credentials.json", auth=auth, timeout=10)
    call = x.calls()[0]
    assert call["base_string"].startswith("GET&http%3A%2F%2F127.0.0.1%3A")
    assert call["person"] == "alice"
    assert call["result"] == "answered"
    x.control("DELETE", "calls")
    assert x.calls() == []


def test_calls_mask_the_verifier(x: XEmulator) -> None:
    token, secret, verifier = x.request_token("alice", "https://app.example.com/cb")
    exchange(x, token, secret, verifier)
    shown = dict(x.calls()[0]["parameters"])
    assert re.fullmatch(r"32 characters, sha256 [0-9a-f]{8}", shown["oauth_verifier"])


def test_secrets_sent_by_mistake_are_masked() -> None:
    assert masked((("client_secret", "tell-nobody"), ("x", "y")), ("secret",)) == (
        ("client_secret", "11 characters, sha256 dad19c8b"),
        ("x", "y"),
    )


def test_lists_of_tokens_hold_no_secret(x: XEmulator) -> None:
    secrets = [x.access_token("alice")[1], *x.request_token("alice")[1:]]
    listed = requests.get(f"{x.url}/control/tokens", timeout=10).text
    assert not [secret for secret in secrets if f'"{secret}"' in listed]
    assert x.control("GET", "tokens")["access_tokens"][0]["person"] == "alice"


def test_kept_calls_are_bounded() -> None:
    calls = Calls()
    for number in range(KEPT_CALLS + 5):
        calls.add(Call(at=number, method="GET", path="/", status=200, result="answered"))
    kept = calls.newest(10_000)
    assert len(kept) == KEPT_CALLS
    assert kept[0].id == KEPT_CALLS + 5


def test_settings_left_out_stay(x: XEmulator) -> None:
    changed = x.control("PUT", "settings", {"latency_ms": 0, "rate_limit": 5})
    assert changed["consumers"][0]["key"] == x.consumer_key
    assert changed["rate_limit"] == 5
    assert x.control("PUT", "settings", {"rate_limit": None})["rate_limit"] is None


def test_a_new_application_gets_a_random_secret(x: XEmulator) -> None:
    auth = signed(x, *x.access_token("alice"))
    changed = x.control("PUT", "settings", {"consumers": [{"key": "fresh"}]})
    assert len(changed["consumers"][0]["secret"]) >= 40
    assert requests.get(x.url + VERIFY, auth=auth, timeout=10).status_code == 401


def test_no_two_emulators_share_credentials() -> None:
    assert random_consumer() != random_consumer()


def test_reset_brings_the_seeded_people_back(x: XEmulator) -> None:
    x.add_person(id="4242", screen_name="zed")
    x.change_person("carol", fault=None)
    x.fault("garbage")
    x.reset()
    assert x.person("carol")["fault"] == "suspended"
    assert x.control("GET", "faults")["faults"] == []
    assert x.calls() == []
    assert "zed" not in {person["key"] for person in x.control("GET", "people")["people"]}


def test_the_kinds_of_faults_are_listed_with_their_parameters(x: XEmulator) -> None:
    kinds = {kind["name"]: kind for kind in x.control("GET", "faults")["kinds"]}
    assert kinds["rate_limited"]["defaults"] == {"reset_in_s": 900}
    assert kinds["denied"]["endpoints"] == ["authorize"]


BAD = [
    ("POST", "people", {}, "id"),
    ("POST", "people", {"id": "12", "screen_name": "way too long and spaced"}, "screen_name"),
    ("POST", "people", {"id": 12, "screen_name": "twelve"}, "id"),
    ("POST", "people", {"id": "2244994945", "screen_name": "twice"}, "id"),
    ("POST", "people", {"id": "77", "screen_name": "alice"}, "id"),
    ("POST", "people", {"id": "77", "screen_name": "seven", "shoe_size": 7}, "shoe_size"),
    ("POST", "people", {"people": []}, "people"),
    ("PATCH", "people/alice", {"id": "1"}, "id"),
    ("PATCH", "people/alice", {"fault": "no such kind"}, "fault"),
    ("PATCH", "people/alice", {"verified": "yes"}, "verified"),
    ("PATCH", "people/alice", {"name": "\ud800"}, "body"),
    ("POST", "faults", {}, "kind"),
    ("POST", "faults", {"kind": "nonsense"}, "kind"),
    ("POST", "faults", {"kind": "slow", "ms": "100"}, "ms"),
    ("POST", "faults", {"kind": "slow", "ms": 10**9}, "ms"),
    ("POST", "faults", {"kind": "slow", "seconds": 1}, "seconds"),
    ("POST", "faults", {"kind": "hang", "seconds": 61}, "seconds"),
    ("POST", "faults", {"kind": "tier", "endpoint": "access_token"}, "endpoint"),
    ("POST", "faults", {"kind": "tier", "endpoint": "elsewhere"}, "endpoint"),
    ("POST", "faults", {"kind": "tier", "times": 0}, "times"),
    ("POST", "faults", {"kind": "tier", "person": "nobody"}, "person"),
    ("POST", "faults", {"kind": "redirect", "location": "/a\r\nSet-Cookie: a=b"}, "location"),
    ("POST", "tokens", {}, "person"),
    ("POST", "tokens", {"person": "nobody"}, "person"),
    ("POST", "tokens", {"person": "alice", "people": ["bob"]}, "person"),
    ("POST", "tokens", {"person": "alice", "consumer": "unknown"}, "consumer"),
    ("POST", "tokens", {"person": "alice", "kind": "magic"}, "kind"),
    ("POST", "tokens", {"person": "alice", "kind": "request", "callback": "javascript://x"}, "callback"),
    ("PUT", "settings", {"consumers": []}, "consumers"),
    ("PUT", "settings", {"consumers": [{"secret": "s"}]}, "consumers"),
    ("PUT", "settings", {"consumers": [{"key": "a"}, {"key": "a"}]}, "consumers"),
    ("PUT", "settings", {"latency_ms": -1}, "latency_ms"),
    ("PUT", "settings", [], "body"),
]


@pytest.mark.parametrize(("method", "path", "body", "member"), BAD)
def test_bad_input_is_400_json_that_names_the_member(
    x: XEmulator, method: str, path: str, body: Any, member: str
) -> None:
    answer = requests.request(method, f"{x.url}/control/{path}", json=body, timeout=10)
    assert answer.status_code == 400
    assert member in answer.json()["errors"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'"text"', b"null"])
def test_a_body_that_is_no_json_object_is_400_json(x: XEmulator, body: bytes) -> None:
    for path in ("people", "faults", "tokens"):
        answer = requests.post(f"{x.url}/control/{path}", data=body, timeout=10)
        assert answer.status_code == 400
        assert "body" in answer.json()["errors"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("PATCH", "people/nobody"), ("DELETE", "faults/99"), ("DELETE", "tokens/none"), ("GET", "nothing")],
)
def test_what_is_not_there_is_404_json(x: XEmulator, method: str, path: str) -> None:
    answer = requests.request(method, f"{x.url}/control/{path}", json={}, timeout=10)
    assert answer.status_code == 404
    assert answer.json()["errors"]


def test_a_body_beyond_the_limit_is_413_json(x: XEmulator) -> None:
    answer = requests.post(f"{x.url}/control/people", data=b"x" * (1024 * 1024 + 1), timeout=10)
    assert answer.status_code == 413
    assert answer.json()["errors"]


def test_a_page_of_another_origin_cannot_steer_the_emulator(x: XEmulator) -> None:
    for origin, status in (("https://evil.example.com", 403), ("null", 403), (x.url, 204)):
        answer = requests.post(f"{x.url}/control/reset", headers={"Origin": origin}, timeout=10)
        assert answer.status_code == status


def make_hostile(x: XEmulator) -> None:
    """Hostile text wherever a page can show any."""
    x.add_person(id="31337", screen_name="evil", name=HOSTILE, email=HOSTILE, note=HOSTILE, description=HOSTILE)
    consumer = {"key": HOSTILE.replace(" ", ""), "secret": "s", "name": HOSTILE, "callbacks": [f"https://x/{HOSTILE}"]}
    ours = {"key": x.consumer_key, "secret": x.consumer_secret, "name": HOSTILE}
    x.control("PUT", "settings", {"consumers": [ours, consumer]})


def test_the_overview_shows_people_tokens_and_calls_and_escapes_them(x: XEmulator) -> None:
    make_hostile(x)
    x.fault("slow", ms=1, person="evil")
    verify(x, "evil", query=f"?odd={HOSTILE}")
    requests.get(f"{x.url}/1.1/account/verify_credentials.json", headers={"Authorization": HOSTILE}, timeout=10)
    page = requests.get(x.url, timeout=10)
    assert page.status_code == 200
    assert "&lt;script&gt;alert(" in page.text
    assert "<script" not in page.text
    assert "GET&amp;http%3A%2F%2F127.0.0.1" in page.text
    assert x.access_token("evil")[0] in page.text
    assert x.consumer_secret not in page.text


def test_the_consent_page_escapes_and_says_where_it_returns_to(x: XEmulator) -> None:
    make_hostile(x)
    token = form(ask_request_token(x, 'https://app.example.com/"><script>'))["oauth_token"]
    page = requests.get(f"{x.url}/oauth/authenticate", params={"oauth_token": token}, timeout=10)
    assert "<script" not in page.text
    assert "<strong>app.example.com</strong>" in page.text


def test_pages_load_nothing_from_elsewhere_and_cannot_be_framed(x: XEmulator) -> None:
    token = form(ask_request_token(x))["oauth_token"]
    for path in ("/", f"/oauth/authorize?oauth_token={token}", "/oauth/authorize"):
        page = requests.get(x.url + path, timeout=10)
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert not re.search(r"""(?:src|href|action)=["']?(?:https?:)?//|@import|url\(""", page.text)
        assert "prefers-color-scheme: dark" in page.text
