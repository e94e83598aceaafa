"""What becomes of somebody whom X has proved, at the Rocket.Chat door: the gates of every door (rocket section 11)."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.password_door import PASSWORD
from tests.rocketchat.client import Chat, unauthorized
from tests.rocketchat.test_outcomes import BLOCKED, NOT_ACTIVATED, UNAUTHORIZED
from tests.troubles import TROUBLES, Somebody

FAULT = {"success": False, "error": "Internal server error"}
REFUSED: dict[int, dict[str, Any]] = {
    404: NOT_ACTIVATED,
    410: NOT_ACTIVATED,
    409: BLOCKED,
    400: UNAUTHORIZED,
    213: NOT_ACTIVATED,
}


@pytest.fixture
def somebody(own_chat: Chat) -> Somebody:
    return Somebody(own_chat.world)


def by_x(somebody: Somebody) -> requests.Response:
    x = somebody.world.x
    token, secret = x.access_token(somebody.person)
    app = {"appId": x.consumer_key, "appSecret": x.consumer_secret}
    pair = {"accessToken": token, "accessTokenSecret": secret}
    return Chat(somebody.world).login({"serviceName": "twitter", "expiresIn": 1} | pair | app)


def me_of(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    me: dict[str, Any] = answer.json()["data"]["me"]
    return me


@pytest.mark.parametrize("status", REFUSED)
def test_what_is_in_the_way_of_somebody_whom_x_has_proved(somebody: Somebody, status: int) -> None:
    TROUBLES[status](somebody)
    answer = by_x(somebody)
    assert (answer.status_code, answer.json()) == (401, {"success": False, "status": "error"} | REFUSED[status])
    assert somebody.world.count("rocketchat_tokens") == 0


def test_a_second_factor_is_asked_for(somebody: Somebody) -> None:
    TROUBLES[242](somebody)
    answer = by_x(somebody)
    assert (answer.status_code, answer.json()["error"]) == (401, "totp-required")
    assert answer.json()["details"] == {"method": "totp", "codeGenerated": False, "availableMethods": ["totp"]}


def test_a_veto_of_a_webhook_is_a_fault(somebody: Somebody) -> None:
    TROUBLES[504](somebody)
    answer = by_x(somebody)
    assert (answer.status_code, answer.json()) == (500, FAULT)
    assert somebody.world.count("rocketchat_tokens") == 0


def test_whoever_is_not_registered_is_a_user(somebody: Somebody) -> None:
    TROUBLES[202](somebody)
    assert me_of(by_x(somebody))["roles"] == ["user"]


def test_a_password_that_must_be_changed_and_an_unverified_address_keep_nobody_out(somebody: Somebody) -> None:
    TROUBLES[203](somebody)
    TROUBLES[212](somebody)
    me = me_of(by_x(somebody))
    assert me["requirePasswordChange"] is True
    assert me["emails"] == [{"address": somebody.email, "verified": False}]
    assert "email" not in me


def test_a_lockout_for_guessing_refuses_passwords_and_not_whom_x_vouches_for(somebody: Somebody) -> None:
    path = f"/api/tenant/{somebody.world.service.tenant_id}"
    rules = {"tooManyAttempts": 2, "resetCountInSeconds": 600, "actionDuration": 10, "actionDurationUnit": "MINUTES"}
    tenant = {"tenant": {"failedAuthenticationConfiguration": rules}}
    assert somebody.world.service.call("PATCH", path, tenant).status_code == 200
    chat = Chat(somebody.world)
    for _ in range(2):
        assert unauthorized(chat.login({"user": somebody.email, "password": "wrong"}))
    locked = chat.login({"user": somebody.email, "password": PASSWORD})
    assert locked.json()["error"] == "error-login-blocked-for-user"
    assert me_of(by_x(somebody))["emails"][0]["address"] == somebody.email


def test_one_link_too_many_is_unauthorized(somebody: Somebody) -> None:
    world = somebody.world
    world.configure(**world.limit(1))
    world.change_user(somebody.user_id, email="bob@example.com", verified=True)
    world.x.change_person("bob", email="bob@example.com")
    somebody.person = "bob"
    assert unauthorized(by_x(somebody))
    world.configure(**world.limit(2))
    assert by_x(somebody).status_code == 200


def test_without_an_e_mail_address_at_x_linking_by_it_finds_nobody(own_chat: Chat, somebody: Somebody) -> None:
    somebody.person = "bob"
    own_chat.world.x.change_person("bob", email=None)
    assert unauthorized(by_x(somebody))
    own_chat.world.strategy("LinkAnonymously")
    assert "emails" not in me_of(by_x(somebody))
