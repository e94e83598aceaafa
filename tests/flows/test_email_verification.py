"""212: a login of somebody whose e-mail address is not verified, and what ends it (login contract 3.5 row 28)."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from fusionauth.fusionauth_client import FusionAuthClient

from tests.login_world import World
from tests.queued_mails import QueuedMail, do_what_strangers_asked, queued_mails
from tests.service import codes
from tests.verifying import (
    EMAIL,
    FORM_FIELD,
    GATED,
    TOKEN_MEMBERS,
    configure_tenant,
    handed_out,
    linked_person,
    register,
    verify,
    verify_emails,
    verify_registrations,
)

GATES = pytest.mark.parametrize("gate", [{}, GATED, FORM_FIELD], ids=["allow", "gated", "form field"])


def client(world: World) -> FusionAuthClient:
    return world.service.client


def mails_to(world: World, user_id: str) -> list[QueuedMail]:
    address = world.user(user_id)["email"]
    return [mail for mail in queued_mails(world.service) if mail.to == address]


def test_an_unverified_user_logs_in_with_212_and_tokens_under_allow(world: World) -> None:
    verify_emails(world)
    user_id = linked_person(world)
    answer = world.login("alice")
    body = answer.json()
    assert answer.status_code == 212
    assert body.keys() >= TOKEN_MEMBERS | {"user"}
    assert "emailVerificationId" not in body
    assert {"access_token", "refresh_token"} <= set(answer.cookies.keys())
    assert body["user"]["id"] == user_id
    assert world.count("login_records") == 1
    assert world.user(user_id)["lastLoginInstant"] == body["user"]["lastLoginInstant"]


def test_under_gated_the_answer_has_the_user_and_nothing_else(world: World) -> None:
    verify_emails(world, **GATED)
    linked_person(world)
    answer = world.login("alice")
    assert answer.status_code == 212
    assert answer.json().keys() == {"user"}
    assert not answer.cookies
    assert world.count("login_records") == world.count("refresh_tokens") == 0


def test_under_form_field_the_answer_has_the_id_as_well(world: World) -> None:
    verify_emails(world, **FORM_FIELD)
    linked_person(world)
    body = world.login("alice").json()
    assert body.keys() == {"user", "emailVerificationId", "identityVerificationId"}
    assert body["emailVerificationId"] == body["identityVerificationId"]


@GATES
def test_a_verified_user_logs_in_with_200(world: World, gate: dict[str, object]) -> None:
    verify_emails(world, **gate)
    user_id = linked_person(world)
    assert world.login("alice").status_code == 212
    given = handed_out(world, user_id)
    assert verify(world, given["verificationId"], given.get("oneTimeCode")).status_code == 200
    assert world.login("alice").status_code == 200
    user = world.user(user_id)
    assert user["verified"] is True
    assert [each["verifiedReason"] for each in user["identities"]] == ["Completed"]


def test_the_official_client_verifies_by_a_link_and_by_a_code(world: World) -> None:
    verify_emails(world)
    first, second = linked_person(world), linked_person(world, "bob")
    given = client(world).generate_email_verification_id(world.user(first)["email"])
    assert given.status == 200
    request = {"verificationId": given.success_response["verificationId"]}
    assert client(world).verify_email_address(request).was_successful()
    verify_emails(world, **FORM_FIELD)
    given = client(world).generate_email_verification_id(world.user(second)["email"]).success_response
    assert given["oneTimeCode"] == given["verificationOneTimeCode"]
    request = {"verificationId": given["verificationId"], "oneTimeCode": given["oneTimeCode"]}
    assert client(world).verify_email_address(request).was_successful()
    assert [world.user(each)["verified"] for each in (first, second)] == [True, True]


def test_an_administrator_vouches_for_a_user_by_id(world: World) -> None:
    verify_emails(world)
    user_id = linked_person(world)
    assert client(world).verify_email_address_by_user_id({"userId": user_id}).was_successful()
    assert world.login("alice").status_code == 200
    assert [each["verifiedReason"] for each in world.user(user_id)["identities"]] == ["Administrative"]


def test_vouching_takes_a_key_and_a_user_of_its_tenant(world: World) -> None:
    verify_emails(world)
    user_id = linked_person(world)
    tenant_id, _ = world.add_tenant("other")
    foreign = world.service.add_key(tenant_id=tenant_id)
    elsewhere = world.service.add_key(permissions={"/api/user": ["POST"]})
    body = {"userId": user_id}
    assert world.service.call("POST", EMAIL, body, key="").status_code == 401
    assert world.service.call("POST", EMAIL, body, key=elsewhere).status_code == 401
    assert world.service.call("POST", EMAIL, body, key=foreign).status_code == 404
    assert world.service.call("POST", EMAIL, {"userId": str(uuid4())}, key=foreign).status_code == 404
    assert world.user(user_id)["verified"] is False


def test_verified_instant_is_set_once_and_stays(world: World) -> None:
    verify_emails(world)
    user_id = linked_person(world)
    assert "verifiedInstant" not in world.user(user_id)
    client(world).verify_email_address_by_user_id({"userId": user_id})
    first = world.user(user_id)["verifiedInstant"]
    world.clock.advance(days=1)
    client(world).verify_email_address_by_user_id({"userId": user_id})
    assert world.user(user_id)["verifiedInstant"] == first


def test_an_id_works_once(world: World) -> None:
    verify_emails(world)
    given = handed_out(world, linked_person(world))["verificationId"]
    with ThreadPoolExecutor(8) as pool:
        answers = [each.status_code for each in pool.map(lambda _: verify(world, given), range(8))]
    assert sorted(answers) == [200] + [404] * 7


def test_an_id_dies_after_a_day_and_with_the_address_it_was_sent_to(world: World) -> None:
    verify_emails(world)
    user_id = linked_person(world)
    expired = handed_out(world, user_id)["verificationId"]
    world.clock.advance(days=1)
    assert verify(world, expired).status_code == 404
    bound = handed_out(world, user_id)["verificationId"]
    world.change_user(user_id, email=f"{uuid4().hex}@example.com")
    assert verify(world, bound).status_code == 404
    assert world.user(user_id)["verified"] is False


def test_a_body_wins_over_the_path(world: World) -> None:
    verify_emails(world)
    given = handed_out(world, linked_person(world))["verificationId"]
    assert world.service.call("POST", f"{EMAIL}/{given}", {"verificationId": "other"}, key="").status_code == 404
    assert world.service.call("POST", f"{EMAIL}/{given}", key="").status_code == 200


def test_an_id_of_another_tenant_looks_unknown(world: World) -> None:
    verify_emails(world)
    given = handed_out(world, linked_person(world))["verificationId"]
    tenant_id, _ = world.add_tenant("other")
    body = {"verificationId": given}
    assert world.service.call("POST", EMAIL, body, key="", tenant=tenant_id).status_code == 404
    assert world.service.call("POST", EMAIL, body, key="", tenant=world.service.tenant_id).status_code == 200


def test_a_code_is_demanded_and_five_wrong_ones_kill_the_id(world: World) -> None:
    verify_emails(world, **FORM_FIELD)
    user_id = linked_person(world)
    given = handed_out(world, user_id)
    assert codes(verify(world, given["verificationId"])) == {"[missing]oneTimeCode"}
    for _ in range(5):
        assert codes(verify(world, given["verificationId"], "WRONG1")) == {"[invalid]oneTimeCode"}
    assert verify(world, given["verificationId"], given["oneTimeCode"]).status_code == 404
    assert world.user(user_id)["verified"] is False


def test_parallel_guesses_never_exceed_the_limit(world: World) -> None:
    verify_emails(world, **FORM_FIELD)
    given = handed_out(world, linked_person(world))["verificationId"]
    with ThreadPoolExecutor(32) as pool:
        answers = [each.status_code for each in pool.map(lambda n: verify(world, given, f"WRONG{n}"), range(32))]
    assert sorted(answers) == [400] * 5 + [404] * 27


def test_guesses_at_several_ids_of_one_code_share_the_limit(world: World) -> None:
    limit = {"sendEmailVerification": {"enabled": True, "limit": 1, "timePeriodInSeconds": 60}}
    verify_emails(world, **FORM_FIELD)
    configure_tenant(world, rateLimitConfiguration=limit)
    linked_person(world)
    ids = [world.login("alice").json()["emailVerificationId"] for _ in range(6)]
    with ThreadPoolExecutor(16) as pool:
        answers = [each.status_code for each in pool.map(lambda n: verify(world, ids[n % 6], f"WRONG{n}"), range(30))]
    assert sorted(answers) == [400] * 5 + [404] * 25
    assert "emailVerificationId" not in world.login("alice").json()  # the mailed code is dead, and no other is due


def test_every_outstanding_id_takes_the_newest_code(world: World) -> None:
    verify_emails(world, **FORM_FIELD)
    user_id = linked_person(world)
    at_login = world.login("alice").json()["emailVerificationId"]
    older, newer = handed_out(world, user_id), handed_out(world, user_id)
    assert codes(verify(world, at_login, older["oneTimeCode"])) == {"[invalid]oneTimeCode"}
    assert verify(world, at_login, newer["oneTimeCode"]).status_code == 200


def test_verifying_ends_every_other_outstanding_id(world: World) -> None:
    verify_emails(world)
    user_id = linked_person(world)
    given = [handed_out(world, user_id)["verificationId"] for _ in range(2)]
    assert [verify(world, each).status_code for each in given] == [200, 404]


def test_a_login_under_clickable_link_leaves_one_outstanding_id(world: World) -> None:
    verify_emails(world)
    linked_person(world)
    for _ in range(3):
        assert world.login("alice").status_code == 212
    assert world.count("external_identifiers") == 1
    world.clock.advance(days=1)
    assert world.login("alice").status_code == 212
    assert world.count("external_identifiers") == 2


def test_resending_tells_strangers_nothing(world: World) -> None:
    verify_emails(world)
    known = linked_person(world)
    verified = world.add_user(email="verified@example.com")
    client(world).verify_email_address_by_user_id({"userId": verified["id"]})
    answers = [
        world.service.call("PUT", EMAIL, key="", params={"email": email})
        for email in (world.user(known)["email"], "verified@example.com", "nobody@example.com")
    ]
    assert [(each.status_code, each.content) for each in answers] == [(200, b"")] * 3
    assert do_what_strangers_asked(world.service) == 3
    assert len(mails_to(world, known)) == 2  # one when the user was made
    assert len(mails_to(world, verified["id"])) == 1
    assert world.rows("SELECT DISTINCT user_id::text FROM external_identifiers") == [(known,)]


def test_an_administrator_hears_that_there_is_nobody(world: World) -> None:
    answer = client(world).resend_email_verification("nobody@example.com")
    assert answer.status == 404


def test_only_a_key_is_told_the_id(world: World) -> None:
    verify_emails(world)
    query = {"email": "nobody@example.com", "sendVerifyEmail": "false"}
    assert world.service.call("PUT", EMAIL, key="", params=query).status_code == 401
    assert codes(world.service.call("PUT", EMAIL, key="")) == {"[missing]email"}


def test_a_mail_again_is_limited_alike_for_known_and_unknown_addresses(world: World) -> None:
    limit = {"sendEmailVerification": {"enabled": True, "limit": 2, "timePeriodInSeconds": 60}}
    verify_emails(world)
    configure_tenant(world, rateLimitConfiguration=limit)
    known = world.user(linked_person(world))["email"]
    for email in (known, "nobody@example.com"):
        sent = [world.service.call("PUT", EMAIL, key="", params={"email": email}) for _ in range(3)]
        assert [each.status_code for each in sent] == [200, 200, 429]
        assert 0 < int(sent[2].headers["Retry-After"]) <= 60


def test_a_login_beyond_the_limit_gets_an_id_for_the_code_that_was_mailed(world: World) -> None:
    limit = {"sendEmailVerification": {"enabled": True, "limit": 1, "timePeriodInSeconds": 60}}
    verify_emails(world, **FORM_FIELD)
    configure_tenant(world, rateLimitConfiguration=limit)
    user_id = linked_person(world)
    mailed = handed_out(world, user_id)["oneTimeCode"]
    spent = world.service.call("PUT", EMAIL, key="", params={"email": world.user(user_id)["email"]})
    assert spent.status_code == 200
    assert do_what_strangers_asked(world.service) == 1
    mailed = handed_out(world, user_id)["oneTimeCode"]
    answer = world.login("alice")
    assert answer.status_code == 212
    assert verify(world, answer.json()["emailVerificationId"], mailed).status_code == 200


def test_a_user_without_an_email_address_has_nothing_to_verify(world: World) -> None:
    verify_emails(world)
    user = world.add_user(username=f"user-{uuid4().hex}")
    world.link(identityProviderUserId=world.x.person("alice")["id"], userId=user["id"])
    assert world.login("alice").status_code == 200


def test_212_comes_before_213_and_before_202(world: World) -> None:
    world.configure(**world.override(createRegistration=False))
    verify_emails(world)
    verify_registrations(world)
    user_id = linked_person(world)
    assert world.login("alice").status_code == 212
    register(world, user_id)
    assert world.login("alice").status_code == 212
    client(world).verify_email_address_by_user_id({"userId": user_id})
    assert world.login("alice").status_code == 213


def test_nobody_is_asked_while_the_tenant_verifies_nothing(world: World) -> None:
    verify_emails(world)
    linked_person(world)
    configure_tenant(world, emailConfiguration={"verifyEmail": False})
    assert world.login("alice").status_code == 200


def test_ids_and_codes_are_made_and_live_as_the_tenant_says(world: World) -> None:
    verify_emails(world, **FORM_FIELD)
    made = {
        "emailVerificationIdGenerator": {"length": 20, "type": "randomAlphaNumeric"},
        "emailVerificationOneTimeCodeGenerator": {"length": 8, "type": "randomDigits"},
        "emailVerificationIdTimeToLiveInSeconds": 60,
    }
    configure_tenant(world, externalIdentifierConfiguration=made)
    user_id = linked_person(world)
    given = handed_out(world, user_id)
    assert re.fullmatch(r"[A-Z2-9]{20}", given["verificationId"])
    assert re.fullmatch(r"[0-9]{8}", given["oneTimeCode"])
    world.clock.advance(seconds=60)
    assert verify(world, given["verificationId"], given["oneTimeCode"]).status_code == 404
    given = handed_out(world, user_id)
    world.clock.advance(seconds=59)
    assert verify(world, given["verificationId"], given["oneTimeCode"]).status_code == 200
