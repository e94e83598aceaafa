"""Failed logins per client address and per user. Source: decisions 15 and 21; security T16 and T17."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address
from uuid import uuid4

import pytest
import requests

from identity.settings import Login
from tests import postgres
from tests.login_world import TWITTER, World, login_world
from tests.password_door import PASSWORD, Door
from tests.storm import at_once

WRONG = "incorrect horse battery"
MOST = 3


@pytest.fixture(scope="module")
def limited_world(postgres_server: postgres.Server, migrated_template: str) -> Iterator[World]:
    """Three failed logins a minute for an address; the tests come through a proxy of ours, each from elsewhere."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with login_world(url, login=Login(rate_limit=MOST), trusted_proxies="127.0.0.1, 10.0.0.0/8") as world:
        door = Door(world)
        door.tenant(failedAuthenticationConfiguration={"tooManyAttempts": 100})
        door.application(loginConfiguration={"requireAuthentication": False})
        yield world
    postgres.drop_database(postgres_server, url)


@dataclass(frozen=True)
class Client:
    """Somebody without a key, behind the proxy."""

    door: Door
    address: str

    def knock(self, password: str, *, key: str = "", hops: str | None = None) -> requests.Response:
        world = self.door.world
        body = {"loginId": self.door.email, "password": password, "applicationId": world.application_id}
        headers = {"X-Forwarded-For": self.address if hops is None else hops}
        return world.service.call("POST", "/api/login", body, key=key, headers=headers)

    def statuses(self, *passwords: str, hops: str | None = None) -> list[int]:
        return [self.knock(password, hops=hops).status_code for password in passwords]

    def fails_at_x(self) -> int:
        world = self.door.world
        data = {"oauth_token": "made-up", "oauth_token_secret": "made-up"}
        body = {"applicationId": world.application_id, "identityProviderId": TWITTER, "data": data}
        return world.post_login(body, headers={"X-Forwarded-For": self.address}).status_code

    def guesses_a_challenge(self) -> int:
        body = {"twoFactorId": uuid4().hex, "code": "123456"}
        headers = {"X-Forwarded-For": self.address}
        return self.door.world.service.call("POST", "/api/two-factor/login", body, key="", headers=headers).status_code

    def starts(self, *, key: str = "") -> int:
        world = self.door.world
        body = {"applicationId": world.application_id, "identityProviderId": TWITTER}
        headers = {"X-Forwarded-For": self.address}
        return world.service.call("POST", "/api/identity-provider/start", body, key=key, headers=headers).status_code


@pytest.fixture
def client(limited_world: World) -> Client:
    door = Door(limited_world)
    door.add_user()
    return Client(door, str(IPv6Address(uuid4().int)))


def test_an_address_that_fails_too_often_must_wait(client: Client) -> None:
    assert client.statuses(*[WRONG] * MOST) == [404] * MOST
    for password in (WRONG, PASSWORD):
        answer = client.knock(password)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 60
        [error] = answer.json()["generalErrors"]
        assert error["code"] == "[TooManyRequests]"
    client.door.world.clock.advance(seconds=60)
    assert client.statuses(PASSWORD) == [200]


def test_only_failures_count(client: Client) -> None:
    assert client.statuses(*[PASSWORD] * 5, WRONG, WRONG, PASSWORD) == [200] * 5 + [404, 404, 200]


def test_a_valid_key_is_neither_limited_nor_counted(client: Client) -> None:
    key = client.door.world.service.key
    assert [client.knock(WRONG, key=key).status_code for _ in range(5)] == [404] * 5
    assert client.statuses(WRONG, WRONG, WRONG, WRONG) == [404, 404, 404, 429]
    assert client.knock(PASSWORD, key=key).status_code == 200
    assert client.knock(PASSWORD, key="no key of ours").status_code == 429


def test_32_failures_of_an_address_at_once_never_pass_the_limit(client: Client) -> None:
    answers = at_once(lambda _: client.guesses_a_challenge(), 32)
    assert sorted(answers) == [404] * MOST + [429] * (32 - MOST)


