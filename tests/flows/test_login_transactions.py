"""The two commits of a login and what it stands on: decisions 17, 19 and 22, reliability promises of security 5."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import jwt
import psycopg
import pytest
import requests

from identity.app import build_services
from identity.domain.errors import Invalid
from identity.domain.outcome import LoginOutcome, Verdict
from identity.domain.trace import Trace
from identity.flows.login.complete_login import complete_login
from identity.flows.login.login_attempt import LoginRequest
from identity.flows.services import Services
from identity.settings import Links
from tests.login_world import TWITTER, World, login_world, refused

OPEN_TRANSACTION = """
    SELECT pid, query FROM pg_stat_activity
    WHERE datname = current_database() AND state LIKE 'idle in transaction%%'
    """
WAITING = """
    SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
    """


def watched(world: World, body: dict[str, Any]) -> tuple[requests.Response, list[tuple[float, Any]]]:
    """The answer of a login, and the transactions that stood open and idle meanwhile, each with the time after."""
    seen: list[tuple[float, Any]] = []
    with ThreadPoolExecutor(1) as pool:
        login = pool.submit(world.post_login, body)
        while not login.done():
            found = world.rows(OPEN_TRANSACTION)
            seen += [(time.time(), row) for row in found]
        return login.result(), seen


@pytest.mark.parametrize("endpoint", ["access_token", "verify_credentials"])
@pytest.mark.parametrize("linked", [True, False])
def test_no_transaction_is_open_while_x_is_asked(world: World, endpoint: str, linked: bool) -> None:
    if linked:
        world.logged_in("alice")
    body = world.login_body("alice", verifier=True)
    world.x.fault("slow", endpoint=endpoint, ms=500)
    answer, seen = watched(world, body)
    answered = next(call["at"] for call in world.x.calls() if endpoint in call["path"]) / 1000
    assert answer.status_code == 200
    assert [row for when, row in seen if when < answered] == []


@pytest.mark.parametrize("person", ["alice", "bob"], ids=["row 20", "row 14"])
def test_no_transaction_is_open_while_the_lambda_runs(world: World, person: str) -> None:
    slow = "const end = Date.now() + 500; while (Date.now() < end) {} user.email = user.email || 'b@example.com';"
    world.reconcile_with(f"function reconcile(user) {{ {slow} console.info(String(end)); }}")
    answer, seen = watched(world, world.login_body(person))
    assert answer.status_code == 200
    ended = int(world.messages("Information")[0].rpartition("\n")[2]) / 1000
    assert [row for when, row in seen if when < ended] == []


def test_the_watch_sees_a_transaction_that_is_open(world: World) -> None:
    with psycopg.connect(world.service.services.settings.database.url) as other:
        other.execute("SELECT 1")
        world.x.fault("slow", ms=500)
        _, seen = watched(world, world.login_body("alice"))
    answered = world.x.calls()[0]["at"] / 1000
    assert [row for when, row in seen if when < answered]


# A connection that dies


@contextmanager
def blocked(world: World, table: str) -> Iterator[None]:
    """Nobody can write to the table meanwhile."""
    with psycopg.connect(world.service.services.settings.database.url) as other:
        other.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        yield


def killed_at(world: World, table: str, person: str = "alice") -> requests.Response:
    """The answer of a login whose connection is killed while it writes to the table."""
    body = world.login_body(person)
    with ThreadPoolExecutor(1) as pool, blocked(world, table):
        login = pool.submit(world.post_login, body)
        while not (found := world.rows(WAITING)):
            assert not login.done()
        world.rows("SELECT pg_terminate_backend(%s)", found[0][0])
        return login.result()


def test_a_connection_killed_in_the_first_commit_is_503_and_nothing_is_stored(world: World) -> None:
    answer = killed_at(world, "links")
    assert answer.status_code == 503, answer.text
    assert answer.headers["Retry-After"]
    assert answer.json()["generalErrors"]
    assert world.nothing_written()
    assert world.login("alice").status_code == 200


def test_a_connection_killed_after_the_first_commit_is_503_and_user_and_link_are_whole(world: World) -> None:
    assert killed_at(world, "login_records").status_code == 503
    assert (world.count("users"), world.count("registrations"), world.count("links")) == (1, 1, 1)
    assert (world.count("refresh_tokens"), world.count("login_records")) == (0, 0)
    assert world.login("alice").status_code == 200
    assert world.count("users") == 1


def test_a_connection_killed_while_a_linked_user_logs_in_is_503_and_nothing_of_it_stays(world: World) -> None:
    user = world.logged_in("alice")["user"]
    assert killed_at(world, "login_records").status_code == 503
    assert world.user(user["id"]) == user
    assert world.count("refresh_tokens") == 1


def test_a_connection_killed_while_a_pending_link_is_stored_is_503(world: World) -> None:
    world.strategy("CreatePendingLink")
    assert killed_at(world, "pending_links").status_code == 503
    assert world.nothing_written()


def test_connections_killed_at_any_moment_never_make_a_500_nor_half_a_login(database_url: str) -> None:
    people = [{"key": f"k{n}", "id": str(7000 + n), "screen_name": f"k{n}", "email": f"k{n}@x.io"} for n in range(40)]
    one_victim = """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
        ORDER BY state DESC, random() LIMIT 1
        """
    done = threading.Event()
    with login_world(database_url) as world:
        world.x.control("POST", "people", {"people": people})
        bodies = [world.login_body(person["key"]) for person in people]
        with ThreadPoolExecutor(4) as pool, psycopg.connect(database_url, autocommit=True) as killer:
            running = [pool.submit(world.post_login, body) for body in bodies]
            while not all(login.done() for login in running):
                killer.execute(one_victim)
                done.wait(0.02)  # the pace of the killer
            answers = [login.result() for login in running]
        assert {answer.status_code for answer in answers} <= {200, 503}
        logged_in = sum(answer.status_code == 200 for answer in answers)
    with psycopg.connect(database_url) as conn:
        unlinked = "SELECT count(*) FROM users u LEFT JOIN links l ON l.user_id = u.id WHERE l.user_id IS NULL"
        assert conn.execute(unlinked).fetchone() == (0,)
        records = conn.execute("SELECT count(*) FROM login_records").fetchone()
    assert records is not None and records[0] >= logged_in


# What another process changed


@pytest.fixture
def neighbour(world: World) -> Iterator[Services]:
    """A second process of the service, as far as its memory goes: the same database, copies of its own."""
    services = build_services(world.service.services.settings, world.clock.runtime())
    yield services
    services.close()


def login_at(services: Services, world: World, person: str = "alice") -> LoginOutcome:
    body = world.login_body(person)
    request = LoginRequest(UUID(world.application_id), UUID(TWITTER), body["data"])
    return complete_login(services, request, Trace(services.runtime.now))


def claims_of(outcome: LoginOutcome) -> dict[str, Any]:
    assert outcome.tokens is not None
    decoded: dict[str, Any] = jwt.decode(outcome.tokens.access_token, options={"verify_signature": False})
    return decoded


def code_of(outcome: LoginOutcome) -> str:
    assert outcome.problem is not None
    return outcome.problem.code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda world: world.configure(enabled=False), "[InvalidIdentityProviderId]"),
        (lambda world: world.configure(applicationConfiguration={}), "[InvalidIdentityProviderId]"),
        (lambda world: world.configure(consumerSecret="another"), "[TwitterVerifyCredentials]"),
        (lambda world: world.configure(**world.override(consumerSecret="another")), "[TwitterVerifyCredentials]"),
        (
            lambda world: world.service.call("DELETE", f"/api/identity-provider/{TWITTER}"),
            "[InvalidIdentityProviderId]",
        ),
        (
            lambda world: world.service.call("DELETE", f"/api/application/{world.application_id}"),
            "[InvalidApplication]",
        ),
    ],
    ids=["disabled", "not for the application", "secret", "overriding secret", "deleted", "application inactive"],
)
def test_a_refusal_configured_elsewhere_is_in_force_at_the_very_next_login(
    world: World, neighbour: Services, change: Callable[[World], Any], code: str
) -> None:
    assert login_at(neighbour, world).verdict is Verdict.LOGGED_IN
    change(world)
    assert code_of(login_at(neighbour, world)) == code


def test_an_application_deleted_elsewhere_is_unknown_at_the_very_next_login(world: World, neighbour: Services) -> None:
    assert login_at(neighbour, world).verdict is Verdict.LOGGED_IN
    path = f"/api/application/{world.application_id}?hardDelete=true"
    assert world.service.call("DELETE", path).status_code == 200
    with pytest.raises(Invalid):
        login_at(neighbour, world)


def test_a_strategy_changed_elsewhere_is_in_force_at_the_very_next_login(world: World, neighbour: Services) -> None:
    assert login_at(neighbour, world).verdict is Verdict.LOGGED_IN
    world.strategy("CreatePendingLink")
    assert login_at(neighbour, world, "max").verdict is Verdict.LINK_PENDING


def test_a_link_limit_set_elsewhere_is_in_force_at_the_very_next_login(world: World, neighbour: Services) -> None:
    assert login_at(neighbour, world).verdict is Verdict.LOGGED_IN
    world.configure(**world.limit(1))
    assert code_of(login_at(neighbour, world, "alice-second")) == "[LinkCountExceeded]"


def test_a_lambda_changed_elsewhere_runs_at_the_very_next_login(world: World, neighbour: Services) -> None:
    lambda_id = world.reconcile_with("function reconcile(user) { user.firstName = 'one'; }")
    assert login_at(neighbour, world).user.first_name == "one"  # type: ignore[union-attr]
    document = {"lambda": {"body": "function reconcile(user) { user.firstName = 'two'; }"}}
    assert world.service.call("PATCH", f"/api/lambda/{lambda_id}", document).status_code == 200
    assert login_at(neighbour, world).user.first_name == "two"  # type: ignore[union-attr]


def test_issuer_and_lifetime_changed_elsewhere_are_in_the_very_next_token(world: World, neighbour: Services) -> None:
    assert login_at(neighbour, world).verdict is Verdict.LOGGED_IN
    tenant = {"issuer": "https://new.example", "jwtConfiguration": {"timeToLiveInSeconds": 60}}
    answer = world.service.call("PATCH", f"/api/tenant/{world.service.tenant_id}", {"tenant": tenant})
    assert answer.status_code == 200, answer.text
    claims = claims_of(login_at(neighbour, world))
    assert (claims["iss"], claims["exp"] - claims["iat"]) == ("https://new.example", 60)


def test_a_default_role_added_elsewhere_is_given_at_the_very_next_first_login(
    world: World, neighbour: Services
) -> None:
    assert login_at(neighbour, world).verdict is Verdict.LOGGED_IN
    path = f"/api/application/{world.application_id}/role"
    assert world.service.call("POST", path, {"role": {"name": "guest", "isDefault": True}}).status_code == 200
    assert claims_of(login_at(neighbour, world, "max"))["roles"] == ["guest", "user"]


def test_a_user_deactivated_elsewhere_is_unknown_at_the_very_next_login(world: World, neighbour: Services) -> None:
    outcome = login_at(neighbour, world)
    assert outcome.user is not None
    assert world.service.call("DELETE", f"/api/user/{outcome.user.id}").status_code == 200
    assert login_at(neighbour, world).verdict is Verdict.NOT_FOUND


# What stays when the configuration changes during a login


def test_a_change_of_other_settings_does_not_spend_the_verifier_twice(world: World, neighbour: Services) -> None:
    assert login_at(neighbour, world).verdict is Verdict.LOGGED_IN
    world.configure(buttonText="Another text")
    body = world.login_body("alice", verifier=True)
    request = LoginRequest(UUID(world.application_id), UUID(TWITTER), body["data"])
    assert complete_login(neighbour, request, Trace(neighbour.runtime.now)).verdict is Verdict.LOGGED_IN
    assert [call["path"] for call in world.x.calls()].count("/oauth/access_token") == 1


# strict_relink


def test_d23_strict_relink_refuses_a_second_account_of_a_matched_user(database_url: str) -> None:
    with login_world(database_url, links=Links(strict_relink=True)) as world:
        user_id = world.logged_in("alice")["user"]["id"]
        assert refused(world.login("alice-second")) == "[ExistingUserAlreadyLinked]"
        assert len(world.links(user_id)) == 1
        assert world.login("alice").status_code == 200


def test_d23_without_strict_relink_a_matched_user_gets_a_second_account(world: World) -> None:
    user_id = world.logged_in("alice")["user"]["id"]
    assert world.logged_in("alice-second")["user"]["id"] == user_id
