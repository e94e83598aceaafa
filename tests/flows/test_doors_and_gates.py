"""Which door passes which gate: every cell of security section 10, one test each. An empty cell is tested as open.

The doors: password, Complete-Login (X), refresh, and the completion of a second factor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.login_world import World
from tests.second_factors import change_application, change_tenant, with_phone
from tests.troubles import PASSWORD, TROUBLES, Somebody, ask_second_factor

DOORS = ("password", "x", "refresh", "two-factor")


@dataclass
class Visitor:
    """Somebody at each door, with everything that is needed to get in there."""

    world: World
    somebody: Somebody = field(init=False)
    refresh_token: str = ""
    challenge: str = ""
    members: dict[str, Any] = field(default_factory=dict)
    """What is said in the body instead of what is right."""
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.somebody = Somebody(self.world)

    def prepare(self, door: str) -> None:
        """What has to be there before the trouble begins."""
        if door == "refresh":
            self.refresh_token = self.somebody.complete_login().json()["refreshToken"]
        if door == "two-factor":
            ask_second_factor(self.somebody)
            self.challenge = self.somebody.step_up()

    def knock(self, door: str) -> requests.Response:
        path, body = getattr(self, f"_{door.replace('-', '_')}")()
        return self.world.service.call("POST", path, body | self.members, key="", headers=self.headers)

    def _password(self) -> tuple[str, dict[str, Any]]:
        body = {"loginId": self.somebody.email, "password": PASSWORD, "applicationId": self.world.application_id}
        return "/api/login", body

    def _x(self) -> tuple[str, dict[str, Any]]:
        return "/api/identity-provider/login", self.world.login_body(self.somebody.person)

    def _refresh(self) -> tuple[str, dict[str, Any]]:
        return "/api/jwt/refresh", {"refreshToken": self.refresh_token}

    def _two_factor(self) -> tuple[str, dict[str, Any]]:
        assert self.somebody.phone is not None
        body = {"twoFactorId": self.challenge, "code": self.somebody.phone.code()}
        return "/api/two-factor/login", body | {"applicationId": self.world.application_id}


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def visitor(world: World, door: str) -> Visitor:
    change_application(world, loginConfiguration={"requireAuthentication": False})
    change_tenant(world, loginConfiguration={"requireAuthentication": False})
    visitor = Visitor(world)
    visitor.prepare(door)
    return visitor


def test_every_door_opens_for_who_is_in_no_trouble(visitor: Visitor, door: str) -> None:
    answer = visitor.knock(door)
    assert answer.status_code == 200, answer.text
    assert answer.json()["token"]


PROOFS = {"password": "password", "x": "data", "refresh": "refreshToken", "two-factor": "code"}


def test_gate_input_every_door_refuses_a_proof_of_the_wrong_kind(visitor: Visitor, door: str) -> None:
    visitor.members = {PROOFS[door]: ["no", {"proof": 1}]}
    answer = visitor.knock(door)
    assert answer.status_code == 400, answer.text
    assert answer.json()["fieldErrors"] or answer.json()["generalErrors"]


def test_gate_tenant_every_door_is_closed_in_another_tenant(visitor: Visitor, door: str) -> None:
    made = visitor.world.service.call("POST", "/api/tenant", {"tenant": {"name": uuid4().hex}})
    visitor.headers = {"X-FusionAuth-TenantId": made.json()["tenant"]["id"]}
    expected = {"password": (400, 404), "x": (400,), "refresh": (400,), "two-factor": (400, 404)}[door]
    assert visitor.knock(door).status_code in expected


def test_gate_application_every_door_is_closed_to_an_inactive_one(visitor: Visitor, door: str) -> None:
    world = visitor.world
    assert world.service.call("DELETE", f"/api/application/{world.application_id}").status_code == 200
    expected = {"password": 400, "x": 401, "refresh": 400, "two-factor": 404}[door]
    assert visitor.knock(door).status_code == expected


WRONG = {
    "password": ({"password": "not the password"}, 404),
    "x": ({"data": {"oauth_token": "not", "oauth_token_secret": "one"}}, 401),
    "refresh": ({"refreshToken": "not one"}, 400),
    "two-factor": ({"code": "wrong!"}, 421),
}


def test_gate_proof_every_door_refuses_a_wrong_one(visitor: Visitor, door: str) -> None:
    visitor.members, expected = WRONG[door]
    answer = visitor.knock(door)
    assert answer.status_code == expected, answer.text
    assert not answer.cookies


STATES = {
    404: {"password": 423, "x": 404, "refresh": 400, "two-factor": 404},
    410: {"password": 410, "x": 410, "refresh": 400, "two-factor": 410},
    409: {"password": 409, "x": 409, "refresh": 400, "two-factor": 409},
}


@pytest.mark.parametrize("state", STATES, ids={404: "deactivated", 410: "expired", 409: "prevented"}.get)
def test_gate_state_no_door_opens_for_a_blocked_user(visitor: Visitor, door: str, state: int) -> None:
    keep_sessions = {"refreshTokenRevocationPolicy": {"onLoginPrevented": False}}
    change_tenant(visitor.world, jwtConfiguration=keep_sessions)  # so that it is the gate that refuses a refresh
    TROUBLES[state](visitor.somebody)
    answer = visitor.knock(door)
    assert answer.status_code == STATES[state][door], answer.text
    assert not answer.cookies


def test_gate_lambda_the_reconcile_lambda_is_for_x_alone(visitor: Visitor, door: str) -> None:
    visitor.world.reconcile_with("function reconcile() { throw new Error('no'); }")
    assert visitor.knock(door).status_code == (512 if door == "x" else 200)


def test_gate_second_factor_is_asked_at_the_first_step_and_never_of_a_refresh(visitor: Visitor, door: str) -> None:
    if door != "two-factor":  # there it is set up already
        with_phone(visitor.world, visitor.somebody.user_id)
    expected = {"password": 242, "x": 242, "refresh": 200, "two-factor": 200}[door]
    assert visitor.knock(door).status_code == expected


@pytest.mark.parametrize("outstanding", [203, 212, 213])
def test_gate_outstanding_steps_stop_every_login_but_no_refresh(visitor: Visitor, door: str, outstanding: int) -> None:
    TROUBLES[outstanding](visitor.somebody)
    assert visitor.knock(door).status_code == (200 if door == "refresh" else outstanding)


def test_gate_registration_without_one_a_login_is_202_and_a_refresh_refused(visitor: Visitor, door: str) -> None:
    TROUBLES[202](visitor.somebody)
    answer = visitor.knock(door)
    assert answer.status_code == (400 if door == "refresh" else 202), answer.text


EVENTS = {
    "password": "user.login.success",
    "x": "user.login.success",
    "refresh": "jwt.refresh",
    "two-factor": "user.login.success",
}


def test_gate_events_a_transactional_webhook_closes_every_door(visitor: Visitor, door: str) -> None:
    world, event = visitor.world, EVENTS[door]
    webhook = {
        "url": "http://127.0.0.1:9/",
        "connectTimeout": 1000,
        "readTimeout": 1000,
        "tenantIds": [str(world.service.tenant_id)],
        "eventsEnabled": {event: True},
    }
    made = world.service.call("POST", "/api/webhook", {"webhook": webhook})
    assert made.status_code == 200, made.text
    wanted = {"enabled": True, "transactionType": "AbsoluteMajority"}
    change_tenant(world, eventConfiguration={"events": {event: wanted}})
    answer = visitor.knock(door)
    assert answer.status_code == 504, answer.text
    assert not answer.cookies


Wrong = Callable[[Visitor], None]


def guess_passwords(visitor: Visitor) -> None:
    for _ in range(5):
        body = {"loginId": visitor.somebody.email, "password": "guess", "applicationId": visitor.world.application_id}
        assert visitor.world.service.call("POST", "/api/login", body).status_code == 404


def test_gate_lock_after_many_guesses_guessable_proofs_are_refused_and_others_are_not(
    visitor: Visitor, door: str
) -> None:
    guess_passwords(visitor)
    expected = {"password": 423, "x": 200, "refresh": 200, "two-factor": 421}[door]
    assert visitor.knock(door).status_code == expected


def test_gate_lock_with_a_user_action_it_is_an_action_like_any_other(visitor: Visitor, door: str) -> None:
    world = visitor.world
    definition = {"name": uuid4().hex, "temporal": True, "preventLogin": True}
    made = world.service.call("POST", "/api/user-action", {"userAction": definition})
    action = {"userActionId": made.json()["userAction"]["id"]}
    change_tenant(world, failedAuthenticationConfiguration=action)
    change_tenant(world, jwtConfiguration={"refreshTokenRevocationPolicy": {"onLoginPrevented": False}})
    guess_passwords(visitor)
    expected = {"password": 409, "x": 409, "refresh": 400, "two-factor": 409}[door]  # decision 53
    assert visitor.knock(door).status_code == expected
