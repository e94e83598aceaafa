"""Second factors whose codes are sent: by mail and by message, to log in, to set a method up and to remove it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from identity.flows import courier
from tests.fakes.sink import Sink
from tests.fakes.sink import answer as ok
from tests.login_world import World
from tests.second_factors import (
    METHODS,
    answer,
    challenge,
    change_tenant,
    mailed_codes,
    mails,
    messaged_codes,
    tenant_policy,
    with_phone,
)

SEND = "/api/two-factor/send"
ADDRESS, PHONE = "second@example.com", "+49 30 901820"


@dataclass(frozen=True)
class Way:
    """A kind of method with an address, and where its codes are read."""

    method: str
    address: dict[str, str]
    codes: Callable[[World], list[str]]


WAYS = [
    Way("email", {"email": ADDRESS}, lambda world: mailed_codes(world, ADDRESS)),
    Way("sms", {"mobilePhone": PHONE}, lambda world: messaged_codes(world, PHONE)),
]
both_ways = pytest.mark.parametrize("way", WAYS, ids=[way.method for way in WAYS])


@pytest.fixture
def alice(world: World) -> str:
    """A user in a tenant that offers every kind of method, with a messenger."""
    user_id = str(world.logged_in("alice")["user"]["id"])
    messenger = {"messenger": {"type": "Generic", "name": "Gateway", "url": "http://127.0.0.1:9/", "transport": "http"}}
    made = world.service.call("POST", "/api/messenger", messenger)
    assert made.status_code == 200, made.text
    sms = {"enabled": True, "messengerId": made.json()["messenger"]["id"]}
    tenant_policy(world, email={"enabled": True}, sms=sms)
    return user_id


def send(world: World, **members: Any) -> requests.Response:
    return world.service.call("POST", SEND, members)


def enable(world: World, user_id: str, way: Way, code: str) -> requests.Response:
    return world.service.call("POST", f"{METHODS}/{user_id}", {"method": way.method, "code": code, **way.address})


def with_way(world: World, user_id: str, way: Way) -> str:
    """Set the method up with a code that was sent; its id."""
    assert send(world, userId=user_id, method=way.method, **way.address).status_code == 200
    answered = enable(world, user_id, way, way.codes(world)[-1])
    assert answered.status_code == 200, answered.text
    return str(world.user(user_id)["twoFactor"]["methods"][-1]["id"])


def send_for_login(world: World, two_factor_id: str, **members: Any) -> int:
    return world.service.call("POST", f"{SEND}/{two_factor_id}", members, key="").status_code


@both_ways
def test_a_sent_code_sets_the_method_up_and_another_one_logs_in(world: World, alice: str, way: Way) -> None:
    method_id = with_way(world, alice, way)
    response = world.login("alice")
    assert response.status_code == 242
    [method] = response.json()["methods"]
    assert method == {"id": method_id, "method": way.method, "lastUsed": False, **way.address}
    two_factor_id = response.json()["twoFactorId"]
    assert send_for_login(world, two_factor_id, methodId=method_id) == 200
    code = way.codes(world)[-1]
    assert (len(code), code.isdigit()) == (6, True)
    done = answer(world, two_factor_id, code)
    assert done.status_code == 200, done.text
    assert done.json()["user"]["twoFactor"]["methods"][0]["lastUsed"] is True


def test_the_generic_messenger_posts_to_a_sink_and_the_login_finishes_with_the_code_read_there(
    world: World, alice: str
) -> None:
    with Sink([ok(200)]) as gateway:
        messenger = {"type": "Generic", "name": "Sink", "url": f"{gateway.url}/sms", "headers": {"X-Gateway": "mine"}}
        made = world.service.call("POST", "/api/messenger", {"messenger": messenger})
        assert made.status_code == 200, made.text
        tenant_policy(world, sms={"enabled": True, "messengerId": made.json()["messenger"]["id"]})

        def last_code() -> str:
            courier.deliver_due(world.service.services)
            posted = gateway.requests[-1]
            assert posted.headers["x-gateway"] == "mine"
            body = json.loads(posted.body)
            assert (body["phoneNumber"], body["type"]) == (PHONE, "SMS")
            return str(body["code"])

        assert send(world, userId=alice, method="sms", mobilePhone=PHONE).status_code == 200
        assert enable(world, alice, WAYS[1], last_code()).status_code == 200
        response = world.login("alice")
        [method] = response.json()["methods"]
        assert send_for_login(world, response.json()["twoFactorId"], methodId=method["id"]) == 200
        assert answer(world, response.json()["twoFactorId"], last_code()).status_code == 200


@both_ways
def test_a_new_code_ends_the_earlier_ones_of_its_challenge(world: World, alice: str, way: Way) -> None:
    method_id = with_way(world, alice, way)
    two_factor_id = challenge(world, "alice")
    for _ in range(2):
        assert send_for_login(world, two_factor_id, methodId=method_id) == 200
    first, second = way.codes(world)[-2:]
    assert answer(world, two_factor_id, first).status_code == (421 if first != second else 200)
    assert answer(world, two_factor_id, second).status_code == 200


def test_a_code_is_bound_to_its_challenge(world: World, alice: str) -> None:
    method_id = with_way(world, alice, WAYS[0])
    mine, other = challenge(world, "alice"), challenge(world, "alice")
    assert send_for_login(world, mine, methodId=method_id) == 200
    code = mailed_codes(world, ADDRESS)[-1]
    assert answer(world, other, code).status_code == 421
    assert answer(world, mine, code).status_code == 200


def test_a_code_is_too_old_after_the_tenants_time(world: World, alice: str) -> None:
    identifiers = {
        "twoFactorOneTimeCodeIdTimeToLiveInSeconds": 30,
        "twoFactorOneTimeCodeIdGenerator": {"length": 9, "type": "randomAlpha"},
    }
    method_id = with_way(world, alice, WAYS[0])
    change_tenant(world, externalIdentifierConfiguration=identifiers)
    two_factor_id = challenge(world, "alice")
    assert send_for_login(world, two_factor_id, methodId=method_id) == 200
    code = mailed_codes(world, ADDRESS)[-1]
    assert (len(code), code.isalpha()) == (9, True)
    world.clock.advance(seconds=30)
    assert answer(world, two_factor_id, code).status_code == 421


def test_a_code_of_a_method_that_was_removed_meanwhile_is_none(world: World, alice: str) -> None:
    method_id = with_way(world, alice, WAYS[0])
    _, recovery = with_phone(world, alice)
    assert recovery == []
    two_factor_id = challenge(world, "alice")
    assert send_for_login(world, two_factor_id, methodId=method_id) == 200
    code = mailed_codes(world, ADDRESS)[-1]
    assert send(world, userId=alice, methodId=method_id).status_code == 200
    removal = mailed_codes(world, ADDRESS)[-1]
    query = {"methodId": method_id, "code": removal}
    assert world.service.call("DELETE", f"{METHODS}/{alice}", params=query).status_code == 200
    assert answer(world, two_factor_id, code).status_code == 421


@both_ways
def test_a_sent_code_removes_the_method(world: World, alice: str, way: Way) -> None:
    method_id = with_way(world, alice, way)
    assert send(world, userId=alice, methodId=method_id).status_code == 200
    code = way.codes(world)[-1]
    query = {"methodId": method_id, "code": code}
    assert world.service.call("DELETE", f"{METHODS}/{alice}", params=query).status_code == 200
    assert world.user(alice)["twoFactor"]["methods"] == []


def test_a_code_that_was_sent_to_one_address_sets_up_no_other(world: World, alice: str) -> None:
    assert send(world, userId=alice, method="email", email=ADDRESS).status_code == 200
    code = mailed_codes(world, ADDRESS)[-1]
    other = Way("email", {"email": "attacker@example.com"}, WAYS[0].codes)
    assert enable(world, alice, other, code).status_code == 421
    assert enable(world, alice, WAYS[0], code).status_code == 200


def test_a_code_to_set_a_method_up_works_once(world: World, alice: str) -> None:
    assert send(world, userId=alice, method="email", email=ADDRESS).status_code == 200
    code = mailed_codes(world, ADDRESS)[-1]
    assert enable(world, alice, WAYS[0], code).status_code == 200
    again = enable(world, alice, WAYS[0], code)
    assert again.json()["fieldErrors"]["email"][0]["code"] == "[duplicate]email"


def test_the_user_is_told_by_mail_of_every_change(world: World, alice: str) -> None:
    email = world.user(alice)["email"]
    method_id = with_way(world, alice, WAYS[0])
    [added] = mails(world, email, "A second factor was added")
    assert "email" in added
    assert send(world, userId=alice, methodId=method_id).status_code == 200
    query = {"methodId": method_id, "code": mailed_codes(world, ADDRESS)[-1]}
    assert world.service.call("DELETE", f"{METHODS}/{alice}", params=query).status_code == 200
    assert len(mails(world, email, "A second factor was removed")) == 1


def test_a_token_sends_to_its_owner_only(world: World, alice: str) -> None:
    token = world.logged_in("alice")["token"]
    headers = {"Authorization": f"Bearer {token}"}
    body = {"method": "email", "email": ADDRESS}
    assert world.service.call("POST", SEND, body, key="", headers=headers).status_code == 200
    assert len(mailed_codes(world, ADDRESS)) == 1
    other = world.add_user(email="other@example.com")["id"]
    assert world.service.call("POST", SEND, body | {"userId": other}, key="", headers=headers).status_code == 404
    assert world.service.call("POST", SEND, body, key="").status_code == 401


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({}, "methodId"),
        ({"method": "authenticator"}, "method"),
        ({"method": "email"}, "email"),
        ({"method": "email", "email": "no address"}, "email"),
        ({"method": "sms"}, "mobilePhone"),
        ({"methodId": "ZZZZ"}, "methodId"),
    ],
)
def test_a_code_needs_somewhere_to_go(world: World, alice: str, members: dict[str, str], field: str) -> None:
    response = send(world, userId=alice, **members)
    assert response.status_code == 400
    assert set(response.json()["fieldErrors"]) == {field}


def test_without_a_messenger_no_code_is_sent_and_none_is_kept(world: World, alice: str) -> None:
    tenant_policy(world, sms={"enabled": True, "messengerId": None})
    assert send(world, userId=alice, method="sms", mobilePhone=PHONE).status_code == 400
    assert world.count("two_factor_codes") == 0


def test_an_authenticator_is_sent_nothing(world: World, alice: str) -> None:
    with_phone(world, alice)
    two_factor_id = challenge(world, "alice")
    method_id = world.user(alice)["twoFactor"]["methods"][0]["id"]
    assert send_for_login(world, two_factor_id, methodId=method_id) == 400
    assert send_for_login(world, two_factor_id) == 400
    assert send_for_login(world, "unknown", methodId=method_id) == 404


def test_the_tenants_limit_of_codes_counts_per_user(world: World, alice: str) -> None:
    limit = {"sendTwoFactor": {"enabled": True, "limit": 2, "timePeriodInSeconds": 60}}
    change_tenant(world, rateLimitConfiguration=limit)
    statuses = [send(world, userId=alice, method="email", email=ADDRESS).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    world.clock.advance(seconds=61)
    assert send(world, userId=alice, method="email", email=ADDRESS).status_code == 200


def test_wrong_codes_for_a_new_address_count_for_the_user(world: World, alice: str) -> None:
    assert send(world, userId=alice, method="email", email=ADDRESS).status_code == 200
    code = mailed_codes(world, ADDRESS)[-1]
    wrong = [text for text in (f"{number:06}" for number in range(11)) if text != code][:10]
    assert {enable(world, alice, WAYS[0], text).status_code for text in wrong} == {421}
    assert enable(world, alice, WAYS[0], code).status_code == 421
