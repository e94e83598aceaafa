"""Every status of Complete-Login from its cause to its resolution, with FusionAuth's official Python client alone.

What no client can cause - a fault (500) and a database that is away (503) - is done to the database.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import requests
from fusionauth.fusionauth_client import FusionAuthClient

from identity.status_matrix.cases import Damage
from identity.status_matrix.damage import damaged
from tests.back_from_x import Browser
from tests.login_world import TWITTER, World
from tests.second_factors import with_phone
from tests.troubles import NOBODY_LISTENS, PASSWORD, Somebody, ban, veto
from tests.verifying import FORM_FIELD

NEW_PASSWORD = "battery horse correct"
RECOVERY_SECONDS = 10.0
"""How soon after its database the service promises to be back."""

THROWS = "function validate() { throw new Error('out of order'); }"


@dataclass
class Walk:
    """Somebody who meets a status, and the client that causes and resolves it."""

    somebody: Somebody
    client: FusionAuthClient

    @property
    def world(self) -> World:
        return self.somebody.world

    @property
    def user_id(self) -> str:
        return self.somebody.user_id

    def login(self, **members: Any) -> Any:
        """A login page completes the login of the person."""
        return FusionAuthClient(None, self.world.service.url).identity_provider_login(
            self.world.login_body(self.somebody.person, **members)
        )

    def tenant(self, **members: Any) -> None:
        done(self.client.patch_tenant(str(self.world.service.tenant_id), {"tenant": members}))

    def application(self, **members: Any) -> None:
        done(self.client.patch_application(self.world.application_id, {"application": members}))

    def change(self, **members: Any) -> None:
        done(self.client.patch_user(self.user_id, {"user": members}))


def done(answer: Any) -> Any:
    """The body of an answer that must be 200."""
    assert answer.status == 200, answer.error_response
    return answer.success_response


Answer = Any
Steps = Generator[Answer, Answer, Answer]
"""Yields the first answer once the cause is there, and returns the answer after the resolution."""


def walk_200(walk: Walk) -> Steps:
    yield walk.login()
    return walk.login()


def walk_202(walk: Walk) -> Steps:
    done(walk.client.delete_registration(walk.user_id, walk.world.application_id))
    yield walk.login()
    done(walk.client.register({"registration": {"applicationId": walk.world.application_id}}, walk.user_id))
    return walk.login()


def walk_203(walk: Walk) -> Steps:
    walk.change(passwordChangeRequired=True)
    answer = yield walk.login()
    assert answer["changePasswordReason"] == "Administrative"
    done(walk.client.change_password(answer["changePasswordId"], {"password": NEW_PASSWORD}))
    return walk.login()


def walk_204(walk: Walk) -> Steps:
    request = {"applicationId": walk.world.application_id, "identityProviderId": TWITTER}
    started = done(walk.client.start_identity_provider_login(request))
    yield walk.login(data={"code": started["code"]})
    browser = Browser(walk.world)
    browser.consent(started["authorizationURL"], walk.somebody.person)
    assert browser.arrive().status_code == 200
    return walk.login(data={"code": started["code"]})


def walk_212(walk: Walk) -> Steps:
    walk.tenant(emailConfiguration={"verifyEmail": True} | FORM_FIELD)
    answer = yield walk.login()
    found = done(walk.client.generate_email_verification_id(walk.somebody.email))
    assert answer["emailVerificationId"] != found["verificationId"]
    request = {"verificationId": found["verificationId"], "oneTimeCode": found["oneTimeCode"]}
    done(walk.client.verify_email_address(request))
    return walk.login()


def walk_213(walk: Walk) -> Steps:
    walk.application(verifyRegistration=True, **FORM_FIELD)
    answer = yield walk.login()
    application_id = walk.world.application_id
    found = done(walk.client.generate_registration_verification_id(walk.somebody.email, application_id))
    assert answer["registrationVerificationId"] != found["verificationId"]
    request = {"verificationId": found["verificationId"], "oneTimeCode": found["oneTimeCode"]}
    done(walk.client.verify_user_registration(request))
    return walk.login()


def walk_232(walk: Walk) -> Steps:
    done(walk.client.delete_user_link(TWITTER, walk.world.x.person(walk.somebody.person)["id"], walk.user_id))
    walk.world.strategy("CreatePendingLink")
    answer = yield walk.login()
    link = {"identityProviderId": TWITTER, "userId": walk.user_id, "pendingIdPLinkId": answer["pendingIdPLinkId"]}
    done(walk.client.create_user_link(link))
    return walk.login()


def walk_242(walk: Walk) -> Steps:
    phone, _ = with_phone(walk.world, walk.user_id)
    answer = yield walk.login()
    assert [method["method"] for method in answer["methods"]] == ["authenticator"]
    return walk.client.two_factor_login({"twoFactorId": answer["twoFactorId"], "code": phone.code()})


def walk_400(walk: Walk) -> Steps:
    answer = yield walk.login(applicationId=None)
    assert list(answer["fieldErrors"]) == ["applicationId"]
    return walk.login()


def walk_401(walk: Walk) -> Steps:
    fault = walk.world.x.fault("invalid_token", person=walk.somebody.person)
    answer = yield walk.login()
    assert answer["generalErrors"][0]["code"] == "[TwitterVerifyCredentials]"
    walk.world.x.control("DELETE", f"faults/{fault}")
    return walk.login()


def walk_404(walk: Walk) -> Steps:
    done(walk.client.deactivate_user(walk.user_id))
    yield walk.login()
    done(walk.client.reactivate_user(walk.user_id))
    return walk.login()


def walk_409(walk: Walk) -> Steps:
    ban(walk.somebody)
    answer = yield walk.login()
    [action] = answer["actions"]
    done(walk.client.cancel_action(action["actionId"], {"action": {"actionerUserId": walk.user_id}}))
    return walk.login()


def walk_410(walk: Walk) -> Steps:
    walk.change(expiry=1_000)
    yield walk.login()
    walk.change(expiry=None)
    return walk.login()


def walk_423(walk: Walk) -> Steps:
    """The password door's own."""
    request = {"loginId": walk.somebody.email, "password": PASSWORD, "applicationId": walk.world.application_id}
    done(walk.client.deactivate_user(walk.user_id))
    yield walk.client.login(request)
    done(walk.client.reactivate_user(walk.user_id))
    return walk.client.login(request)


