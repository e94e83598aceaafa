"""Every route of the Rocket.Chat door: closed with the door, for those who are signed in unless it is known to be open,
and no input breaks it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identity.http.rocketchat import BLUEPRINTS
from tests import postgres
from tests.login_world import World
from tests.rocketchat.client import Chat, Session, chat_world
from tests.rocketchat.tokens import PROOF

OPEN = {
    ("GET", "/api/info"),
    ("GET", "/api/v1/info"),
    ("GET", "/avatar/somebody"),
    ("POST", "/api/v1/login"),
    ("POST", "/api/v1/users.2fa.sendEmailCode"),
}
SECRET = "of the operator"
PARAMETERS = (
    "accessToken",
    "bypassTwoFactor",
    "code",
    "count",
    "emailOrUsername",
    "fields",
    "offset",
    "password",
    "query",
    "resume",
    "secret",
    "serviceName",
    "sort",
    "tokenName",
    "user",
    "userId",
    "username",
)
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0")) or 8
"""As many as `make fuzz` says; few in a run of the suite."""


def routes() -> list[tuple[str, str]]:
    app = Flask(__name__)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return sorted(
        (method, rule.rule.replace("<path:name>", "somebody"))
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )


ROUTES = routes()
TEXTS = st.one_of(
    st.sampled_from([SECRET, "admin", "*", "%", "$ne", "\x00", "\ud800", "' OR 1=1 --", "A" * 17, "9" * 40, "true"]),
    st.text(max_size=20),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)
MEMBERS = st.dictionaries(st.sampled_from(PARAMETERS), JSON, max_size=4)
QUERIES = st.dictionaries(st.sampled_from(PARAMETERS), TEXTS, max_size=3)


class Caller:
    """An admin who logs in again whenever a call has ended the session."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self._session = chat.admin()

    @property
    def session(self) -> Session:
        if not self._session.is_alive:
            self._session = self.chat.admin()
        return self._session


@pytest.fixture(scope="module")
def caller(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Caller]:
    url = postgres.fresh_database(postgres_server, migrated_template)
    with chat_world(url, create_token_secret=SECRET) as chat:
        yield Caller(chat)
    postgres.drop_database(postgres_server, url)


def test_the_routes_that_need_no_session_are_known() -> None:
    assert set(ROUTES) >= OPEN


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_route_answers_at_a_closed_door(closed: World, method: str, path: str) -> None:
    answer = closed.service.call(method, path, key="")
    assert answer.headers["Content-Type"] == "application/json"
    assert (answer.status_code, answer.json()) == (404, {"success": False, "error": "Resource not found"})


@pytest.mark.parametrize(("method", "path"), sorted(set(ROUTES) - OPEN))
def test_every_other_route_asks_who_calls(chat: Chat, method: str, path: str) -> None:
    session = chat.somebody()
    for headers in ({}, {"X-User-Id": session.user_id}, {"X-Auth-Token": "x" * 43, "X-User-Id": session.user_id}):
        answer = chat.call(method, path, {}, headers=headers | PROOF)
        assert answer.headers["Content-Type"] == "application/json"
        assert (answer.status_code, answer.json()["message"]) == (401, "You must be logged in to do this.")
    assert session.is_alive


@pytest.mark.parametrize(("method", "path"), ROUTES)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.one_of(MEMBERS, JSON), query=QUERIES)
def test_no_input_breaks_a_route(caller: Caller, method: str, path: str, body: Any, query: dict[str, str]) -> None:
    encoded = {name: text.encode("utf-8", "surrogatepass") for name, text in query.items()}
    sent = None if method == "GET" else body
    answer = caller.session.call(method, path, sent, params=encoded, headers=PROOF)
    assert answer.status_code < 500, answer.text
    if not path.startswith("/avatar/"):
        assert answer.headers["Content-Type"] == "application/json"
        assert isinstance(answer.json(), dict)
