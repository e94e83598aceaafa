"""What keeps a login from ending with 200, each brought about by calls: one trouble for each row of login contract 3.5
that looks at a user who has proved who they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import requests

from tests.acting import acting
from tests.login_world import World
from tests.second_factors import Phone, answer, change_application, change_tenant, with_phone
from tests.verifying import GATED

PASSWORD = "correct horse battery"
REFUSED_BY_LAMBDA = "function validate(result) { result.errors.generalErrors = [{code: '[no]', message: 'No.'}]; }"
NOBODY_LISTENS = "http://127.0.0.1:9/"


@dataclass
class Somebody:
    """A user with a password, linked to a person at the provider and registered, whom nothing keeps from logging in.

    Neither e-mail address nor registration is verified: that matters as soon as tenant or application verify them.
    """

    world: World
    person: str = "alice"
    email: str = field(default_factory=lambda: f"{uuid4().hex}@example.com")
    user_id: str = ""
    phone: Phone | None = None

    def __post_init__(self) -> None:
        world = self.world
        change_tenant(world, emailConfiguration={"verifyEmail": True} | GATED)
        change_application(world, verifyRegistration=True, **GATED)
        body = {
            "user": {"email": self.email, "password": PASSWORD},
            "registration": {"applicationId": world.application_id},
        }
        made = world.service.call("POST", "/api/user/registration", body)
        assert made.status_code == 200, made.text
        self.user_id = made.json()["user"]["id"]
        change_tenant(world, emailConfiguration={"verifyEmail": False})
        change_application(world, verifyRegistration=False)
        link = world.link(identityProviderUserId=world.subject(self.person), userId=self.user_id)
        assert link.status_code == 200, link.text
        world.configure(**world.override(createRegistration=False))

    def call(self, method: str, path: str, body: Any = None) -> None:
        answered = self.world.service.call(method, path, body)
        assert answered.status_code == 200, answered.text

    # The doors.

    def complete_login(self) -> requests.Response:
        return self.world.login(self.person)

    def password(self) -> requests.Response:
        body = {"loginId": self.email, "password": PASSWORD, "applicationId": self.world.application_id}
        return self.world.service.call("POST", "/api/login", body)

    def step_up(self) -> str:
        """A challenge that an administrator begins; its twoFactorId."""
        body = {"userId": self.user_id, "applicationId": self.world.application_id}
        started = self.world.service.call("POST", "/api/two-factor/start", body)
        assert started.status_code == 200, started.text
        return str(started.json()["twoFactorId"])

    def second_factor(self, challenge: str) -> requests.Response:
        assert self.phone is not None
        return answer(self.world, challenge, self.phone.code(), applicationId=self.world.application_id)


def deactivate(somebody: Somebody) -> None:
    somebody.call("DELETE", f"/api/user/{somebody.user_id}")


def expire(somebody: Somebody) -> None:
    past = somebody.world.service.services.runtime.now() - 1
    somebody.world.change_user(somebody.user_id, expiry=past)


def ban(somebody: Somebody) -> None:
    acting(somebody.world.service).ban(somebody.user_id)


def object_by_lambda(somebody: Somebody) -> None:
    document = {"name": uuid4().hex, "type": "LoginValidation", "body": REFUSED_BY_LAMBDA}
    made = somebody.world.service.call("POST", "/api/lambda", {"lambda": document})
    assert made.status_code == 200, made.text
    change_tenant(somebody.world, lambdaConfiguration={"loginValidationId": made.json()["lambda"]["id"]})


def ask_second_factor(somebody: Somebody) -> None:
    somebody.phone, _ = with_phone(somebody.world, somebody.user_id)


def demand_new_password(somebody: Somebody) -> None:
    somebody.world.change_user(somebody.user_id, passwordChangeRequired=True)


def verify_email(somebody: Somebody) -> None:
    change_tenant(somebody.world, emailConfiguration={"verifyEmail": True})


def verify_registration(somebody: Somebody) -> None:
    change_application(somebody.world, verifyRegistration=True)


def veto(somebody: Somebody) -> None:
    """A webhook that must agree to every login, where nobody listens."""
    tenant_id = str(somebody.world.service.tenant_id)
    webhook = {
        "url": NOBODY_LISTENS,
        "connectTimeout": 1000,
        "readTimeout": 1000,
        "tenantIds": [tenant_id],
        "eventsEnabled": {"user.login.success": True},
    }
    somebody.call("POST", "/api/webhook", {"webhook": webhook})
    wanted = {"enabled": True, "transactionType": "AbsoluteMajority"}
    change_tenant(somebody.world, eventConfiguration={"events": {"user.login.success": wanted}})


def unregister(somebody: Somebody) -> None:
    somebody.call("DELETE", f"/api/user/registration/{somebody.user_id}/{somebody.world.application_id}")


Trouble = Callable[[Somebody], None]

TROUBLES: dict[int, Trouble] = {
    404: deactivate,
    410: expire,
    409: ban,
    400: object_by_lambda,
    242: ask_second_factor,
    203: demand_new_password,
    212: verify_email,
    213: verify_registration,
    504: veto,
    202: unregister,
}
"""By the status it leads to at Complete-Login, in the order of login contract 3.5 (rows 16 to 31)."""