def walk_421(walk: Walk) -> Steps:
    """The second step's own."""
    phone, _ = with_phone(walk.world, walk.user_id)
    challenge = walk.login().success_response["twoFactorId"]
    yield walk.client.two_factor_login({"twoFactorId": challenge, "code": phone.wrong_codes(1)[0]})
    return walk.client.two_factor_login({"twoFactorId": challenge, "code": phone.code()})


def walk_500(walk: Walk) -> Steps:
    with damaged(walk.world.service.services.settings.database.url, Damage.BROKEN_ROW, walk.world.application_id):
        yield walk.login()
    return walk.login()


def walk_503(walk: Walk) -> Steps:
    with damaged(walk.world.service.services.settings.database.url, Damage.READ_ONLY, walk.world.application_id):
        answer = yield walk.login()
        assert answer["generalErrors"][0]["code"] == "[StoreUnavailable]"
    until = time.monotonic() + RECOVERY_SECONDS
    while (last := walk.login()).status == 503 and time.monotonic() < until:
        time.sleep(0.1)
    return last


def walk_504(walk: Walk) -> Steps:
    veto(walk.somebody)
    answer = yield walk.login()
    assert answer["generalErrors"][0]["code"] == "[WebhookTransactionException]"
    [webhook] = done(walk.client.retrieve_webhooks())["webhooks"]
    assert webhook["url"] == NOBODY_LISTENS
    done(walk.client.delete_webhook(webhook["id"]))
    return walk.login()


def walk_512(walk: Walk) -> Steps:
    document = {"name": uuid4().hex, "type": "LoginValidation", "body": THROWS}
    lambda_id = done(walk.client.create_lambda({"lambda": document}))["lambda"]["id"]
    walk.tenant(lambdaConfiguration={"loginValidationId": lambda_id})
    yield walk.login()
    walk.tenant(lambdaConfiguration={"loginValidationId": None})
    return walk.login()


WALKS: dict[int, Callable[[Walk], Steps]] = {
    int(name.removeprefix("walk_")): found for name, found in list(globals().items()) if name.startswith("walk_")
}


def body_of(answer: Any) -> Any:
    """The JSON of an answer; None without a body. The client has parsed that of a success or a 400 itself."""
    found = answer.success_response if answer.was_successful() else answer.error_response
    if isinstance(found, requests.Response):
        return found.json() if found.content else None
    return found


@pytest.mark.parametrize("status", list(WALKS))
def test_every_status_from_its_cause_to_its_resolution(world: World, status: int) -> None:
    steps = WALKS[status](Walk(Somebody(world), world.service.client))
    first = next(steps)
    assert first.status == status, (first.status, first.success_response, first.error_response)
    with pytest.raises(StopIteration) as resolved:
        steps.send(body_of(first))
    last = resolved.value.value
    assert last.status == 200, (last.status, last.success_response, last.error_response)
    assert last.success_response["token"]


def test_every_status_of_the_matrix_is_walked() -> None:
    matrix = {200, 202, 203, 204, 212, 213, 232, 242, 400, 401, 404, 409, 410, 500, 503, 504}
    assert matrix <= set(WALKS)