def test_every_door_counts_for_every_other(client: Client) -> None:
    assert (client.fails_at_x(), client.guesses_a_challenge()) == (401, 404)
    assert client.statuses(WRONG, PASSWORD) == [404, 429]
    assert (client.fails_at_x(), client.guesses_a_challenge()) == (429, 429)


@pytest.mark.parametrize(
    ("hops", "same"),
    [
        ("{address}", True),
        ("198.51.100.7, {address}", True),
        ("{address}, 10.1.2.3", True),
        ("192.0.2.2", False),
        ("{address}, 192.0.2.2", False),
        ("", False),
        ("{address}, nonsense", False),
    ],
)
def test_behind_our_own_proxies_the_right_most_other_hop_counts(client: Client, hops: str, same: bool) -> None:
    assert client.statuses(*[WRONG] * MOST) == [404] * MOST
    assert client.statuses(PASSWORD, hops=hops.format(address=client.address)) == [429 if same else 200]


@pytest.mark.parametrize(("bit", "same"), [(1, True), (1 << 63, True), (1 << 64, False)])
def test_an_owner_of_many_addresses_is_limited_as_one(client: Client, bit: int, same: bool) -> None:
    """Whoever has one address of IPv6 has the 2^64 of its network, a fresh one for every guess."""
    assert client.statuses(*[WRONG] * MOST) == [404] * MOST
    neighbour = str(IPv6Address(int(IPv6Address(client.address)) ^ bit))
    assert client.statuses(PASSWORD, hops=neighbour) == [429 if same else 200]


def test_addresses_of_ipv4_stay_apart_where_a_socket_writes_them_as_ipv6(client: Client) -> None:
    first, second = (f"::ffff:198.51.100.{number}" for number in (1, 2))
    assert client.statuses(*[WRONG] * MOST, hops=first) == [404] * MOST
    assert client.statuses(PASSWORD, hops=second) == [200]
    assert client.statuses(PASSWORD, hops="198.51.100.1") == [429]


def test_who_is_no_proxy_of_ours_changes_nothing_by_the_header(database_url: str) -> None:
    with login_world(database_url, login=Login(rate_limit=MOST)) as world:
        door = Door(world)
        door.application(loginConfiguration={"requireAuthentication": False})
        elsewhere = [Client(door, f"192.0.2.{number}") for number in range(MOST + 1)]
        assert [client.knock(WRONG).status_code for client in elsewhere] == [404] * MOST + [429]


def limit_failed_logins(door: Door, limit: int) -> None:
    door.tenant(
        rateLimitConfiguration={"failedLogin": {"enabled": True, "limit": limit, "timePeriodInSeconds": 30}},
        failedAuthenticationConfiguration={"tooManyAttempts": 100},
    )


@pytest.mark.parametrize("known", [True, False])
def test_a_tenant_limits_failed_logins_per_user_known_or_not(world: World, known: bool) -> None:
    door = Door(world)
    limit_failed_logins(door, 4)
    if known:
        door.add_user()
    assert [door.status(WRONG) for _ in range(4)] == [404] * 4
    answer = door.knock(WRONG)
    assert (answer.status_code, door.status()) == (429, 429)
    assert 0 < int(answer.headers["Retry-After"]) <= 30
    neighbour = Door(world)
    neighbour.add_user()
    assert neighbour.status() == 200
    world.clock.advance(seconds=30)
    assert door.status() == (200 if known else 404)


def test_32_failed_logins_at_once_never_pass_the_limit(world: World) -> None:
    door = Door(world)
    limit_failed_logins(door, 4)
    door.add_user()
    answers = at_once(lambda _: door.status(WRONG), 32)
    assert sorted(answers) == [404] * 4 + [429] * 28


def test_an_address_begins_only_so_many_logins_at_x_and_a_backend_with_a_key_any_number(
    client: Client,
) -> None:
    assert [client.starts() for _ in range(MOST + 1)] == [200] * MOST + [429]
    assert client.starts(key=client.door.world.service.key) == 200
    assert client.knock("wrong").status_code == 404, "failures are counted apart"
