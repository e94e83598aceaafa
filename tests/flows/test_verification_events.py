"""What webhooks hear of verifications and passwords, and where they have a say. Source: supporting contract 17.4."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.login_world import World
from tests.verifying import (
    EMAIL,
    REGISTRATION,
    handed_out,
    linked_person,
    register,
    verify,
    verify_emails,
    verify_registrations,
)
from tests.webhook_world import NO, OK, Hooks, hooks_of

CHANGE, FORGOT = "/api/user/change-password", "/api/user/forgot-password"
OLD, NEW = "correct horse battery", "staple battery horse"
TYPES = (
    "user.email.verified",
    "user.identity.verified",
    "user.registration.verified",
    "user.password.reset.send",
    "user.password.reset.start",
    "user.password.reset.success",
    "user.password.update",
)


@pytest.fixture
def hooks(world: World) -> Iterator[Hooks]:
    with hooks_of(world.service) as made:
        made.switch_on(*TYPES)
        yield made


def forget(world: World, user_id: str, **members: Any) -> str:
    answer = world.service.call("POST", FORGOT, {"loginId": world.user(user_id)["email"]} | members)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["changePasswordId"])


def change(world: World, secret: str, **members: Any) -> requests.Response:
    return world.service.call("POST", CHANGE, {"changePasswordId": secret, "password": NEW} | members, key="")


def test_a_verified_address_is_told_once(world: World, hooks: Hooks) -> None:
    verify_emails(world)
    hook = hooks.add(*TYPES)
    user_id = linked_person(world)
    body = {"verificationId": handed_out(world, user_id)["verificationId"], "eventInfo": {"ipAddress": "192.0.2.9"}}
    assert world.service.call("POST", EMAIL, body, key="").status_code == 200
    world.service.client.verify_email_address_by_user_id({"userId": user_id})
    hooks.deliver()
    [event] = [each for each in hook.events if each["type"] == "user.email.verified"]
    assert (event["user"]["id"], event["user"]["verified"]) == (user_id, True)
    assert event["info"]["ipAddress"] == "192.0.2.9"
    [identity] = [each for each in hook.events if each["type"] == "user.identity.verified"]
    assert (identity["loginId"], identity["loginIdType"]) == (event["user"]["email"], "email")
    assert body["verificationId"] not in str(hook.events)


def test_a_verified_registration_is_told(world: World, hooks: Hooks) -> None:
    verify_registrations(world)
    hook = hooks.add(*TYPES)
    user_id = linked_person(world)
    register(world, user_id)
    given = handed_out(world, user_id, REGISTRATION)["verificationId"]
    assert verify(world, given, None, REGISTRATION).status_code == 200
    hooks.deliver()
    [event] = hook.events
    assert event["type"] == "user.registration.verified"
    assert event["applicationId"] == event["registration"]["applicationId"] == world.application_id
    assert event["registration"]["verified"] is True
    assert event["user"]["registrations"][0]["verified"] is True


def test_a_forgotten_password_is_told_from_start_to_success(world: World, hooks: Hooks) -> None:
    hook = hooks.add(*TYPES)
    user_id = linked_person(world)
    secret = forget(world, user_id)
    assert change(world, secret).status_code == 200
    hooks.deliver()
    expected = ["user.password.reset.start", "user.password.reset.send", "user.password.update"]
    assert hook.types == [*expected, "user.password.reset.success"]
    assert {event["user"]["id"] for event in hook.events} == {user_id}
    assert not {secret, OLD, NEW} & set(str(hook.events).split("'"))


def test_an_id_that_an_administrator_delivers_is_not_told_as_sent(world: World, hooks: Hooks) -> None:
    hook = hooks.add(*TYPES)
    forget(world, linked_person(world), sendForgotPasswordEmail=False)
    hooks.deliver()
    assert hook.types == ["user.password.reset.start"]


def test_a_change_that_was_demanded_is_an_update_and_no_reset(world: World, hooks: Hooks) -> None:
    hook = hooks.add(*TYPES)
    linked_person(world, passwordChangeRequired=True)
    assert change(world, world.login("alice").json()["changePasswordId"]).status_code == 200
    hooks.deliver()
    assert hook.types == ["user.password.update"]


@pytest.mark.parametrize("what", ["email", "registration", "implicit"])
def test_a_webhook_that_refuses_leaves_everything_unverified_and_the_id_alive(
    world: World, hooks: Hooks, what: str
) -> None:
    verify_emails(world)
    verify_registrations(world)
    user_id = linked_person(world)
    register(world, user_id)
    if what == "implicit":
        secret = forget(world, user_id)
    else:
        secret = handed_out(world, user_id, EMAIL if what == "email" else REGISTRATION)["verificationId"]
    hook = hooks.add(*TYPES, behaviour=NO)
    hooks.switch_on(*TYPES, transaction="AbsoluteMajority")

    def resolve() -> requests.Response:
        if what == "implicit":
            return change(world, secret)
        return verify(world, secret, None, EMAIL if what == "email" else REGISTRATION)

    refused = resolve()
    assert refused.status_code == 504
    assert refused.json()["generalErrors"][0]["code"] == "[WebhookTransactionException]"
    user = world.user(user_id)
    assert user["verified"] is user["registrations"][0]["verified"] is False
    hook.answer(OK)
    assert resolve().status_code == 200
