"""New passwords of users with a second factor: trust tokens, and one login through every step in its order."""

from __future__ import annotations

from typing import Any

import requests

from tests.login_world import World
from tests.second_factors import START, Phone, answer, challenge, with_phone
from tests.service import codes
from tests.verifying import (
    REGISTRATION,
    configure_tenant,
    handed_out,
    linked_person,
    register,
    verify,
    verify_emails,
    verify_registrations,
)

CHANGE, FORGOT = "/api/user/change-password", "/api/user/forgot-password"
OLD, NEW = "correct horse battery", "staple battery horse"


def forgotten(world: World, user_id: str) -> str:
    body = {"loginId": world.user(user_id)["email"], "sendForgotPasswordEmail": False}
    return str(world.service.call("POST", FORGOT, body).json()["changePasswordId"])


def change(world: World, secret: str, **members: Any) -> requests.Response:
    return world.service.call("POST", CHANGE, {"changePasswordId": secret, "password": NEW} | members, key="")


def trust_token(world: World, user_id: str, phone: Phone, **members: Any) -> str:
    """What a step-up with the second factor earns."""
    begun = world.service.call("POST", START, {"userId": user_id} | members)
    assert begun.status_code == 200, begun.text
    done = answer(world, begun.json()["twoFactorId"], phone.code())
    return str(done.json()["trustToken"])


def test_who_has_a_second_factor_needs_a_trust_token(world: World) -> None:
    user_id = linked_person(world)
    phone, _ = with_phone(world, user_id)
    secret = forgotten(world, user_id)
    checked = world.service.client.check_change_password_using_id(secret)
    assert checked.status == 400
    assert [error["code"] for error in checked.error_response["generalErrors"]] == ["[TrustTokenRequired]"]
    assert codes(change(world, secret)) == {"[TrustTokenRequired]"}
    assert codes(change(world, secret, trustToken="made up")) == {"[invalid]trustToken"}
    assert change(world, secret, trustToken=trust_token(world, user_id, phone)).status_code == 200


def test_a_trust_token_works_once_for_its_user_with_its_challenge(world: World) -> None:
    user_id, other_id = linked_person(world), linked_person(world, "bob")
    (phone, _), (other_phone, _) = with_phone(world, user_id), with_phone(world, other_id)
    configure_tenant(world, externalIdentifierConfiguration={"trustTokenTimeToLiveInSeconds": 1_000})
    anothers = trust_token(world, other_id, other_phone)
    bound = trust_token(world, user_id, phone, trustChallenge="of this page")
    secret = forgotten(world, user_id)
    assert codes(change(world, secret, trustToken=anothers)) == {"[invalid]trustToken"}
    assert codes(change(world, secret, trustToken=bound)) == {"[invalid]trustToken"}
    assert codes(change(world, secret, trustToken=bound, trustChallenge="another")) == {"[invalid]trustToken"}
    good = {"trustToken": bound, "trustChallenge": "of this page"}
    assert change(world, secret, **good).status_code == 200
    assert codes(change(world, forgotten(world, user_id), **good)) == {"[invalid]trustToken"}


def test_the_owner_and_an_administrator_need_one_too(world: World) -> None:
    user_id = linked_person(world)
    token = world.login("alice").json()["token"]
    with_phone(world, user_id)
    client = world.service.client
    for checked in (
        client.check_change_password_using_jwt(token),
        client.check_change_password_using_login_id(world.user(user_id)["email"]),
        client.change_password_using_jwt(token, {"currentPassword": OLD, "password": NEW}),
    ):
        assert checked.status == 400
        assert [error["code"] for error in checked.error_response["generalErrors"]] == ["[TrustTokenRequired]"]


def test_a_tenant_without_second_factors_asks_for_no_trust_token(world: World) -> None:
    user_id = linked_person(world)
    with_phone(world, user_id)
    configure_tenant(world, multiFactorConfiguration={"loginPolicy": "Disabled"})
    assert change(world, forgotten(world, user_id)).status_code == 200


def test_one_login_goes_through_every_step_in_its_order(world: World) -> None:
    verify_emails(world)
    verify_registrations(world)
    user_id = linked_person(world, passwordChangeRequired=True)
    register(world, user_id)
    phone, _ = with_phone(world, user_id)
    demanded = answer(world, challenge(world, "alice"), phone.code())
    assert demanded.status_code == 203
    assert change(world, demanded.json()["changePasswordId"]).status_code == 200  # the second factor was just given
    of_email = handed_out(world, user_id)["verificationId"]
    unverified = answer(world, challenge(world, "alice"), phone.code())
    assert unverified.status_code == 212
    assert verify(world, of_email).status_code == 200
    unregistered = answer(world, challenge(world, "alice"), phone.code())
    assert unregistered.status_code == 213
    of_registration = handed_out(world, user_id, REGISTRATION)["verificationId"]
    assert verify(world, of_registration, None, REGISTRATION).status_code == 200
    assert answer(world, challenge(world, "alice"), phone.code()).status_code == 200


def test_a_weak_password_is_remembered_over_the_second_factor(world: World) -> None:
    user_id = linked_person(world)
    phone, _ = with_phone(world, user_id)
    configure_tenant(world, passwordValidationRules={"validateOnLogin": True, "requireNumber": True})
    body = {"loginId": world.user(user_id)["email"], "password": OLD, "applicationId": world.application_id}
    begun = world.service.call("POST", "/api/login", body)
    assert begun.status_code == 242
    demanded = answer(world, begun.json()["twoFactorId"], phone.code())
    assert demanded.status_code == 203
    assert demanded.json()["changePasswordReason"] == "Validation"
    assert answer(world, challenge(world, "alice"), phone.code()).status_code == 200


def test_linking_onto_an_unproved_address_leaves_no_second_factor_and_no_trust(world: World) -> None:
    verify_emails(world)
    planted = world.add_user(email=world.x.person("alice")["email"])
    phone, _ = with_phone(world, planted["id"])
    trust_token(world, planted["id"], phone)
    linked = world.login("alice")
    assert linked.status_code == 212
    assert linked.json()["user"]["id"] == planted["id"]
    for table in ("passwords", "two_factor_methods", "two_factor_recovery_codes", "two_factor_codes"):
        assert world.rows(f"SELECT 1 FROM {table} WHERE user_id = %s", planted["id"]) == []
    kinds = world.rows("SELECT kind FROM external_identifiers WHERE user_id = %s", planted["id"])
    assert kinds == [("e-mail verification",)]  # this login's own


def test_an_administrator_finds_whom_an_id_was_mailed_to(world: World) -> None:
    verify_emails(world)
    user_id = linked_person(world)
    client = world.service.client
    found = client.retrieve_user_by_change_password_id(forgotten(world, user_id))
    assert found.success_response["user"]["id"] == user_id
    found = client.retrieve_user_by_verification_id(handed_out(world, user_id)["verificationId"])
    assert found.success_response["user"]["id"] == user_id
    tenant_id, _ = world.add_tenant("other")
    foreign = world.service.client_for(key=world.service.add_key(tenant_id=tenant_id))
    body = {"loginId": world.user(user_id)["email"], "sendForgotPasswordEmail": False}
    secret = world.service.call("POST", FORGOT, body, tenant=world.service.tenant_id).json()["changePasswordId"]
    for unknown in (secret, "no id at all"):
        assert foreign.retrieve_user_by_change_password_id(unknown).status == 404
