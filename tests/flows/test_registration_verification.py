"""213: a login of somebody whose registration is not verified, and what ends it (login contract 3.5 row 29)."""

from __future__ import annotations

import pytest
from fusionauth.fusionauth_client import FusionAuthClient

from tests.login_world import World
from tests.second_factors import change_tenant
from tests.service import codes
from tests.verifying import (
    FORM_FIELD,
    GATED,
    REGISTRATION,
    TOKEN_MEMBERS,
    handed_out,
    linked_person,
    register,
    verify,
    verify_registrations,
)

GATES = pytest.mark.parametrize("gate", [{}, GATED, FORM_FIELD], ids=["allow", "gated", "form field"])


def client(world: World) -> FusionAuthClient:
    return world.service.client


def unverified(world: World, **members: object) -> str:
    """A registered user of the application, which verifies registrations; returns the user's id."""
    verify_registrations(world, **members)
    user_id = linked_person(world)
    register(world, user_id)
    return user_id


def registration(world: World, user_id: str) -> dict[str, object]:
    [found] = world.user(user_id)["registrations"]
    return dict(found)


def test_an_unverified_registration_is_213_with_tokens_under_allow(world: World) -> None:
    unverified(world)
    answer = world.login("alice")
    assert answer.status_code == 213
    assert answer.json().keys() >= TOKEN_MEMBERS | {"user"}
    assert "registrationVerificationId" not in answer.json()
    assert world.count("login_records") == 1


def test_under_gated_the_answer_has_the_user_and_nothing_else(world: World) -> None:
    unverified(world, **GATED)
    answer = world.login("alice")
    assert answer.status_code == 213
    assert answer.json().keys() == {"user"}
    assert not answer.cookies
    assert world.count("login_records") == world.count("refresh_tokens") == 0


def test_under_form_field_the_answer_has_the_id_as_well(world: World) -> None:
    unverified(world, **FORM_FIELD)
    assert world.login("alice").json().keys() == {"user", "registrationVerificationId"}


@GATES
def test_a_verified_registration_logs_in_with_200(world: World, gate: dict[str, object]) -> None:
    user_id = unverified(world, **gate)
    assert world.login("alice").status_code == 213
    given = handed_out(world, user_id, REGISTRATION)
    done = verify(world, given["verificationId"], given.get("oneTimeCode"), REGISTRATION)
    assert done.status_code == 200
    assert world.login("alice").status_code == 200
    assert registration(world, user_id)["verified"] is True
    assert registration(world, user_id)["verifiedInstant"]


def test_the_official_client_collects_an_id_and_verifies(world: World) -> None:
    user_id = unverified(world, **FORM_FIELD)
    email = world.user(user_id)["email"]
    given = client(world).generate_registration_verification_id(email, world.application_id)
    assert given.status == 200
    request = {
        "verificationId": given.success_response["verificationId"],
        "oneTimeCode": given.success_response["oneTimeCode"],
    }
    assert client(world).verify_user_registration(request).was_successful()
    assert world.login("alice").status_code == 200


@pytest.mark.parametrize("spelling", ["sendVerifyRegistrationEmail", "sendVerifyPasswordEmail"])
def test_both_spellings_ask_for_the_id_instead_of_a_mail(world: World, spelling: str) -> None:
    user_id = unverified(world)
    query = {"email": world.user(user_id)["email"], "applicationId": world.application_id, spelling: "false"}
    assert "verificationId" in world.service.call("PUT", REGISTRATION, params=query).json()
    assert world.service.call("PUT", REGISTRATION, key="", params=query).status_code == 401


def test_the_path_form_and_expiry(world: World) -> None:
    user_id = unverified(world)
    expired = handed_out(world, user_id, REGISTRATION)["verificationId"]
    world.clock.advance(days=1)
    assert world.service.call("POST", f"{REGISTRATION}/{expired}", key="").status_code == 404
    fresh = handed_out(world, user_id, REGISTRATION)["verificationId"]
    assert world.service.call("POST", f"{REGISTRATION}/{fresh}", key="").status_code == 200
    assert world.service.call("POST", f"{REGISTRATION}/{fresh}", key="").status_code == 404


def test_an_id_for_a_registration_verifies_no_email_address(world: World) -> None:
    given = handed_out(world, unverified(world), REGISTRATION)["verificationId"]
    assert verify(world, given).status_code == 404


def test_five_wrong_codes_kill_the_id(world: World) -> None:
    given = handed_out(world, unverified(world, **FORM_FIELD), REGISTRATION)
    for _ in range(5):
        assert codes(verify(world, given["verificationId"], "WRONG1", REGISTRATION)) == {"[invalid]oneTimeCode"}
    assert verify(world, given["verificationId"], given["oneTimeCode"], REGISTRATION).status_code == 404


def test_a_registration_that_was_removed_is_not_verified(world: World) -> None:
    user_id = unverified(world)
    given = handed_out(world, user_id, REGISTRATION)["verificationId"]
    path = f"/api/user/registration/{user_id}/{world.application_id}"
    assert world.service.call("DELETE", path).status_code == 200
    assert verify(world, given, None, REGISTRATION).status_code == 404


def test_a_mail_again_is_limited_alike_for_known_and_unknown_addresses(world: World) -> None:
    limit = {"sendRegistrationVerification": {"enabled": True, "limit": 2, "timePeriodInSeconds": 60}}
    change_tenant(world, rateLimitConfiguration=limit)
    known = world.user(unverified(world))["email"]
    for email in (known, "nobody@example.com"):
        asked = {"email": email, "applicationId": world.application_id}
        sent = [world.service.call("PUT", REGISTRATION, key="", params=asked) for _ in range(3)]
        assert [each.status_code for each in sent] == [200, 200, 429]
        assert 0 < int(sent[2].headers["Retry-After"]) <= 60


def test_an_administrator_hears_that_there_is_no_registration_and_a_stranger_does_not(world: World) -> None:
    verify_registrations(world)
    user_id = linked_person(world)
    query = {"email": world.user(user_id)["email"], "applicationId": world.application_id}
    assert world.service.call("PUT", REGISTRATION, params=query).status_code == 404
    stranger = world.service.call("PUT", REGISTRATION, key="", params=query)
    assert (stranger.status_code, stranger.content) == (200, b"")
    del query["applicationId"]
    assert codes(world.service.call("PUT", REGISTRATION, key="", params=query)) == {"[missing]applicationId"}
