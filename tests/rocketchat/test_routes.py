"""What every route of the Rocket.Chat door has in common: its shapes, its limit, and that it can be closed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from identity.http.rocketchat import me as me_module
from tests import postgres
from tests.login_world import World
from tests.password_door import PASSWORD
from tests.rocketchat.client import LOGIN, Chat, chat_world, unauthorized

ME = "/api/v1/me"
UNKNOWN = {"success": False, "error": "Resource not found"}
FAULT = {"success": False, "error": "Internal server error"}


def is_unknown(answer: requests.Response, *, has_body: bool = True) -> bool:
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code == 404 and (not has_body or answer.json() == UNKNOWN)


@pytest.mark.parametrize(
    "path", ["/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v1//login", "/api/v1/login/more", "/api/v1/user/x"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_404_in_json(chat: Chat, method: str, path: str) -> None:
    assert is_unknown(chat.call(method, path, headers={"Accept": "text/html"}))


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_another_method_of_the_login_is_404_in_json(chat: Chat, method: str) -> None:
    assert is_unknown(chat.call(method, LOGIN))


def test_head_of_the_login_is_404_without_a_body(chat: Chat) -> None:
    assert is_unknown(chat.call("HEAD", LOGIN), has_body=False)


def test_other_front_ends_keep_their_own_shape(chat: Chat) -> None:
    for path in ("/api/nothing", "/api/v10/login", "/nothing"):
        answer = chat.call("GET", path)
        assert (answer.status_code, answer.content) == (404, b"")
    assert chat.call("DELETE", "/api/login").status_code == 405


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"null", "application/json"),
        (b"3", "application/json; charset=utf-8"),
        (b"[]", "application/json"),
        (b'"text"', "application/json"),
        (b"[" * 100 + b"]" * 100, "application/json"),
        (b'{"user": "a", "user": {"$ne": 1}, "password": "b"}', "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"user=nobody&password=x", "application/x-www-form-urlencoded"),
        (b"%%%=&&&", "application/x-www-form-urlencoded"),
        (b"user=nobody&password=x", "text/plain"),
        (b'{"user":"nobody","password":"x"}', ""),
        (b"--x\r\nContent-Disposition: form-data; name=user\r\n\r\na\r\n--x--", "multipart/form-data; boundary=x"),
    ],
)
def test_no_body_is_more_than_a_plain_refusal(chat: Chat, body: bytes, kind: str) -> None:
    assert unauthorized(chat.call("POST", LOGIN, data=body, headers={"Content-Type": kind}))


def test_a_right_password_in_a_body_that_is_not_read_opens_nothing(chat: Chat) -> None:
    person = chat.person()
    person.add_user()
    as_text = f'{{"user":"{person.email}","password":"{PASSWORD}"}}'
    assert unauthorized(chat.call("POST", LOGIN, data=as_text, headers={"Content-Type": "text/plain"}))
    assert unauthorized(chat.call("POST", LOGIN, files={"user": person.email, "password": PASSWORD}))
    query = {"user": person.email, "password": PASSWORD}
    assert unauthorized(chat.call("POST", LOGIN, {}, params=query))


def test_a_body_that_is_too_large_is_413_in_json(chat: Chat) -> None:
    answer = chat.login({"user": "a" * 2_000_000, "password": "b"})
    assert (answer.status_code, answer.json()) == (413, {"success": False, "error": "Request Entity Too Large"})
    assert answer.headers["Content-Type"] == "application/json"


def test_a_crash_is_500_in_json(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    session = chat.somebody()

    def broken(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(me_module, "chat_roles", broken)
    answer = session.get(ME)
    assert (answer.status_code, answer.json()) == (500, FAULT)
    assert answer.headers["Content-Type"] == "application/json"
    assert session.chat.login({"user": "nobody", "password": "x"}).status_code == 401


def test_a_preflight_is_answered_by_cors(chat: Chat) -> None:
    headers = {"Origin": "https://chat.example.com", "Access-Control-Request-Method": "POST"}
    assert chat.call("OPTIONS", LOGIN, headers=headers).status_code == 403
    configuration = {"corsConfiguration": {"enabled": True, "allowedOrigins": ["*"], "allowedMethods": ["POST"]}}
    service = chat.world.service
    changed = service.call("PATCH", "/api/system-configuration", {"systemConfiguration": configuration})
    assert changed.status_code == 200, changed.text
    answer = chat.call("OPTIONS", LOGIN, headers=headers)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Methods"]) == (204, "POST")


# Closed.


@pytest.mark.parametrize(
    ("method", "path"), [("POST", LOGIN), ("GET", ME), ("POST", "/api/v1/logout"), ("GET", "/api/v1/x")]
)
def test_a_door_that_nobody_has_opened_is_404(closed: World, method: str, path: str) -> None:
    answer = closed.service.call(method, path, {"user": "a", "password": "b"}, key="")
    assert is_unknown(answer)


def test_the_door_closes_and_opens_with_its_application(own_chat: Chat) -> None:
    session, service = own_chat.somebody(), own_chat.world.service
    path = f"/api/application/{own_chat.world.application_id}"
    assert service.call("DELETE", path).status_code == 200
    assert is_unknown(own_chat.login({"user": "a", "password": "b"}))
    assert is_unknown(session.get(ME))
    assert service.call("PUT", f"{path}?reactivate=true").status_code == 200
    assert session.is_alive


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/info"), ("GET", "/avatar/somebody"), ("POST", "/api/v1/users.2fa.sendEmailCode")]
)
def test_the_door_closes_for_strangers_too_when_another_process_closes_it(
    own_chat: Chat, method: str, path: str
) -> None:
    body = {"emailOrUsername": "somebody"} if method == "POST" else None
    assert own_chat.call(method, path, body).status_code == 200
    own_chat.world.rows(
        "WITH closed AS (UPDATE applications SET active = false WHERE id = %s)"
        " UPDATE installation SET configuration_version = configuration_version + 1 RETURNING 1",
        own_chat.world.application_id,
    )
    assert own_chat.call(method, path, body).status_code == 404


def test_the_door_is_closed_once_its_application_is_gone(own_chat: Chat) -> None:
    session, service = own_chat.somebody(), own_chat.world.service
    path = f"/api/application/{own_chat.world.application_id}?hardDelete=true"
    assert service.call("DELETE", path).status_code == 200
    assert is_unknown(session.get(ME))
    assert own_chat.world.count("rocketchat_tokens") == 0


# The limit.


@pytest.fixture(scope="module")
def limited(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Chat]:
    url = postgres.fresh_database(postgres_server, migrated_template)
    with chat_world(url, rate_limit_calls=10, rate_limit_seconds=60) as made:
        yield made
    postgres.drop_database(postgres_server, url)


@pytest.fixture
def window(limited: Chat) -> Iterator[Chat]:
    """At the beginning of a new window."""
    limited.world.clock.advance(minutes=2)
    with limited.world.clock.standing_still():
        yield limited


WRONG = {"user": "nobody@example.com", "password": "wrong"}


def test_the_eleventh_call_of_a_window_is_refused(window: Chat) -> None:
    now = window.world.service.services.runtime.now()
    for left in range(9, -1, -1):
        answer = window.login(WRONG)
        assert answer.status_code == 401
        assert answer.headers["X-RateLimit-Limit"] == "10"
        assert answer.headers["X-RateLimit-Remaining"] == str(left)
        assert answer.headers["X-RateLimit-Reset"] == str(now + 60_000)
    window.world.clock.advance(seconds=15)
    answer = window.login(WRONG)
    text = (
        "Error, too many requests. Please slow down. You must wait 45 seconds before trying this endpoint again. "
        "[error-too-many-requests]"
    )
    assert (answer.status_code, answer.json()) == (429, {"success": False, "error": text})
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert answer.headers["X-RateLimit-Reset"] == str(now + 60_000)
    window.world.clock.advance(seconds=45)
    assert window.login(WRONG).headers["X-RateLimit-Remaining"] == "9"


def test_routes_and_verbs_are_counted_apart(window: Chat) -> None:
    for _ in range(11):
        window.call("GET", "/api/v1/logout")
    assert window.call("GET", "/api/v1/logout").status_code == 429
    assert window.call("POST", "/api/v1/logout").status_code == 401
    assert window.call("GET", ME).headers["X-RateLimit-Remaining"] == "9"


def test_success_counts_like_failure(window: Chat) -> None:
    person = window.person()
    person.add_user()
    sessions = [window.logged_in(person.email) for _ in range(10)]
    assert window.login({"user": person.email, "password": PASSWORD}).status_code == 429
    assert sessions[-1].is_alive


def test_a_caller_does_not_choose_the_address_that_is_counted(window: Chat) -> None:
    statuses = [window.login(WRONG, headers={"X-Forwarded-For": f"10.0.0.{n}"}).status_code for n in range(11)]
    assert statuses == [401] * 10 + [429]


def test_parallel_calls_never_pass_the_limit(window: Chat) -> None:
    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(lambda _: window.call("GET", ME).status_code, range(30)))
    assert sorted(statuses) == [401] * 10 + [429] * 20


def test_unknown_paths_are_not_counted(window: Chat) -> None:
    assert "X-RateLimit-Limit" not in window.call("GET", "/api/v1/nothing").headers


def test_in_development_nothing_is_limited(chat: Chat) -> None:
    assert "X-RateLimit-Limit" not in chat.login(WRONG).headers


HOSTILE = (
    "\x00",
    "a\x00b",
    "\ud800",
    "a" * 5_000,
    "' OR 1=1 --",
    "*)(uid=*",
    "ﬀ@example.com",
    "\u202e",
    "{$ne:1}",
    "%00",
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_is_more_than_a_plain_refusal(chat: Chat, text: str) -> None:
    digest = {"digest": text, "algorithm": "sha-256"}
    for body in (
        {"user": text, "password": PASSWORD},
        {"user": {"username": text}, "password": PASSWORD},
        {"user": {"id": text}, "password": text},
        {"username": text, "email": text, "password": text},
        {"email": text, "password": digest},
        {"user": "nobody", "password": text, "code": text},
        {"resume": text},
    ):
        assert unauthorized(chat.login(body))
    assert unauthorized(chat.login(data={"user": text.encode("utf-8", "replace"), "password": "x"}))


@pytest.mark.parametrize("value", [b"\xff\xfe", b"%00", b"'", b"a" * 7_000, b""])
def test_no_header_is_more_than_a_missing_session(chat: Chat, value: bytes) -> None:
    session = chat.somebody()
    for headers in ({"X-Auth-Token": value}, {"X-User-Id": value}):
        assert session.get(ME, headers=headers).status_code == 401
