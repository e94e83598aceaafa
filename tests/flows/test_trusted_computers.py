"""Trusted computers, step-up and the status of a user's second factor."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.login_world import World
from tests.second_factors import (
    START,
    STATUS,
    answer,
    challenge,
    change_application,
    change_tenant,
    tenant_policy,
    with_phone,
)

COOKIE = "fusionauth.trust"


@pytest.fixture
def alice(world: World) -> str:
    return str(world.logged_in("alice")["user"]["id"])


def trust(world: World, person: str, code: str, **options: Any) -> requests.Response:
    """Log in with a second factor and have the computer trusted."""
    response = answer(world, challenge(world, person, **options), code, trustComputer=True)
    assert response.status_code == 200, response.text
    return response


def login_from(world: World, trust_id: str, **members: Any) -> int:
    body = world.login_body("alice", **members)
    return world.post_login(body, cookies={COOKIE: trust_id}).status_code


def second_application(world: World) -> str:
    application_id = str(uuid4())
    document = {"application": {"name": f"Second {application_id}"}}
    assert world.service.call("POST", f"/api/application/{application_id}", document).status_code == 200
    both = {each: {"enabled": True} for each in (world.application_id, application_id)}
    world.configure(applicationConfiguration=both)
    return application_id


def test_a_trusted_computer_is_not_asked_again(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    response = trust(world, "alice", phone.code())
    trust_id = response.json()["twoFactorTrustId"]
    [cookie] = [line for line in response.raw.headers.getlist("Set-Cookie") if line.startswith(COOKIE)]
    assert f"{COOKIE}={trust_id};" in cookie
    assert {"HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert login_from(world, trust_id) == 200
    assert login_from(world, "another") == 242
    assert world.login("alice").status_code == 242


def test_trust_is_only_given_when_it_is_asked_for(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    response = answer(world, challenge(world, "alice"), phone.code())
    assert "twoFactorTrustId" not in response.json()
    assert COOKIE not in response.cookies


def test_the_trust_of_one_user_is_worth_nothing_for_another(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    max_id = str(world.logged_in("max")["user"]["id"])
    with_phone(world, max_id)
    trust_id = trust(world, "alice", phone.code()).json()["twoFactorTrustId"]
    assert world.post_login(world.login_body("max"), cookies={COOKIE: trust_id}).status_code == 242


def test_trust_ends_with_its_time_the_applications_or_else_the_tenants(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    change_tenant(world, externalIdentifierConfiguration={"twoFactorTrustIdTimeToLiveInSeconds": 1_000})
    trust_id = trust(world, "alice", phone.code()).json()["twoFactorTrustId"]
    change_application(world, externalIdentifierConfiguration={"twoFactorTrustIdTimeToLiveInSeconds": 5_000})
    response = trust(world, "alice", phone.code())
    assert "Max-Age=5000" in str(response.raw.headers.getlist("Set-Cookie"))
    world.clock.advance(seconds=1_001)
    assert login_from(world, trust_id) == 242
    assert login_from(world, response.json()["twoFactorTrustId"]) == 200


@pytest.mark.parametrize(("trust_policy", "here", "there"), [("Any", 200, 202), ("This", 200, 242), ("None", 242, 242)])
def test_the_applications_trust_policy_says_whose_trust_counts(
    world: World, alice: str, trust_policy: str, here: int, there: int
) -> None:
    other = second_application(world)
    world.configure(
        applicationConfiguration={
            each: {"enabled": True, "createRegistration": each == world.application_id}
            for each in (world.application_id, other)
        }
    )
    for application_id in (world.application_id, other):
        change_application(world, application_id, multiFactorConfiguration={"trustPolicy": trust_policy})
    phone, _ = with_phone(world, alice)
    trust_id = trust(world, "alice", phone.code()).json()["twoFactorTrustId"]
    assert login_from(world, trust_id) == here
    assert login_from(world, trust_id, applicationId=other) == there


def test_trusting_one_computer_for_a_second_application_keeps_the_first(world: World, alice: str) -> None:
    other = second_application(world)
    for application_id in (world.application_id, other):
        change_application(world, application_id, multiFactorConfiguration={"trustPolicy": "This"})
    phone, _ = with_phone(world, alice)
    first = trust(world, "alice", phone.code()).json()["twoFactorTrustId"]
    two_factor_id = challenge(world, "alice", applicationId=other)
    response = answer(world, two_factor_id, phone.code(), trustComputer=True, cookies={COOKIE: first})
    second = response.json()["twoFactorTrustId"]
    assert second != first
    assert login_from(world, second) == 200
    assert login_from(world, first) == 242
    status = world.service.call("GET", f"{STATUS}/{second}?userId={alice}&applicationId={other}")
    assert status.status_code == 200
    assert {each["applicationId"] for each in status.json()["trusts"]} == {world.application_id, other}


def test_removing_every_method_forgets_the_trusted_computers(world: World, alice: str) -> None:
    phone, recovery_codes = with_phone(world, alice)
    trust_id = trust(world, "alice", phone.code()).json()["twoFactorTrustId"]
    world.service.client.disable_two_factor(alice, "", recovery_codes[0])
    with_phone(world, alice)
    assert login_from(world, trust_id) == 242


def test_the_status_says_whether_a_login_would_be_asked(world: World, alice: str) -> None:
    client = world.service.client
    assert client.retrieve_two_factor_status(alice, None, None).status == 200
    phone, _ = with_phone(world, alice)
    asked = client.retrieve_two_factor_status(alice, None, None)
    assert (asked.status, asked.success_response) == (242, {"trusts": []})
    trust_id = trust(world, "alice", phone.code()).json()["twoFactorTrustId"]
    trusted = client.retrieve_two_factor_status_with_request({"userId": alice, "twoFactorTrustId": trust_id})
    assert trusted.status == 200
    body = trusted.success_response
    assert body["twoFactorTrustId"] == trust_id
    [only] = body["trusts"]
    assert only["applicationId"] == world.application_id
    assert only["expiration"] - only["startInstant"] == 2_592_000_000
    tenant_policy(world, loginPolicy="Disabled")
    assert client.retrieve_two_factor_status(alice, None, None).status == 200


def test_the_status_of_nobody_is_404_and_of_no_application_400(world: World, alice: str) -> None:
    assert world.service.call("GET", f"{STATUS}?userId={uuid4()}").status_code == 404
    assert world.service.call("GET", STATUS).status_code == 400
    assert world.service.call("GET", f"{STATUS}?userId={alice}&applicationId={uuid4()}").status_code == 400


def test_a_step_up_hands_out_a_code_that_completes_it(world: World, alice: str) -> None:
    state = '{"z": 1.0,  "a": [1e2]}'
    body = f'{{"userId": "{alice}", "applicationId": "{world.application_id}", "state": {state}}}'
    started = world.service.call("POST", START, data=body, headers={"Content-Type": "application/json"})
    assert started.status_code == 200, started.text
    assert started.json()["methods"] == []
    done = answer(world, started.json()["twoFactorId"], started.json()["code"])
    assert done.status_code == 200
    assert done.json()["trustToken"]
    assert f'"state":{state}' in done.text


def test_a_step_up_takes_the_callers_own_code_and_a_login_id(world: World, alice: str) -> None:
    email = world.user(alice)["email"]
    started = world.service.client.start_two_factor_login({"loginId": email.upper(), "code": "my own code"})
    assert started.was_successful(), started.error_response
    assert started.success_response["code"] == "my own code"
    done = world.service.client.two_factor_login(
        {"twoFactorId": started.success_response["twoFactorId"], "code": "my own code"}
    )
    assert done.status == 200
    assert "refreshToken" not in done.success_response


def test_a_step_ups_code_lives_as_long_as_the_tenant_says_and_the_methods_answer_too(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    started = world.service.call("POST", START, {"userId": alice}).json()
    assert [method["method"] for method in started["methods"]] == ["authenticator"]
    world.clock.advance(seconds=61)
    assert answer(world, started["twoFactorId"], started["code"]).status_code == 421
    assert answer(world, started["twoFactorId"], phone.code()).status_code == 200


def test_a_step_up_of_nobody_is_404_and_without_a_user_400(world: World) -> None:
    assert world.service.call("POST", START, {"userId": str(uuid4())}).status_code == 404
    assert world.service.call("POST", START, {"loginId": "nobody@example.test"}).status_code == 404
    assert world.service.call("POST", START, {}).status_code == 400


def test_a_state_that_is_no_object_or_too_long_is_refused(world: World, alice: str) -> None:
    for state in ("text", {"long": "x" * 10_240}):
        assert world.service.call("POST", START, {"userId": alice, "state": state}).status_code == 400
