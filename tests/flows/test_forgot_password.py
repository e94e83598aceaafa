"""A forgotten password: an id is mailed, or handed to an administrator, and sets a new one. Source: contract 14."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.login_world import World
from tests.queued_mails import do_what_strangers_asked, queued_mails
from tests.service import codes
from tests.verifying import configure_tenant, linked_person, verify_emails

CHANGE, FORGOT = "/api/user/change-password", "/api/user/forgot-password"
NEW = "staple battery horse"
STATE = b'{"b":1.50, "a" : [ 12345678901234567890 ]}'


def forget(world: World, login_id: str, *, key: str | None = None, **members: Any) -> requests.Response:
    return world.service.call("POST", FORGOT, {"loginId": login_id} | members, key=key)


def handed_out(world: World, login_id: str, **members: Any) -> str:
    """An id that an administrator delivers without a mail."""
    answer = forget(world, login_id, sendForgotPasswordEmail=False, **members)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["changePasswordId"])


def change(world: World, secret: str, password: str = NEW) -> requests.Response:
    return world.service.call("POST", CHANGE, {"changePasswordId": secret, "password": password}, key="")


def test_the_official_client_begins_and_ends_it(world: World) -> None:
    user_id = linked_person(world)
    client, email = world.service.client, world.user(user_id)["email"]
    begun = client.forgot_password({"loginId": email, "applicationId": world.application_id})
    secret = begun.success_response["changePasswordId"]
    assert client.check_change_password_using_id(secret).was_successful()
    assert client.change_password(secret, {"password": NEW}).was_successful()
    assert client.login({"loginId": email, "password": NEW}).status in (200, 202)


def test_a_stranger_learns_nothing(world: World) -> None:
    known = world.user(linked_person(world))["email"]
    nameless = world.add_user(username="no-address")
    deactivated = world.add_user(email="gone@example.com")
    assert world.service.call("DELETE", f"/api/user/{deactivated['id']}").status_code == 200
    ids = (known, "nobody@example.com", nameless["username"], "gone@example.com")
    answers = [forget(world, login_id, key="") for login_id in ids]
    assert [(each.status_code, each.content) for each in answers] == [(200, b"")] * 4
    assert world.count("external_identifiers") == 0  # nothing is looked up before the answer
    assert do_what_strangers_asked(world.service) == 4
    assert [mail.to for mail in queued_mails(world.service)] == [known]
    assert world.count("external_identifiers") == 1


def test_an_administrator_hears_that_there_is_nobody_or_no_address(world: World) -> None:
    world.add_user(username="no-address")
    assert (forget(world, "nobody@example.com").status_code, forget(world, "nobody@example.com").content) == (404, b"")
    assert (forget(world, "no-address").status_code, forget(world, "no-address").content) == (422, b"")
    assert change(world, handed_out(world, "no-address")).status_code == 200


def test_only_a_key_is_told_or_chooses_the_id(world: World) -> None:
    email = world.user(linked_person(world))["email"]
    assert forget(world, email, key="", sendForgotPasswordEmail=False).status_code == 401
    assert forget(world, email, key="", changePasswordId="mine").status_code == 401
    assert handed_out(world, email, changePasswordId="mine-is-this-one") == "mine-is-this-one"
    answer = forget(world, email, changePasswordId="mine-is-this-one")
    assert codes(answer) == {"[duplicate]changePasswordId"}
    assert change(world, "mine-is-this-one").status_code == 200


def test_the_clients_state_comes_back_byte_for_byte(world: World) -> None:
    email = world.user(linked_person(world))["email"]
    body = b'{"sendForgotPasswordEmail":false,"loginId":"%s","state":%s}' % (email.encode(), STATE)
    headers = {"Content-Type": "application/json"}
    begun = world.service.call("POST", FORGOT, data=body, headers=headers)
    changed = change(world, begun.json()["changePasswordId"])
    assert STATE in changed.content
    secret = changed.json()["oneTimePassword"]
    login = {"oneTimePassword": secret, "applicationId": world.application_id}
    assert STATE in world.service.call("POST", "/api/login", login).content


def test_the_mails_are_limited_alike_for_known_and_unknown_login_ids(world: World) -> None:
    limit = {"forgotPassword": {"enabled": True, "limit": 2, "timePeriodInSeconds": 60}}
    configure_tenant(world, rateLimitConfiguration=limit)
    for login_id in (world.user(linked_person(world))["email"], "nobody@example.com"):
        assert [forget(world, login_id, key="").status_code for _ in range(3)] == [200, 200, 429]


def test_a_mailed_id_proves_the_address_it_went_to(world: World) -> None:
    verify_emails(world)
    user_id = linked_person(world)
    mailed = forget(world, world.user(user_id)["email"]).json()["changePasswordId"]
    assert change(world, mailed).status_code == 200
    user = world.user(user_id)
    assert user["verified"] is True
    assert [each["verifiedReason"] for each in user["identities"]] == ["Implicit"]
    assert world.login("alice").status_code == 200


@pytest.mark.parametrize("why", ["handed out", "switched off"])
def test_other_changes_prove_nothing(world: World, why: str) -> None:
    verify_emails(world, implicitEmailVerificationAllowed=why != "switched off")
    user_id = linked_person(world)
    email = world.user(user_id)["email"]
    secret = handed_out(world, email) if why == "handed out" else forget(world, email).json()["changePasswordId"]
    assert change(world, secret).status_code == 200
    assert world.user(user_id)["verified"] is False


def test_a_mailed_id_dies_with_the_address_it_went_to(world: World) -> None:
    user_id = linked_person(world)
    mailed = forget(world, world.user(user_id)["email"]).json()["changePasswordId"]
    world.change_user(user_id, email="moved@example.com")
    assert change(world, mailed).status_code == 404


def test_who_resets_a_forgotten_password_may_guess_again_if_the_tenant_says_so(world: World) -> None:
    policy = {"actionCancelPolicy": {"onPasswordReset": True}, "tooManyAttempts": 1}
    configure_tenant(world, failedAuthenticationConfiguration=policy)
    email = world.user(linked_person(world))["email"]
    login = {"loginId": email, "password": "wrong"}
    assert world.service.call("POST", "/api/login", login).status_code == 404
    secret = handed_out(world, email)
    assert change(world, secret).status_code == 200
    assert world.service.call("POST", "/api/login", login | {"password": NEW}).status_code in (200, 202)


def test_an_application_of_another_tenant_is_invalid(world: World) -> None:
    email = world.user(linked_person(world))["email"]
    _, foreign = world.add_tenant("other")
    answer = world.service.call(
        "POST", FORGOT, {"loginId": email, "applicationId": foreign}, tenant=world.service.tenant_id
    )
    assert codes(answer) == {"[invalid]applicationId"}
