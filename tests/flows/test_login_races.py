"""Logins that happen at once, with each other and with an administrator: T8, T9, decisions 17 and 19."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
import requests

from tests.login_world import TWITTER, World

MANY = 50


def at_once(calls: list[Callable[[], requests.Response]]) -> list[requests.Response]:
    """The answers of calls that all begin at the same moment, each in a thread of its own."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], requests.Response]) -> requests.Response:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def logins(world: World, bodies: list[dict[str, Any]]) -> list[Callable[[], requests.Response]]:
    return [lambda body=body: world.post_login(body) for body in bodies]


def statuses(answers: list[requests.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def add_people(world: World, count: int, **members: Any) -> list[str]:
    """More accounts at X; returns their keys."""
    people = [{"key": f"p{n}", "id": str(9000 + n), "screen_name": f"p{n}"} | members for n in range(count)]
    world.x.control("POST", "people", {"people": people})
    return [person["key"] for person in people]


def broken_invariants(world: World) -> list[Any]:
    """What must never be (security section 5): every query gives no row."""
    queries = (
        "SELECT email_canonical FROM users GROUP BY tenant_id, email_canonical HAVING count(email_canonical) > 1",
        "SELECT user_id FROM links l LEFT JOIN users u ON (u.tenant_id, u.id) = (l.tenant_id, l.user_id)"
        " WHERE u.id IS NULL",
        "SELECT u.id FROM users u LEFT JOIN links l ON l.user_id = u.id LEFT JOIN passwords p ON p.user_id = u.id"
        " WHERE l.user_id IS NULL AND p.user_id IS NULL",
        "SELECT r.user_id FROM login_records r LEFT JOIN users u ON (u.tenant_id, u.id) = (r.tenant_id, r.user_id)"
        " WHERE u.id IS NULL",
    )
    return [row for query in queries for row in world.rows(query)]


@pytest.mark.parametrize("strategy", ["LinkByEmail", "LinkByUsername", "LinkAnonymously"])
def test_fifty_first_logins_of_one_person_at_once_make_one_user_and_one_link(world: World, strategy: str) -> None:
    world.strategy(strategy)
    answers = at_once(logins(world, [world.login_body("alice")] * MANY))
    assert statuses(answers) == {200: MANY}
    assert len({answer.json()["user"]["id"] for answer in answers}) == 1
    assert len({answer.json()["user"]["registrations"][0]["id"] for answer in answers}) == 1
    assert (world.count("users"), world.count("links"), world.count("registrations")) == (1, 1, 1)
    assert (world.count("login_records"), world.count("refresh_tokens")) == (MANY, MANY)
    assert broken_invariants(world) == []


def test_logins_whose_lambda_changes_the_user_every_time_all_succeed_at_once(world: World) -> None:
    world.logged_in("alice")
    world.reconcile_with("function reconcile(user) { user.data.last = Math.random(); }")
    answers = at_once(logins(world, [world.login_body("alice")] * 20))
    assert statuses(answers) == {200: 20}


def test_people_who_match_one_user_at_once_make_as_many_links_as_allowed(world: World) -> None:
    user = world.add_user(email="shared@example.com")
    world.configure(**world.limit(3))
    people = add_people(world, MANY, email="shared@example.com")
    answers = at_once(logins(world, [world.login_body(person) for person in people]))
    assert statuses(answers) == {200: 3, 401: MANY - 3}
    codes = {answer.json()["generalErrors"][0]["code"] for answer in answers if answer.status_code == 401}
    assert codes == {"[LinkCountExceeded]"}
    assert len(world.links(user["id"])) == 3
    assert world.count("users") == 1


def test_people_who_share_a_new_e_mail_at_once_make_one_user_with_a_link_each(world: World) -> None:
    people = add_people(world, 20, email="new@example.com")
    answers = at_once(logins(world, [world.login_body(person) for person in people]))
    assert statuses(answers) == {200: 20}
    assert (world.count("users"), world.count("links")) == (1, 20)
    assert broken_invariants(world) == []


def test_links_made_by_hand_at_once_keep_to_the_limit(world: World) -> None:
    user = world.add_user(email="ann@example.com")
    world.configure(**world.limit(3))
    calls = [lambda n=n: world.link(userId=user["id"], identityProviderUserId=str(n)) for n in range(20)]
    assert statuses(at_once(calls)) == {200: 3, 400: 17}
    assert len(world.links(user["id"])) == 3


def test_logins_and_links_by_hand_at_once_keep_to_the_limit_together(world: World) -> None:
    user = world.add_user(email="shared@example.com")
    world.configure(**world.limit(3))
    people = add_people(world, 10, email="shared@example.com")
    by_hand = [lambda n=n: world.link(userId=user["id"], identityProviderUserId=str(n)) for n in range(10)]
    answers = at_once(logins(world, [world.login_body(person) for person in people]) + by_hand)
    assert statuses(answers)[200] == 3
    assert len(world.links(user["id"])) == 3


def test_a_pending_link_redeemed_for_many_users_at_once_is_one_link(world: World) -> None:
    world.strategy("CreatePendingLink")
    pending_id = world.login("alice").json()["pendingIdPLinkId"]
    users = [world.add_user(email=f"u{number}@example.com")["id"] for number in range(10)]

    def redeem(user_id: str) -> requests.Response:
        document = {"pendingIdPLinkId": pending_id, "userId": user_id}
        return world.service.call("POST", "/api/identity-provider/link", document)

    assert statuses(at_once([lambda user=user: redeem(user) for user in users])) == {200: 1, 400: 9}
    assert (world.count("links"), world.count("pending_links")) == (1, 0)


def test_one_person_in_two_tenants_at_once_is_a_user_in_each(world: World) -> None:
    _, application_id = world.add_tenant("other")
    bodies = [world.login_body("alice"), world.login_body("alice", applicationId=application_id)] * 10
    assert statuses(at_once(logins(world, bodies))) == {200: 20}
    assert world.rows("SELECT count(DISTINCT tenant_id), count(*) FROM users") == [(2, 2)]
    assert world.count("links") == 2


def during(world: World, change: Callable[[], Any]) -> list[requests.Response]:
    """The answers of logins that begin after a change, which was made while others went on."""
    bodies = [world.login_body("alice")] * 8
    done, enough = threading.Event(), threading.Semaphore(0)

    def keep_on(body: dict[str, Any]) -> set[int]:
        seen = set()
        while not done.is_set():
            seen.add(world.post_login(body).status_code)
            enough.release()
        return seen

    with ThreadPoolExecutor(len(bodies)) as pool:
        running = [pool.submit(keep_on, body) for body in bodies]
        for _ in range(2 * len(bodies)):
            enough.acquire()
        change()
        after = [world.post_login(body) for body in bodies]
        done.set()
        assert set().union(*(each.result() for each in running)) <= {200, 401, 404}
    return after


def test_once_the_provider_is_disabled_no_login_that_begins_later_succeeds(world: World) -> None:
    after = during(world, lambda: world.configure(enabled=False))
    assert statuses(after) == {401: 8}
    records = world.count("login_records")
    assert world.login("alice").status_code == 401
    assert world.count("login_records") == records


def test_once_the_consumer_secret_is_another_no_login_that_begins_later_succeeds(world: World) -> None:
    after = during(world, lambda: world.configure(consumerSecret="another"))
    assert {answer.json()["generalErrors"][0]["code"] for answer in after} == {"[TwitterVerifyCredentials]"}


def test_once_a_user_is_deactivated_no_login_succeeds_and_no_refresh_token_lives(world: World) -> None:
    user_id = world.logged_in("alice")["user"]["id"]

    def deactivate() -> None:
        assert world.service.call("DELETE", f"/api/user/{user_id}").status_code == 200

    assert statuses(during(world, deactivate)) == {404: 8}
    assert world.count("refresh_tokens") == 0


def test_once_a_user_is_unlinked_a_login_that_begins_later_is_a_first_one(world: World) -> None:
    user_id = world.logged_in("alice")["user"]["id"]
    world.strategy("Disabled")
    after = during(world, lambda: world.unlink(user_id, world.x.person("alice")["id"]))
    assert statuses(after) == {404: 8}
    assert world.count("links") == 0


def test_logins_that_race_unlinks_all_succeed_and_end_with_one_link_at_most(world: World) -> None:
    user_id = world.logged_in("alice")["user"]["id"]
    subject = world.x.person("alice")["id"]
    calls = logins(world, [world.login_body("alice")] * 10)
    calls += [lambda: world.unlink(user_id, subject) for _ in range(10)]
    answers = at_once(calls)
    assert statuses(answers[:10]) == {200: 10}
    assert set(statuses(answers[10:])) <= {200, 404}
    assert world.count("links") <= 1
    assert world.count("users") == 1


# A change that is under way


def held_back(world: World, change: str, *values: Any) -> requests.Response:
    """The answer of a login that meets an uncommitted change, which is committed once the login waits for it."""
    body = world.login_body("alice")
    url = world.service.services.settings.database.url
    with ThreadPoolExecutor(1) as pool, psycopg.connect(url) as other:
        other.execute("UPDATE installation SET configuration_version = configuration_version + 1")
        other.execute(change, values)
        login = pool.submit(world.post_login, body)
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        while not login.done() and not world.rows(waiting):
            pass
        other.commit()
        return login.result()


@pytest.mark.parametrize("linked", [True, False])
def test_an_application_that_is_removed_during_a_login_is_unknown_and_nothing_fails(world: World, linked: bool) -> None:
    world.login("alice" if linked else "max")
    answer = held_back(world, "DELETE FROM applications WHERE id = %s", world.application_id)
    assert answer.status_code == 400, answer.text
    assert answer.json()["fieldErrors"]["applicationId"][0]["code"] == "[invalid]applicationId"


@pytest.mark.parametrize("strategy", ["LinkByEmail", "CreatePendingLink"])
def test_a_provider_that_is_removed_during_a_login_is_unknown_and_nothing_fails(world: World, strategy: str) -> None:
    world.strategy(strategy)
    world.login("max")
    answer = held_back(world, "DELETE FROM identity_providers WHERE id = %s", TWITTER)
    assert answer.status_code == 401, answer.text
    assert answer.json()["generalErrors"][0]["code"] == "[InvalidIdentityProviderId]"


def test_a_user_who_is_changed_during_a_login_keeps_the_change(world: World) -> None:
    user = world.add_user(email="alice@example.com", lastName="before", data={"kept": False})
    world.reconcile_with("function reconcile(user) { user.firstName = 'by lambda'; }")
    change = """UPDATE users SET last_name = 'after', data = '{"kept": true}' WHERE id = %s"""
    answer = held_back(world, change, user["id"])
    assert answer.status_code == 200, answer.text
    shown = answer.json()["user"]
    assert (shown["firstName"], shown["lastName"], shown["data"]) == ("by lambda", "after", {"kept": True})
    assert world.user(user["id"]) == shown


def test_a_user_whose_e_mail_is_changed_during_a_login_is_matched_no_more(world: World) -> None:
    user = world.add_user(email="alice@example.com")
    change = "UPDATE users SET email = 'b@example.com', email_canonical = 'b@example.com' WHERE id = %s"
    answer = held_back(world, change, user["id"])
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["id"] != user["id"]
    assert world.links(user["id"]) == []


def test_a_user_who_is_removed_during_a_login_is_made_anew(world: World) -> None:
    user_id = world.logged_in("alice")["user"]["id"]
    removal = "WITH records AS (DELETE FROM login_records) DELETE FROM users WHERE id = %s"
    answer = held_back(world, removal, user_id)
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["id"] != user_id
    assert broken_invariants(world) == []
