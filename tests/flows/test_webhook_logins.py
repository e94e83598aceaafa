"""Logins and webhooks: who hears of what, who may veto, what a veto leaves behind (login contract rows 22 and 30)."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest

from tests.fakes.sink import silence
from tests.login_world import TWITTER, World
from tests.webhook_world import NO, OK, Hooks, hooks_of

ALL = (
    "user.create",
    "user.create.complete",
    "user.registration.create",
    "user.registration.create.complete",
    "user.identity-provider.link",
    "user.login.success",
    "user.login.failed",
    "user.login.new-device",
    "user.update",
    "user.update.complete",
    "user.registration.update",
    "user.registration.update.complete",
)


@pytest.fixture
def hooks(world: World) -> Iterator[Hooks]:
    with hooks_of(world.service) as made:
        yield made


def veto(answer: Any) -> str:
    assert answer.status_code == 504, answer.text
    assert answer.json()["fieldErrors"] == {}
    return str(answer.json()["generalErrors"][0]["code"])


def test_a_new_persons_events_arrive_in_the_order_of_the_contract(world: World, hooks: Hooks) -> None:
    hook = hooks.add(*ALL)
    hooks.switch_on(*ALL)
    logged_in = world.logged_in("alice")
    assert hook.events == []
    hooks.deliver()
    assert hook.types == [
        "user.create",
        "user.registration.create",
        "user.identity-provider.link",
        "user.create.complete",
        "user.registration.create.complete",
        "user.login.success",
    ]
    created, registered, linked, *_, success = hook.events
    user = logged_in["user"]
    assert created["tenantId"] == user["tenantId"] == str(world.service.tenant_id)
    assert {event["user"]["id"] for event in hook.events} == {user["id"]}
    assert registered["applicationId"] == world.application_id
    assert registered["registration"]["roles"] == ["user"]
    assert linked["identityProviderLink"]["identityProviderId"] == TWITTER
    assert "token" not in linked["identityProviderLink"]
    assert success["authenticationType"] == "TWITTER"
    assert success["identityProviderName"] == "Twitter"
    assert success["connectorId"] == user["connectorId"]
    assert success["info"]["ipAddress"] == success["ipAddress"]
    assert success["user"]["lastLoginInstant"] == user["lastLoginInstant"]
    assert {"createInstant", "id", "info", "tenantId", "type", "user"} == set(created)


def test_a_second_login_is_a_success_and_nothing_else(world: World, hooks: Hooks) -> None:
    world.logged_in("alice")
    hook = hooks.add(*ALL)
    hooks.switch_on(*ALL)
    world.logged_in("alice")
    hooks.deliver()
    assert hook.types == ["user.login.success"]


def test_what_a_lambda_changes_is_an_update_with_the_original(world: World, hooks: Hooks) -> None:
    world.logged_in("alice")
    world.reconcile_with("function reconcile(user, registration) { user.fullName = 'New'; registration.data.x = 1; }")
    hook = hooks.add(*ALL)
    hooks.switch_on(*ALL)
    world.logged_in("alice")
    hooks.deliver()
    assert hook.types == [
        "user.update",
        "user.registration.update",
        "user.update.complete",
        "user.registration.update.complete",
        "user.login.success",
    ]
    updated, registered, *_ = hook.events
    assert "fullName" not in updated["original"] and updated["user"]["fullName"] == "New"
    assert registered["original"]["data"] == {} and registered["registration"]["data"] == {"x": 1}


def test_an_event_needs_both_switches(world: World, hooks: Hooks) -> None:
    hook = hooks.add("user.create", "user.login.success")
    other = hooks.add("user.registration.create")
    hooks.switch_on("user.create", "user.registration.create.complete")
    world.logged_in("alice")
    hooks.deliver()
    assert hook.types == ["user.create"]
    assert other.types == []


def test_a_webhook_of_another_tenant_hears_nothing(world: World, hooks: Hooks) -> None:
    tenant_id, _ = world.add_tenant("elsewhere")
    other = hooks.add(*ALL, **{"global": False, "tenantIds": [tenant_id]})
    own = hooks.add("user.create", **{"global": False, "tenantIds": [str(world.service.tenant_id)]})
    hooks.switch_on(*ALL)
    world.logged_in("alice")
    hooks.deliver()
    assert other.types == []
    assert own.types == ["user.create"]


def test_super_majority_with_3_webhooks_one_failing_is_200(world: World, hooks: Hooks) -> None:
    made = [hooks.add("user.create", behaviour=behaviour) for behaviour in (OK, OK, NO)]
    hooks.switch_on("user.create", transaction="SuperMajority")
    world.logged_in("alice")
    assert [hook.types for hook in made] == [["user.create"]] * 3
    made[2].answer(OK)
    hooks.deliver()
    first, second = made[2].events
    assert first["id"] == second["id"] == made[0].events[0]["id"]
    assert [len(hook.events) for hook in made] == [1, 1, 2]
    assert hooks.log_of(first["id"])["eventResult"] == "Succeeded"


def test_super_majority_with_3_webhooks_two_failing_is_504_and_no_user_row(world: World, hooks: Hooks) -> None:
    made = [hooks.add("user.create", behaviour=behaviour) for behaviour in (OK, NO, NO)]
    hooks.switch_on("user.create", transaction="SuperMajority")
    assert veto(world.login("alice")) == "[WebhookTransactionException]"
    assert world.nothing_written()
    assert hooks.deliver() == 0
    assert [len(hook.events) for hook in made] == [1, 1, 1]
    [log] = hooks.log()
    assert log["eventResult"] == "Failed"
    assert (log["successfulAttempts"], log["failedAttempts"]) == (1, 2)


@pytest.mark.parametrize("event", ["user.create", "user.registration.create"])
def test_a_veto_before_the_first_commit_leaves_nothing(world: World, hooks: Hooks, event: str) -> None:
    hooks.add(event, behaviour=NO)
    hooks.switch_on(event, transaction="Any")
    veto(world.login("alice"))
    assert world.nothing_written()


def test_a_veto_of_an_update_leaves_the_user_as_they_were(world: World, hooks: Hooks) -> None:
    before = world.logged_in("alice")["user"]
    world.reconcile_with("function reconcile(user) { user.fullName = 'New'; }")
    hooks.add("user.update", behaviour=NO)
    hooks.switch_on("user.update", transaction="AbsoluteMajority")
    veto(world.login("alice"))
    assert "fullName" not in world.user(before["id"])


def test_an_update_that_webhooks_agree_to_is_made_and_asked_about_once(world: World, hooks: Hooks) -> None:
    before = world.logged_in("alice")["user"]
    world.reconcile_with("function reconcile(user) { user.fullName = 'New'; }")
    hook = hooks.add("user.update")
    hooks.switch_on("user.update", transaction="AbsoluteMajority")
    world.logged_in("alice")
    assert world.user(before["id"])["fullName"] == "New"
    assert hooks.deliver() == 0
    assert hook.types == ["user.update"]


def test_a_matched_user_without_registration_gets_one_once_webhooks_agree(world: World, hooks: Hooks) -> None:
    user = world.add_user(email="alice@example.com", skipVerification=True)
    hook = hooks.add("user.registration.create", "user.identity-provider.link")
    hooks.switch_on("user.registration.create", "user.identity-provider.link", transaction="AbsoluteMajority")
    assert world.logged_in("alice")["user"]["id"] == user["id"]
    hooks.deliver()
    assert hook.types == ["user.registration.create", "user.identity-provider.link"]
    assert hook.events[0]["registration"]["id"] == world.user(user["id"])["registrations"][0]["id"]


def test_a_veto_of_the_login_itself_leaves_user_and_link_and_no_token(world: World, hooks: Hooks) -> None:
    hooks.add("user.login.success", behaviour=NO)
    hooks.switch_on("user.login.success", transaction="AbsoluteMajority")
    answer = world.login("alice")
    veto(answer)
    assert "token" not in answer.json() and not answer.cookies
    assert (world.count("users"), world.count("links"), world.count("registrations")) == (1, 1, 1)
    assert (world.count("refresh_tokens"), world.count("login_records")) == (0, 0)
    hooks.switch_on()
    assert world.logged_in("alice")["token"]


@pytest.mark.parametrize("event", ["user.identity-provider.link", "user.create.complete", "user.login.failed"])
def test_some_events_never_veto(world: World, hooks: Hooks, event: str) -> None:
    hooks.add(event, behaviour=NO)
    hooks.switch_on(event, transaction="AbsoluteMajority")
    world.logged_in("alice")


def test_webhooks_are_asked_at_the_same_time(world: World, hooks: Hooks) -> None:
    for _ in range(3):
        hooks.add("user.create", behaviour=silence, readTimeout=600)
    hooks.switch_on("user.create", transaction="Any")
    began = time.monotonic()
    veto(world.login("alice"))
    assert time.monotonic() - began < 1.5


def test_a_webhook_that_is_down_costs_a_login_nothing_when_it_has_no_say(world: World, hooks: Hooks) -> None:
    hook = hooks.add(*ALL, behaviour=silence, readTimeout=300)
    hooks.switch_on(*ALL)
    world.logged_in("alice")
    assert hook.events == []


def test_an_event_is_tried_again_with_the_same_id_and_in_its_order(world: World, hooks: Hooks) -> None:
    hook = hooks.add("user.create", "user.registration.create", behaviour=NO)
    hooks.switch_on("user.create", "user.registration.create")
    world.logged_in("alice")
    hooks.deliver()
    hook.answer(OK)
    world.clock.advance(seconds=1)
    hooks.deliver()
    first, again, registered = hook.events
    assert (first["type"], again["type"], registered["type"]) == (
        "user.create",
        "user.create",
        "user.registration.create",
    )
    assert first == again
    log = hooks.log_of(first["id"])
    assert [attempt["attemptResult"] for attempt in log["attempts"]] == ["Failure", "Success"]
    assert log["attempts"][0]["webhookCallResponse"]["statusCode"] == 500
    assert log["eventResult"] == "Succeeded"


def test_after_four_tries_an_event_is_given_up(world: World, hooks: Hooks) -> None:
    hook = hooks.add("user.create", behaviour=NO)
    hooks.switch_on("user.create")
    world.logged_in("alice")
    for seconds in (0, 1, 10, 60, 600):
        world.clock.advance(seconds=seconds)
        hooks.deliver()
    assert len(hook.events) == 4
    assert hooks.log_of(hook.events[0]["id"])["eventResult"] == "Failed"


def test_a_signed_event_carries_a_jwt_over_the_sha_256_of_its_body(world: World, hooks: Hooks) -> None:
    key = world.service.call("POST", "/api/key/generate", {"key": {"name": "hooks", "algorithm": "ES256"}}).json()[
        "key"
    ]
    hook = hooks.add("user.create", signatureConfiguration={"enabled": True, "signingKeyId": key["id"]})
    hooks.switch_on("user.create")
    world.logged_in("alice")
    hooks.deliver()
    [request] = hook.requests
    token = request.headers["x-fusionauth-signature-jwt"]
    assert jwt.get_unverified_header(token)["kid"] == key["kid"]
    claims = jwt.decode(token, key["publicKey"], algorithms=["ES256"])
    assert claims["request_body_sha256"] == base64.b64encode(hashlib.sha256(request.body).digest()).decode()


def test_a_webhook_gets_its_headers_and_its_basic_authentication(world: World, hooks: Hooks) -> None:
    hook = hooks.add(
        "user.create",
        headers={"X-Own": "value"},
        httpAuthenticationUsername="user",
        httpAuthenticationPassword="canary",
    )
    hooks.switch_on("user.create")
    world.logged_in("alice")
    hooks.deliver()
    [request] = hook.requests
    assert request.method == "POST" and request.headers["content-type"] == "application/json"
    assert request.headers["x-own"] == "value"
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"user:canary").decode()


def test_a_refused_login_of_somebody_known_is_a_failed_one(world: World, hooks: Hooks) -> None:
    user = world.logged_in("alice")["user"]
    hook = hooks.add(*ALL)
    hooks.switch_on(*ALL)
    assert world.service.call("DELETE", f"/api/user/{user['id']}").status_code == 200
    assert world.login("alice").status_code == 404
    hooks.deliver()
    [failed] = [event for event in hook.events if event["type"] == "user.login.failed"]
    assert failed["reason"] == {"code": "credentials"}
    assert failed["user"]["id"] == user["id"]


def test_a_login_that_a_lambda_refuses_is_a_failed_one_with_its_errors(world: World, hooks: Hooks) -> None:
    body = "function validate(result) { result.errors.generalErrors = [{code: '[No]', message: 'No.'}]; }"
    document = {"name": "validate", "type": "LoginValidation", "body": body}
    lambda_id = world.service.call("POST", "/api/lambda", {"lambda": document}).json()["lambda"]["id"]
    patch = {"tenant": {"lambdaConfiguration": {"loginValidationId": lambda_id}}}
    assert world.service.call("PATCH", f"/api/tenant/{world.service.tenant_id}", patch).status_code == 200
    hook = hooks.add("user.login.failed")
    hooks.switch_on("user.login.failed")
    assert world.login("alice").status_code == 400
    hooks.deliver()
    [failed] = hook.events
    assert failed["reason"]["code"] == "lambdaValidation"
    assert failed["reason"]["lambdaId"] == lambda_id
    assert failed["reason"]["lambdaResult"]["generalErrors"][0]["code"] == "[No]"


def test_a_login_with_another_browser_is_one_from_a_new_device(world: World, hooks: Hooks) -> None:
    hook = hooks.add("user.login.new-device")
    hooks.switch_on("user.login.new-device")
    for browser in ("first", "first", "second", "first"):
        body = world.login_body("alice")
        assert world.post_login(body, headers={"User-Agent": browser}).status_code == 200
    hooks.deliver()
    [new] = hook.events
    assert new["info"]["userAgent"] == "second"


def test_a_login_that_the_client_calls_one_from_a_new_device_is_one(world: World, hooks: Hooks) -> None:
    hook = hooks.add("user.login.new-device")
    hooks.switch_on("user.login.new-device")
    world.logged_in("alice")
    world.logged_in("alice", newDevice=True)
    hooks.deliver()
    assert hook.types == ["user.login.new-device"]


def test_what_the_client_says_of_the_login_is_in_its_events(world: World, hooks: Hooks) -> None:
    hook = hooks.add("user.login.success")
    hooks.switch_on("user.login.success")
    said = {"data": {"kiosk": 7}, "deviceName": "Kiosk", "ipAddress": "192.0.2.7", "os": "Plan 9", "userAgent": "rio"}
    world.logged_in("alice", eventInfo=said)
    hooks.deliver()
    [event] = hook.events
    assert event["info"].items() >= said.items()


def test_an_event_for_a_webhook_that_was_deleted_is_dropped(world: World, hooks: Hooks) -> None:
    hook = hooks.add("user.create")
    hooks.switch_on("user.create")
    world.logged_in("alice")
    assert world.service.call("DELETE", f"/api/webhook/{hook.id}").status_code == 200
    hooks.deliver()
    assert hook.events == []
    assert world.count("outbox") == 0


def test_a_private_address_is_called_only_where_the_operator_allows_it(world: World, hooks: Hooks) -> None:
    hook = hooks.add("user.create", url="http://169.254.169.254/latest/meta-data?key=canary")
    hooks.switch_on("user.create", transaction="Any")
    veto(world.login("alice"))
    [log] = hooks.log()
    [attempt] = hooks.log_of(log["id"])["attempts"]
    assert attempt["webhookId"] == hook.id
    assert attempt["webhookCallResponse"] == {
        "exception": "forbidden",
        "url": "http://169.254.169.254/latest/meta-data?...",
    }


def test_the_trace_names_the_row_by_which_webhooks_ended_a_login(world: World, hooks: Hooks) -> None:
    hooks.add("user.create", "user.login.success", behaviour=NO)
    rules = []
    for event in ("user.create", "user.login.success"):
        hooks.switch_on(event, transaction="Any")
        answer = world.login("alice")
        veto(answer)
        trace = answer.headers["X-Identity-Trace"]
        shown = world.service.call("GET", f"/api/system/login-trace/{trace}")
        rules.append(shown.json()["loginTrace"]["rule"])
    assert rules == ["3.5 row 22", "3.5 row 30"]
