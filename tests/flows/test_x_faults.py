"""Every fault of X ends as its row of login contract 7.5 says, at both calls: 401 with detail, an event, no rows."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests import postgres
from tests.login_world import World, login_world, refused

EXCHANGE, VERIFY = "access_token", "verify_credentials"
CODES = {EXCHANGE: "[TwitterAccessToken]", VERIFY: "[TwitterVerifyCredentials]"}

ALL = [
    ("could_not_authenticate", {}, {"status": 401, "twitterCodes": [32]}),
    ("not_permitted", {}, {"status": 403, "twitterCodes": [87]}),
    ("rate_limited", {}, {"status": 429, "twitterCodes": [88]}),
    ("invalid_token", {}, {"status": 401, "twitterCodes": [89]}),
    ("invalid_token", {"status": 403}, {"status": 403, "twitterCodes": [89]}),
    ("over_capacity", {}, {"status": 503, "twitterCodes": [130]}),
    ("internal_error", {}, {"status": 500, "twitterCodes": [131]}),
    ("unavailable", {}, {"status": 503, "twitterCodes": []}),
    ("unavailable", {"status": 502}, {"status": 502, "twitterCodes": []}),
    ("no_access", {}, {"status": 403, "twitterCodes": [220]}),
    ("app_suspended", {}, {"status": 401, "twitterCodes": [416]}),
    ("app_suspended", {"status": 403}, {"status": 403, "twitterCodes": [416]}),
    ("garbage", {}, {"status": 200, "reason": "garbage"}),
    ("html", {}, {"status": 200, "reason": "garbage"}),
    ("html", {"status": 500}, {"status": 500}),
    ("huge", {}, {"reason": "too large"}),
    ("redirect", {}, {"reason": "redirect"}),
    ("reset", {}, {"reason": "reset"}),
]
ONLY_VERIFY = [
    ("suspended", {}, {"status": 403, "twitterCodes": [63]}),
    ("suspended", {"code": 64}, {"status": 403, "twitterCodes": [64]}),
    ("locked", {}, {"status": 403, "twitterCodes": [326]}),
    ("tier", {}, {"status": 403, "twitterCodes": [453]}),
    ("wrong_content_type", {}, {"status": 200, "reason": "garbage"}),
]
ONLY_EXCHANGE = [("missing_secret", {}, {"status": 200, "reason": "garbage"})]
ROWS = [
    *((kind, EXCHANGE, parameters, data) for kind, parameters, data in (*ALL, *ONLY_EXCHANGE)),
    *((kind, VERIFY, parameters, data) for kind, parameters, data in (*ALL, *ONLY_VERIFY)),
]


def paths(world: World) -> list[str]:
    """The calls that X has seen, oldest first."""
    return [call["path"].rpartition("/")[2] for call in reversed(world.x.calls())]


@pytest.mark.parametrize(("kind", "endpoint", "parameters", "data"), ROWS)
def test_a_fault_of_x_is_401_with_detail_and_an_event_and_leaves_nothing(
    world: World, kind: str, endpoint: str, parameters: dict[str, Any], data: dict[str, Any]
) -> None:
    body = world.login_body("alice", verifier=True)
    world.x.fault(kind, endpoint=endpoint, **parameters)
    answer = world.post_login(body)
    assert refused(answer) == CODES[endpoint]
    [error] = answer.json()["generalErrors"]
    assert {name: error["data"].get(name) for name in data} == data
    assert world.nothing_written()
    [message] = world.messages("Error")
    assert CODES[endpoint] in message
    assert not any(secret in message + answer.text for secret in body["data"].values())


@pytest.mark.parametrize("endpoint", [EXCHANGE, VERIFY])
def test_a_rate_limit_tells_when_x_takes_calls_again(world: World, endpoint: str) -> None:
    body = world.login_body("alice", verifier=True)
    world.x.fault("rate_limited", endpoint=endpoint, reset_in_s=900)
    [error] = world.post_login(body).json()["generalErrors"]
    [message] = world.messages("Error")
    assert str(error["data"]["rateLimitReset"]) in message


@pytest.mark.parametrize("person", ["carol", "lou", "tia"])
def test_a_person_whom_x_has_locked_out_is_refused(world: World, person: str) -> None:
    assert refused(world.login(person)) == "[TwitterVerifyCredentials]"


@pytest.mark.parametrize("endpoint", [EXCHANGE, VERIFY])
def test_135_is_repeated_once_with_the_clock_of_x(world: World, endpoint: str) -> None:
    body = world.login_body("alice", verifier=True)
    world.x.fault("clock_skew", endpoint=endpoint, seconds=3600)
    assert world.post_login(body).status_code == 200
    assert paths(world).count(f"{endpoint}.json" if endpoint == VERIFY else endpoint) == 2


@pytest.mark.parametrize("kind", ["reset", "internal_error", "over_capacity", "unavailable"])
def test_reading_the_user_is_repeated_once_after_a_reset_or_5xx(world: World, kind: str) -> None:
    world.x.fault(kind, endpoint=VERIFY, times=1)
    assert world.login("alice").status_code == 200
    assert len(paths(world)) == 2


@pytest.mark.parametrize("kind", ["reset", "internal_error", "over_capacity", "rate_limited"])
def test_the_exchange_is_never_repeated_blindly(world: World, kind: str) -> None:
    body = world.login_body("alice", verifier=True)
    world.x.fault(kind, endpoint=EXCHANGE, times=1)
    assert refused(world.post_login(body)) == "[TwitterAccessToken]"
    assert paths(world) == ["access_token"]


@pytest.mark.parametrize("kind", ["huge_gzip", "html"])
def test_an_error_page_of_any_size_is_401(world: World, kind: str) -> None:
    world.x.fault(kind, endpoint=VERIFY)
    assert refused(world.login("alice")) == "[TwitterVerifyCredentials]"


@pytest.mark.parametrize("endpoint", [EXCHANGE, VERIFY])
@pytest.mark.parametrize("kind", ["slow", "hang"])
def test_an_x_that_does_not_answer_in_time_is_401(impatient: World, endpoint: str, kind: str) -> None:
    impatient.x.reset()
    body = impatient.login_body("alice", verifier=True)
    impatient.x.fault(kind, endpoint=endpoint, **({"ms": 1000} if kind == "slow" else {"seconds": 1}))
    answer = impatient.post_login(body)
    assert refused(answer) == CODES[endpoint]
    assert answer.json()["generalErrors"][0]["data"] == {"reason": "timeout"}
    assert impatient.nothing_written()


@pytest.fixture(scope="module")
def impatient(postgres_server: postgres.Server, migrated_template: str) -> Iterator[World]:
    """A world whose service waits for X a quarter of a second."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with login_world(url, x_settings={"read_timeout": 0.25}) as made:
        yield made
    postgres.drop_database(postgres_server, url)


def test_an_x_that_is_not_there_is_401(database_url: str) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with login_world(database_url, x_settings={"api_url": address}) as world:
            answer = world.login("alice")
            assert refused(answer) == "[TwitterVerifyCredentials]"
            assert answer.json()["generalErrors"][0]["data"] == {"reason": "connect"}
            assert world.nothing_written()
