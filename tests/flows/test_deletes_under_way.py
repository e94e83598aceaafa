"""What somebody uses is deleted at that moment: nobody is answered by a fault, and no half of anything is left."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import requests

from identity.store import applications, configuration, roles
from tests.invariants import broken
from tests.login_world import TWITTER, World
from tests.service import insert_signing_key
from tests.storm import THREADS, Call, Storm

ROUNDS = 3
PEOPLE = ("alice", "alice-second", "dana-before", "dana-now", "max", "hanako", "mallory", "newt")


def survived(world: World, storm: Storm, *expected: int, links_may_be_gone: bool = False) -> None:
    """Only the expected statuses, and every rule of the tables holds."""
    assert set(storm.statuses) <= set(expected), (storm.statuses, storm.told(*expected))
    with world.service.services.db.read() as conn:
        assert broken(conn, links_may_be_gone=links_may_be_gone) == {}


def logging_in(world: World, **members: Any) -> list[Call]:
    """One call per person, each with an access token of its own."""
    bodies = [world.login_body(person, **members) for person in PEOPLE]
    return [
        lambda body=body: world.service.call("POST", "/api/identity-provider/login", body, key="") for body in bodies
    ]


def refreshing(world: World, tokens: list[str]) -> list[Call]:
    return [
        lambda token=token: world.service.call("POST", "/api/jwt/refresh", {"refreshToken": token}, key="")
        for token in tokens
    ]


def done(answer: requests.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json() if answer.content else None


def new_application(world: World, *, tenant: str | None = None) -> str:
    document = {"name": str(uuid4()), "loginConfiguration": {"generateRefreshTokens": True, "allowTokenRefresh": True}}
    made = done(world.service.call("POST", "/api/application", {"application": document}, tenant=tenant))
    application_id: str = made["application"]["id"]
    document = {"applicationConfiguration": {application_id: {"enabled": True, "createRegistration": True}}}
    done(world.service.call("PATCH", f"/api/identity-provider/{TWITTER}", {"identityProvider": document}))
    return application_id


def test_an_application_goes_while_people_log_in_and_refresh(world: World) -> None:
    for _ in range(ROUNDS):
        application_id = new_application(world)
        token = done(world.login("alice", applicationId=application_id))["refreshToken"]
        calls = [*logging_in(world, applicationId=application_id), *refreshing(world, [token] * len(PEOPLE))]
        storm = Storm(calls)
        with storm.blowing():
            done(world.service.call("DELETE", f"/api/application/{application_id}?hardDelete=true"))
        survived(world, storm, 200, 400)


def test_a_provider_goes_and_comes_while_people_log_in(world: World) -> None:
    storm = Storm(logging_in(world))
    shown = done(world.service.call("GET", f"/api/identity-provider/{TWITTER}"))
    with storm.blowing():
        for _ in range(ROUNDS):
            done(world.service.call("DELETE", f"/api/identity-provider/{TWITTER}"))
            done(world.service.call("POST", "/api/identity-provider", shown))
    survived(world, storm, 200, 401, links_may_be_gone=True)


def test_a_tenant_goes_while_people_log_in_to_it(world: World) -> None:
    for _ in range(ROUNDS):
        tenant = done(world.service.call("POST", "/api/tenant", {"tenant": {"name": str(uuid4())}}))["tenant"]["id"]
        application_id = new_application(world, tenant=tenant)
        storm = Storm(logging_in(world, applicationId=application_id))
        with storm.blowing():
            done(world.service.call("DELETE", f"/api/tenant/{tenant}"))
        survived(world, storm, 200, 400)


def test_users_go_while_they_log_in_and_refresh(world: World) -> None:
    tokens = [done(world.login(person))["refreshToken"] for person in PEOPLE]
    storm = Storm([*logging_in(world), *refreshing(world, tokens)])
    with storm.blowing():
        for _ in range(ROUNDS):
            for user in done(world.service.call("GET", "/api/user/search?numberOfResults=100"))["users"]:
                assert world.service.call("DELETE", f"/api/user/{user['id']}?hardDelete=true").status_code in {200, 404}
    survived(world, storm, 200, 400)


def test_registrations_and_links_go_while_people_log_in_and_refresh(world: World) -> None:
    logins = [done(world.login(person)) for person in PEOPLE]
    storm = Storm([*logging_in(world), *refreshing(world, [login["refreshToken"] for login in logins])])
    with storm.blowing():
        for user_id in (login["user"]["id"] for login in logins):
            path = f"/api/user/registration/{user_id}/{world.application_id}"
            assert world.service.call("DELETE", path).status_code in {200, 404}
            for link in world.links(user_id):
                query = "&".join(f"{name}={link[name]}" for name in ("identityProviderUserId", "identityProviderId"))
                path = f"/api/identity-provider/link?userId={user_id}&{query}"
                assert world.service.call("DELETE", path).status_code in {200, 404}
    for person in PEOPLE:  # whoever was unlinked last is linked again: what is broken then was broken by a login
        done(world.login(person))
    survived(world, storm, 200, 400)


def test_a_lambda_goes_while_logins_run_it(world: World) -> None:
    lambda_id = world.add_lambda("function reconcile(user, registration) { user.data.seen = true; }")
    world.configure(lambdaConfiguration={"reconcileId": lambda_id})
    storm = Storm(logging_in(world))
    with storm.blowing():
        assert world.service.call("DELETE", f"/api/lambda/{lambda_id}").status_code == 400
        world.configure()
        done(world.service.call("DELETE", f"/api/lambda/{lambda_id}"))
    survived(world, storm, 200)


def test_a_key_goes_while_it_signs(world: World) -> None:
    application = f"/api/application/{world.application_id}"
    with world.service.services.db.transaction() as conn:
        key_id = insert_signing_key(conn, world.service.services, "short-lived")
    configuration = {"jwtConfiguration": {"enabled": True, "accessTokenKeyId": str(key_id)}}
    done(world.service.call("PATCH", application, {"application": configuration}))
    tokens = [done(world.login(person))["refreshToken"] for person in PEOPLE]
    storm = Storm([*logging_in(world), *refreshing(world, tokens)])
    with storm.blowing():
        assert world.service.call("DELETE", f"/api/key/{key_id}").status_code == 400
        configuration = {"jwtConfiguration": {"enabled": False, "accessTokenKeyId": None}}
        done(world.service.call("PATCH", application, {"application": configuration}))
        done(world.service.call("DELETE", f"/api/key/{key_id}"))
    survived(world, storm, 200)


def test_roles_go_while_people_are_registered_with_them(world: World) -> None:
    application = f"/api/application/{world.application_id}"
    users = [world.add_user(email=f"{uuid4()}@example.com")["id"] for _ in range(4)]

    def register(user_id: str) -> requests.Response:
        registration = {"applicationId": world.application_id, "roles": ["short-lived"]}
        path = f"/api/user/registration/{user_id}"
        answer = world.service.call("POST", path, {"registration": registration})
        world.service.call("DELETE", f"{path}/{world.application_id}")
        return answer

    done(world.service.call("POST", f"{application}/role", {"role": {"name": "short-lived"}}))
    storm = Storm([lambda user_id=user_id: register(user_id) for user_id in users])
    with storm.blowing():
        for _ in range(ROUNDS):
            done(world.service.call("DELETE", f"{application}/role?name=short-lived"))
            done(world.service.call("POST", f"{application}/role", {"role": {"name": "short-lived"}}))
        done(world.service.call("DELETE", f"{application}/role?name=short-lived"))
    survived(world, storm, 200, 400)


def test_an_api_key_goes_while_it_is_used(world: World) -> None:
    made = done(world.service.call("POST", "/api/api-key", {"apiKey": {"name": "short-lived"}}))["apiKey"]
    storm = Storm([lambda: world.service.call("GET", "/api/tenant", key=made["key"])])
    with storm.blowing():
        done(world.service.call("DELETE", f"/api/api-key/{made['id']}"))
    survived(world, storm, 200, 401)


def test_a_login_that_slips_into_the_deletion_of_its_tenant_leaves_no_record(world: World) -> None:
    """The deletion waits for somebody who holds the tenant; a person of the tenant logs in meanwhile."""
    tenant = done(world.service.call("POST", "/api/tenant", {"tenant": {"name": "Short-lived"}}))["tenant"]["id"]
    application_id = new_application(world, tenant=tenant)
    done(world.login("max", applicationId=application_id))
    body = world.login_body("max", applicationId=application_id)
    database = world.service.services.db
    with ThreadPoolExecutor(2) as pool, database.read() as conn:
        with database.transaction() as holder:
            holder.execute("SELECT 1 FROM tenants WHERE id = %s FOR KEY SHARE", (tenant,))
            deletion = pool.submit(world.service.call, "DELETE", f"/api/tenant/{tenant}")
            while not _waiting(conn):
                assert not deletion.done()
            login = pool.submit(world.service.call, "POST", "/api/identity-provider/login", body, key="")
            while not login.done() and _waiting(conn) < 2:
                assert not deletion.done()
        done(deletion.result())
        assert login.result().status_code in {200, 400}
        assert broken(conn) == {}


def _register(world: World, user_id: str) -> requests.Response:
    registration = {"registration": {"applicationId": world.application_id, "roles": ["user"]}}
    return world.service.call("POST", f"/api/user/registration/{user_id}", registration)


def _register_again(world: World, user_id: str) -> requests.Response:
    path = f"/api/user/registration/{user_id}/{world.application_id}"
    return world.service.call("PUT", path, {"registration": {"roles": ["user"]}})


@pytest.mark.parametrize("door", ["registration", "changed registration", "first login", "second login"])
def test_nobody_gets_a_role_that_is_removed_at_that_moment(world: World, door: str) -> None:
    user_id = world.add_user(email="alice@example.com")["id"]
    body = world.login_body("alice" if door == "second login" else "max")
    if door == "changed registration":
        done(_register(world, user_id))
    calls: dict[str, Call] = {
        "registration": lambda: _register(world, user_id),
        "changed registration": lambda: _register_again(world, user_id),
        "first login": lambda: world.service.call("POST", "/api/identity-provider/login", body, key=""),
        "second login": lambda: world.service.call("POST", "/api/identity-provider/login", body, key=""),
    }
    database = world.service.services.db
    with ThreadPoolExecutor(1) as pool, database.read() as conn:
        with database.transaction() as remover:
            stored = applications.lock(remover, UUID(world.application_id))
            assert stored is not None
            remover.execute("SELECT 1 FROM applications WHERE id = %s FOR UPDATE", (stored.id,))
            under_way = pool.submit(calls[door])
            while not _waiting(conn):
                assert not under_way.done()
            configuration.changed(remover)
            roles.delete(remover, stored, next(role for role in stored.roles if role.name == "user"))
        assert under_way.result().status_code in {200, 400}
        assert broken(conn) == {}


def _waiting(conn: psycopg.Connection[Any]) -> int:
    """How many wait for a lock in this database."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    row = conn.execute(query).fetchone()
    assert row is not None
    return int(row[0])


