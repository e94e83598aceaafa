"""Events of all but logins: users, registrations, links, refresh tokens, keys; each is vetoed where it may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import requests

from identity.domain.events import NEVER_TRANSACTIONAL, TYPES
from tests.login_world import TWITTER, World
from tests.webhook_world import NO, Hook, Hooks, hooks_of

EVERY = sorted(TYPES - {"audit-log.create", "event-log.create", "kickstart.success"})


@pytest.fixture
def hooks(world: World) -> Iterator[Hooks]:
    with hooks_of(world.service) as made:
        yield made


@pytest.fixture
def hook(hooks: Hooks) -> Hook:
    """Hears of everything, and has no say."""
    made = hooks.add(*EVERY)
    hooks.switch_on(*EVERY)
    return made


@dataclass
class Scene:
    """Somebody who has logged in, and the calls of an administrator about them."""

    world: World
    login: dict[str, Any]

    @property
    def user(self) -> dict[str, Any]:
        user: dict[str, Any] = self.login["user"]
        return user

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        return self.world.service.call(method, path, body, **options)

    @property
    def at(self) -> str:
        return f"/api/user/{self.user['id']}"

    @property
    def registration(self) -> str:
        return f"/api/user/registration/{self.user['id']}"


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world, world.logged_in("alice"))


Act = Callable[[Scene], requests.Response]


def create_user(scene: Scene) -> requests.Response:
    return scene.call("POST", "/api/user", {"user": {"username": "new", "password": "correct horse battery"}})


def create_and_register(scene: Scene) -> requests.Response:
    user = {"username": "new", "password": "correct horse battery"}
    registration = {"applicationId": scene.world.application_id}
    return scene.call("POST", "/api/user/registration", {"user": user, "registration": registration})


def update_user(scene: Scene) -> requests.Response:
    members = {"fullName": "New", "email": "new@example.com", "password": "correct horse battery staple"}
    return scene.call("PATCH", scene.at, {"user": members})


def deactivate(scene: Scene) -> requests.Response:
    return scene.call("DELETE", scene.at)


def reactivate(scene: Scene) -> requests.Response:
    return scene.call("PUT", f"{scene.at}?reactivate=true")


def delete_user(scene: Scene) -> requests.Response:
    return scene.call("DELETE", f"{scene.at}?hardDelete=true")


def register(scene: Scene) -> requests.Response:
    other = scene.call("POST", "/api/application", {"application": {"name": str(uuid4())}}).json()["application"]
    return scene.call("POST", scene.registration, {"registration": {"applicationId": other["id"]}})


def update_registration(scene: Scene) -> requests.Response:
    path = f"{scene.registration}/{scene.world.application_id}"
    return scene.call("PATCH", path, {"registration": {"roles": ["admin"]}})


def delete_registration(scene: Scene) -> requests.Response:
    return scene.call("DELETE", f"{scene.registration}/{scene.world.application_id}")


def link(scene: Scene) -> requests.Response:
    return scene.world.link(identityProviderUserId="outside", userId=scene.user["id"], token="canary")


def unlink(scene: Scene) -> requests.Response:
    [held] = scene.world.links(scene.user["id"])
    return scene.world.unlink(scene.user["id"], held["identityProviderUserId"])


def refresh(scene: Scene) -> requests.Response:
    return scene.call("POST", "/api/jwt/refresh", {"refreshToken": scene.login["refreshToken"]}, key="")


def revoke_token(scene: Scene) -> requests.Response:
    return scene.call("DELETE", f"/api/jwt/refresh/{scene.login['refreshTokenId']}")


def revoke_user(scene: Scene) -> requests.Response:
    return scene.call("DELETE", f"/api/jwt/refresh?userId={scene.user['id']}")


def revoke_application(scene: Scene) -> requests.Response:
    return scene.call("DELETE", f"/api/jwt/refresh?applicationId={scene.world.application_id}")


def log_out(scene: Scene) -> requests.Response:
    return scene.call("POST", f"/api/logout?refreshToken={scene.login['refreshToken']}", key="")


def log_out_everywhere(scene: Scene) -> requests.Response:
    return scene.call("POST", f"/api/logout?global=true&refreshToken={scene.login['refreshToken']}", key="")


def change_application_key(scene: Scene) -> requests.Response:
    key = scene.call("POST", "/api/key/generate", {"key": {"name": str(uuid4()), "algorithm": "ES256"}}).json()["key"]
    jwt = {"enabled": True, "accessTokenKeyId": key["id"]}
    path = f"/api/application/{scene.world.application_id}"
    return scene.call("PATCH", path, {"application": {"jwtConfiguration": jwt}})


def change_tenant_key(scene: Scene) -> requests.Response:
    key = scene.call("POST", "/api/key/generate", {"key": {"name": str(uuid4()), "algorithm": "ES256"}}).json()["key"]
    path = f"/api/tenant/{scene.world.service.tenant_id}"
    return scene.call("PATCH", path, {"tenant": {"jwtConfiguration": {"accessTokenKeyId": key["id"]}}})


ACTS: list[tuple[Act, list[str]]] = [
    (create_user, ["user.create", "user.create.complete"]),
    (
        create_and_register,
        [
            "user.create",
            "user.registration.create",
            "user.create.complete",
            "user.registration.create.complete",
        ],
    ),
    (
        update_user,
        ["user.update", "user.identity.update", "user.update.complete", "user.email.update", "user.password.update"],
    ),
    (deactivate, ["user.deactivate"]),
    (reactivate, ["user.reactivate"]),
    (delete_user, ["user.delete", "user.delete.complete"]),
    (register, ["user.registration.create", "user.registration.create.complete"]),
    (update_registration, ["user.registration.update", "user.registration.update.complete"]),
    (delete_registration, ["user.registration.delete", "user.registration.delete.complete"]),
    (link, ["user.identity-provider.link"]),
    (unlink, ["user.identity-provider.unlink"]),
    (refresh, ["jwt.refresh"]),
    (revoke_token, ["jwt.refresh-token.revoke"]),
    (revoke_user, ["jwt.refresh-token.revoke"]),
    (revoke_application, ["jwt.refresh-token.revoke"]),
    (log_out, ["jwt.refresh-token.revoke"]),
    (log_out_everywhere, ["jwt.refresh-token.revoke"]),
    (change_application_key, ["jwt.public-key.update"]),
    (change_tenant_key, ["jwt.public-key.update"]),
]


def named(value: Any) -> str:
    return value.__name__ if callable(value) else ""


@pytest.mark.parametrize(("act", "types"), ACTS, ids=named)
def test_what_is_done_is_told_in_its_order(scene: Scene, hooks: Hooks, hook: Hook, act: Act, types: list[str]) -> None:
    answer = act(scene)
    assert answer.status_code in {200, 204}, answer.text
    hooks.deliver()
    assert hook.types == types


@pytest.mark.parametrize(("act", "types"), ACTS, ids=named)
def test_what_webhooks_agree_to_is_done_and_asked_about_once(
    scene: Scene, hooks: Hooks, act: Act, types: list[str]
) -> None:
    hook = hooks.add(*EVERY)
    hooks.switch_on(*EVERY, transaction="AbsoluteMajority")
    answer = act(scene)
    assert answer.status_code in {200, 204}, answer.text
    hooks.deliver()
    assert sorted(hook.types) == sorted(types)


@pytest.mark.parametrize(("act", "types"), [each for each in ACTS if set(each[1]) - NEVER_TRANSACTIONAL], ids=named)
def test_what_webhooks_do_not_agree_to_is_not_done(scene: Scene, hooks: Hooks, act: Act, types: list[str]) -> None:
    hooks.add(types[0], behaviour=NO)
    hooks.switch_on(types[0], transaction="Any")
    before = _rows(scene.world)
    answer = act(scene)
    assert answer.status_code == 504, answer.text
    assert answer.json()["generalErrors"][0]["code"] == "[WebhookTransactionException]"
    assert _rows(scene.world) == before
    assert hooks.deliver() == 0


def _rows(world: World) -> dict[str, list[Any]]:
    """Everything that the acts could change."""
    tables = ("users", "registrations", "links", "refresh_tokens", "passwords")
    found: dict[str, list[Any]] = {name: sorted(world.rows(f"SELECT t::text FROM {name} t")) for name in tables}
    found["keys"] = world.rows("SELECT access_token_key_id FROM tenants ORDER BY id")
    return found


def test_another_login_id_is_told_with_what_it_was(scene: Scene, hooks: Hooks, hook: Hook) -> None:
    email = scene.user["email"]
    assert scene.call("PATCH", scene.at, {"user": {"email": "other@example.com", "username": "first"}}).ok
    assert scene.call("PATCH", scene.at, {"user": {"username": "second"}}).ok
    hooks.deliver()
    told = [event for event in hook.events if event["type"] == "user.identity.update"]
    assert [(each["loginIdType"], each["previousLoginId"], each["newLoginId"]) for each in told] == [
        ("email", email, "other@example.com"),
        ("username", "first", "second"),
    ]
    assert {each["user"]["id"] for each in told} == {scene.user["id"]}


def test_a_link_by_hand_carries_no_token(scene: Scene, hooks: Hooks, hook: Hook) -> None:
    link(scene)
    hooks.deliver()
    [request] = hook.requests
    assert b"canary" not in request.body
    assert hook.events[0]["identityProviderLink"]["identityProviderId"] == TWITTER


def test_the_same_link_again_is_no_event(scene: Scene, hooks: Hooks, hook: Hook) -> None:
    link(scene)
    link(scene)
    hooks.deliver()
    assert hook.types == ["user.identity-provider.link"]


def test_a_refresh_tells_the_access_token_and_not_the_refresh_token(scene: Scene, hooks: Hooks, hook: Hook) -> None:
    tokens = refresh(scene).json()
    hooks.deliver()
    [event] = hook.events
    assert event["token"] == tokens["token"]
    assert event["userId"] == scene.user["id"] and event["applicationId"] == scene.world.application_id
    assert "refreshToken" not in event
    logged = hooks.log_of(event["id"])["event"]["event"]
    assert tokens["token"] not in str(logged) and logged["token"].startswith("<")


def test_a_revocation_says_how_long_access_tokens_live(scene: Scene, hooks: Hooks, hook: Hook) -> None:
    revoke_token(scene)
    hooks.deliver()
    [event] = hook.events
    assert event["applicationTimeToLiveInSeconds"] == {scene.world.application_id: 3600}
    assert event["refreshToken"]["id"] == scene.login["refreshTokenId"]
    assert "token" not in event["refreshToken"]
    assert event["user"]["id"] == event["userId"] == scene.user["id"]


def test_another_key_names_the_applications_it_signs_for(scene: Scene, hooks: Hooks, hook: Hook) -> None:
    change_tenant_key(scene)
    change_application_key(scene)
    hooks.deliver()
    for event in hook.events:
        assert event["applicationIds"] == [scene.world.application_id]


def test_the_event_log_is_searched(scene: Scene, hooks: Hooks, hook: Hook) -> None:
    deactivate(scene)
    reactivate(scene)
    hooks.deliver()
    assert [found["eventType"] for found in hooks.log()] == ["user.deactivate", "user.reactivate"]
    [found] = hooks.log(eventType="user.reactivate", eventResult="Succeeded", event=scene.user["id"])
    assert found["linkedObjectId"] == scene.user["id"] and found["successfulAttempts"] == 1
    assert hooks.log(eventResult="Failed") == []
    [attempt] = hooks.log_of(found["id"])["attempts"]
    one = scene.call("GET", f"/api/system/webhook-attempt-log/{attempt['id']}").json()["webhookAttemptLog"]
    assert one == attempt
    assert one["webhookCallResponse"] == {"statusCode": 200, "url": f"{hook.sink.url}/hook"}


def test_no_secret_is_in_an_event_or_in_its_log(world: World, hooks: Hooks, hook: Hook) -> None:
    canary = f"Canary9{uuid4().hex}"
    application = {"authenticationTokenConfiguration": {"enabled": True}}
    path = f"/api/application/{world.application_id}"
    assert world.service.call("PATCH", path, {"application": application}).status_code == 200
    registration = {
        "applicationId": world.application_id,
        "authenticationToken": canary,
        "tokens": {"Twitter": canary},
    }
    body = {"user": {"username": "new", "password": canary}, "registration": registration}
    made = world.service.call("POST", "/api/user/registration", body)
    assert made.status_code == 200, made.text
    secrets = {canary, made.json()["refreshToken"], made.json()["token"]}
    body = world.login_body("alice")
    secrets |= {value for name, value in body["data"].items() if name != "oauth_verifier"}
    logged_in = world.post_login(body).json()
    secrets |= {logged_in["token"], logged_in["refreshToken"]}
    hooks.deliver()
    said = "".join(request.body.decode() for request in hook.requests)
    stored = str(world.rows("SELECT t::text FROM webhook_event_logs t")) + str(
        world.rows("SELECT t::text FROM webhook_attempt_logs t")
    )
    assert len(hook.requests) >= 8
    assert [secret for secret in secrets if secret in said or secret in stored] == []


def test_an_event_says_where_the_call_came_from(scene: Scene, hooks: Hooks, hook: Hook) -> None:
    headers = {"User-Agent": "an administrator", "X-Forwarded-For": "192.0.2.7"}
    body = {"user": {"fullName": "New"}}
    assert scene.call("PATCH", scene.at, body, headers=headers).status_code == 200
    hooks.deliver()
    assert [event["info"] for event in hook.events] == [{"ipAddress": "192.0.2.7", "userAgent": "an administrator"}] * 2
