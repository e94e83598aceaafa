"""Tenants and applications that verify, and unverified people of them, for the tests of 212 and 213."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import requests

from tests.login_world import World

EMAIL = "/api/user/verify-email"
REGISTRATION = "/api/user/verify-registration"
GATED = {"unverified": {"behavior": "Gated"}}
FORM_FIELD = GATED | {"verificationStrategy": "FormField"}
TOKEN_MEMBERS = {"token", "tokenExpirationInstant", "refreshToken", "refreshTokenId"}


def configure_tenant(world: World, **members: Any) -> None:
    """Change these members of the default tenant."""
    answer = world.service.call("PATCH", f"/api/tenant/{world.service.tenant_id}", {"tenant": members})
    assert answer.status_code == 200, answer.text


def verify_emails(world: World, **members: Any) -> None:
    configure_tenant(world, emailConfiguration={"verifyEmail": True, **members})


def verify_registrations(world: World, **members: Any) -> None:
    document = {"verifyRegistration": True, **members}
    answer = world.service.call("PATCH", f"/api/application/{world.application_id}", {"application": document})
    assert answer.status_code == 200, answer.text


def linked_person(world: World, person: str = "alice", **members: Any) -> str:
    """A user with an e-mail address of their own whom this person's login at the provider finds; returns the id."""
    user = world.add_user(email=f"{uuid4().hex}@example.com", **members)
    link = world.link(identityProviderUserId=world.x.person(person)["id"], userId=user["id"])
    assert link.status_code == 200, link.text
    return str(user["id"])


def register(world: World, user_id: str) -> None:
    body = {"registration": {"applicationId": world.application_id}}
    answer = world.service.call("POST", f"/api/user/registration/{user_id}", body)
    assert answer.status_code == 200, answer.text


def handed_out(world: World, user_id: str, path: str = EMAIL) -> dict[str, Any]:
    """An id, and a code where one is needed, that an administrator delivers without a mail."""
    query = {"email": world.user(user_id)["email"], "applicationId": world.application_id}
    silent = {"sendVerifyEmail" if path == EMAIL else "sendVerifyRegistrationEmail": "false"}
    answer = world.service.call("PUT", path, params=query | silent)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def verify(world: World, verification_id: str, code: str | None = None, path: str = EMAIL) -> requests.Response:
    body = {"verificationId": verification_id} | ({"oneTimeCode": code} if code else {})
    return world.service.call("POST", path, body, key="")