OBJECTS: dict[str, Callable[[World, str], requests.Response]] = {
    "e-mail address": lambda world, name: world.service.call(
        "POST", "/api/user", {"user": {"email": f"{name}@example.com", "password": "correct horse battery"}}
    ),
    "username": lambda world, name: world.service.call(
        "POST", "/api/user", {"user": {"username": name, "password": "correct horse battery"}}
    ),
    "tenant name": lambda world, name: world.service.call("POST", "/api/tenant", {"tenant": {"name": name}}),
    "application name": lambda world, name: world.service.call(
        "POST", "/api/application", {"application": {"name": name}}, tenant=world.service.tenant_id
    ),
    "role name": lambda world, name: world.service.call(
        "POST", f"/api/application/{world.application_id}/role", {"role": {"name": name}}
    ),
    "API key name": lambda world, name: world.service.call("POST", "/api/api-key", {"apiKey": {"name": name}}),
    "API key text": lambda world, name: world.service.call("POST", "/api/api-key", {"apiKey": {"key": name}}),
    "key name": lambda world, name: world.service.call(
        "POST", "/api/key/import", {"key": {"algorithm": "HS256", "name": name, "secret": name * 3}}
    ),
    "lambda id": lambda world, name: world.service.call(
        "POST",
        f"/api/lambda/{name}",
        {"lambda": {"name": "n", "type": "TwitterReconcile", "body": "function reconcile() {}"}},
    ),
    "user id": lambda world, name: world.service.call(
        "POST",
        f"/api/user/{name}",
        {"user": {"email": f"{uuid4()}@example.com", "password": "correct horse battery"}},
    ),
    "application id": lambda world, name: world.service.call(
        "POST", f"/api/application/{name}", {"application": {"name": str(uuid4())}}
    ),
    "tenant id": lambda world, name: world.service.call(
        "POST", f"/api/tenant/{name}", {"tenant": {"name": str(uuid4())}}
    ),
}


@pytest.mark.parametrize("what", list(OBJECTS))
def test_of_sixteen_who_want_the_same_one_gets_it_and_the_others_are_told(world: World, what: str) -> None:
    name, start = str(uuid4()), threading.Barrier(THREADS)

    def make(_: int) -> requests.Response:
        start.wait(timeout=60)
        return OBJECTS[what](world, name)

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(make, range(THREADS)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * (THREADS - 1)
    for answer in answers:
        if answer.status_code == 400:
            fields = answer.json()["fieldErrors"]
            assert [error["code"][:11] for errors in fields.values() for error in errors] == ["[duplicate]"], (
                answer.text
            )
    with world.service.services.db.read() as conn:
        assert broken(conn) == {}
