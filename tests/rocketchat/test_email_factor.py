"""users.2fa.*: the second factor by e-mail at the Rocket.Chat door (rocket sections 5.2, 5.5 and 7)."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

import pytest
import requests

from tests.password_door import PASSWORD
from tests.queued_mails import do_what_strangers_asked
from tests.rocketchat.client import LOGIN, Chat, Session
from tests.rocketchat.factors import Guarded, guarded, offer_every_kind
from tests.rocketchat.tokens import GENERATE, personal
from tests.second_factors import Phone, mailed_codes, mails, tenant_policy
from tests.storm import at_once

ENABLE = "/api/v1/users.2fa.enableEmail"
DISABLE = "/api/v1/users.2fa.disableEmail"
SEND = "/api/v1/users.2fa.sendEmailCode"
DIGEST = hashlib.sha256(PASSWORD.encode()).hexdigest()


@pytest.fixture(autouse=True)
def every_kind(chat: Chat) -> None:
    if chat.world.rows("SELECT 1 FROM messengers") == []:
        offer_every_kind(chat)


def email_of(session: Session) -> str:
    return str(session.me["emails"][0]["address"])


def methods_of(session: Session) -> list[str]:
    methods = "SELECT m.method FROM two_factor_methods m JOIN users u ON u.id = m.user_id WHERE u.rc_id = %s"
    return [method for (method,) in session.chat.world.rows(methods, session.user_id)]


def send(chat: Chat, name: Any) -> requests.Response:
    return chat.call("POST", SEND, {"emailOrUsername": name})


def proved(code: str, method: str) -> dict[str, Any]:
    return {"headers": {"x-2fa-code": code, "x-2fa-method": method}}


def session_of(person: Guarded, code: str) -> Session:
    answer = person.login(code)
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    return Session(person.chat, data["userId"], data["authToken"], data["me"])


def with_email(chat: Chat) -> tuple[Guarded, Session]:
    """Somebody with the second factor by e-mail, and a session of theirs."""
    person = guarded(chat, "email")
    assert person.error() == "totp-required"
    return person, session_of(person, person.mailed()[-1])


def test_enabling_asks_for_mailed_codes_from_then_on(chat: Chat) -> None:
    session = chat.somebody()
    answer = session.post(ENABLE)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert session.get("/api/v1/me").json()["services"]["email2fa"] == {"enabled": True}
    body = {"user": email_of(session), "password": PASSWORD}
    assert chat.login(body).json()["error"] == "totp-required"
    [code] = mailed_codes(chat.world, email_of(session))
    assert chat.login(body | {"code": code}).status_code == 200
    assert len(mails(chat.world, email_of(session), "A second factor was added")) == 1


def test_enabling_ends_every_login_but_the_callers(chat: Chat) -> None:
    session = chat.somebody()
    other = chat.logged_in(email_of(session))
    neighbour = chat.somebody()
    assert session.post(ENABLE).status_code == 200
    assert (session.is_alive, other.is_alive, neighbour.is_alive) == (True, False, True)


def test_enabling_twice_is_no_mistake_and_sets_up_one_method(chat: Chat) -> None:
    session = chat.somebody()
    assert [session.post(ENABLE).status_code for _ in range(2)] == [200, 200]
    assert methods_of(session) == ["email"]


def test_enabling_many_times_at_once_is_no_mistake_either(chat: Chat) -> None:
    session = chat.somebody()
    assert {answer.status_code for answer in at_once(lambda _: session.post(ENABLE), 6)} == {200}
    assert methods_of(session) == ["email"]


def test_an_address_that_is_not_verified_can_not_be_one(chat: Chat) -> None:
    session = chat.somebody()
    chat.world.rows("UPDATE users SET verified = false WHERE rc_id = %s RETURNING 1", session.user_id)
    answer = session.post(ENABLE)
    assert answer.status_code == 400
    assert answer.json()["errorType"] == "error-invalid-user"
    assert methods_of(session) == []


def test_a_user_without_an_address_can_not_enable_it(chat: Chat) -> None:
    person = chat.person()
    person.add_user(email=None, username=f"name-{person.email[:32]}")
    session = chat.logged_in(f"name-{person.email[:32]}")
    assert session.post(ENABLE).json()["errorType"] == "error-invalid-user"


def test_where_the_tenant_does_not_offer_mailed_codes_nobody_enables_them(chat: Chat) -> None:
    session = chat.somebody()
    tenant_policy(chat.world, email={"enabled": False})
    try:
        answer = session.post(ENABLE)
    finally:
        tenant_policy(chat.world, email={"enabled": True})
    assert (answer.status_code, answer.json()["errorType"]) == (400, "error-not-allowed")


def test_disabling_asks_for_a_code_first_mails_it_and_takes_it_once(chat: Chat) -> None:
    person, session = with_email(chat)
    answer = session.post(DISABLE)
    assert answer.status_code == 400
    body = answer.json()
    assert (body["success"], body["error"], body["errorType"]) == (
        False,
        "TOTP Required [totp-required]",
        "totp-required",
    )
    assert body["details"]["method"] == "email"
    assert body["details"]["codeGenerated"] is True
    assert methods_of(session) == ["email"]
    assert session.post(DISABLE, **proved(person.mailed()[-1], "email")).json() == {"success": True}
    assert methods_of(session) == []
    assert person.login().status_code == 200


def test_a_code_that_was_used_to_log_in_disables_nothing(chat: Chat) -> None:
    person, session = with_email(chat)
    answer = session.post(DISABLE, **proved(person.mailed()[-1], "email"))
    assert (answer.status_code, answer.json()["errorType"]) == (400, "totp-invalid")
    assert methods_of(session) == ["email"]


def test_too_many_wrong_codes_are_said_to_be_too_many_there_as_well(chat: Chat) -> None:
    person, session = with_email(chat)
    assert session.post(DISABLE).status_code == 400
    code = person.mailed()[-1].replace("-", "")
    wrong = [text for number in range(6) if (text := f"{number:06}") != code][:5]
    found = [session.post(DISABLE, **proved(each, "email")).json()["errorType"] for each in wrong]
    assert found == ["totp-invalid"] * 4 + ["totp-max-attempts"]
    assert session.post(DISABLE, **proved(code, "email")).json()["errorType"] == "totp-invalid"


def test_the_method_that_the_client_names_is_the_one_it_is_asked_for(chat: Chat) -> None:
    person = guarded(chat, "email", "totp")
    session = session_of(person, person.phone.code())
    assert session.post(DISABLE).json()["details"]["method"] == "totp"
    assert person.mailed() == []
    details = session.post(DISABLE, headers={"x-2fa-method": "email"}).json()["details"]
    assert (details["method"], details["availableMethods"]) == ("email", ["totp", "email"])
    assert len(person.mailed()) == 1
    assert session.post(DISABLE, **proved(person.phone.code(), "totp")).status_code == 200
    assert methods_of(session) == ["authenticator"]


def test_a_user_without_a_second_factor_gives_the_digest_of_the_password(chat: Chat) -> None:
    session = chat.somebody()
    answer = session.post(DISABLE)
    assert answer.status_code == 400
    assert answer.json()["details"] == {"method": "password", "codeGenerated": False, "availableMethods": []}
    assert session.post(DISABLE, **proved("0" * 64, "password")).json()["errorType"] == "totp-invalid"
    assert session.post(DISABLE, **proved(PASSWORD, "password")).json()["errorType"] == "totp-invalid"
    assert session.post(DISABLE, **proved(DIGEST, "password")).json() == {"success": True}


def test_wrong_digests_of_the_password_lock_out_like_wrong_passwords(chat: Chat) -> None:
    session = chat.somebody()
    for number in range(5):
        assert session.post(DISABLE, **proved(f"{number:064}", "password")).status_code == 400
    assert session.post(DISABLE, **proved(DIGEST, "password")).json()["errorType"] == "totp-invalid"
    answer = chat.call("POST", LOGIN, {"user": email_of(session), "password": PASSWORD})
    assert answer.json()["error"] == "error-login-blocked-for-user"


def test_of_32_digests_at_once_none_is_right_after_the_lockout(chat: Chat) -> None:
    session = chat.somebody()
    guesses = [f"{number:064}" for number in range(31)] + [DIGEST]
    found = Counter(
        at_once(lambda number: session.post(DISABLE, **proved(guesses[number], "password")).status_code, 32)
    )
    assert found[400] >= 31
    late = at_once(lambda _: session.post(DISABLE, **proved(DIGEST, "password")).status_code, 8)
    assert set(late) == {400}


@pytest.mark.parametrize("digest", ["é" * 64, "g" * 64, DIGEST[:-1], DIGEST + "0"])
def test_what_is_no_digest_proves_nothing(chat: Chat, digest: str) -> None:
    headers = {"x-2fa-code": digest.encode(), "x-2fa-method": b"password"}
    assert chat.somebody().post(DISABLE, headers=headers).json()["errorType"] == "totp-invalid"


def test_a_digest_may_be_in_capitals(chat: Chat) -> None:
    assert chat.somebody().post(DISABLE, **proved(DIGEST.upper(), "password")).status_code == 200


def test_a_user_with_a_second_factor_can_not_give_the_password_instead(chat: Chat) -> None:
    person = guarded(chat, "totp")
    session = session_of(person, person.phone.code())
    answer = session.post(DISABLE, **proved(DIGEST, "password"))
    assert answer.json()["errorType"] == "totp-invalid"
    assert answer.json()["details"]["method"] == "totp"


def test_a_recovery_code_proves_it_too(chat: Chat) -> None:
    person = guarded(chat, "totp")
    session = session_of(person, person.phone.code())
    assert session.post(DISABLE, **proved(person.recovery[0], "totp")).status_code == 200


def test_nobody_is_asked_for_a_second_factor_who_is_not_signed_in(chat: Chat) -> None:
    assert chat.call("POST", DISABLE).status_code == 401
    assert chat.call("POST", ENABLE).status_code == 401


def test_another_code_is_sent_on_request_and_ends_the_one_before(chat: Chat) -> None:
    person = guarded(chat, "email")
    assert person.error() == "totp-required"
    answer = send(chat, person.email.upper())
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert do_what_strangers_asked(chat.world.service) == 1
    first, second = person.mailed()
    assert person.error(first) == "totp-invalid"
    assert person.login(second).status_code == 200


def test_a_code_that_was_sent_before_the_first_login_is_good_for_it(chat: Chat) -> None:
    person = guarded(chat, "email")
    assert send(chat, person.email).status_code == 200
    assert do_what_strangers_asked(chat.world.service) == 1
    [code] = person.mailed()
    assert person.details()["codeGenerated"] is False
    assert person.login(code).status_code == 200


def test_a_sent_code_lets_nobody_in_without_the_password(chat: Chat) -> None:
    person = guarded(chat, "email")
    send(chat, person.email)
    do_what_strangers_asked(chat.world.service)
    [code] = person.mailed()
    body = {"user": person.email, "password": "wrong", "code": code}
    assert chat.login(body).json()["error"] == "Unauthorized"
    answer = chat.world.service.call("POST", "/api/two-factor/login", {"twoFactorId": "", "code": code}, key="")
    assert answer.status_code in (400, 404)


def test_for_a_user_with_authenticator_and_e_mail_the_sent_code_answers_too(chat: Chat) -> None:
    person = guarded(chat, "email", "totp")
    send(chat, person.email)
    do_what_strangers_asked(chat.world.service)
    assert person.login(person.mailed()[0]).status_code == 200


@pytest.mark.parametrize("name", ["nobody@example.com", "x" * 300, "nul\0"])
def test_whoever_is_named_the_answer_is_the_same(chat: Chat, name: str) -> None:
    answer = send(chat, name)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    do_what_strangers_asked(chat.world.service)


def test_nothing_is_sent_to_who_is_deactivated_or_has_no_such_factor(chat: Chat) -> None:
    plain, gone = chat.somebody(), guarded(chat, "email")
    chat.world.service.call("DELETE", f"/api/user/{gone.user_id}")
    send(chat, email_of(plain))
    send(chat, gone.email)
    do_what_strangers_asked(chat.world.service)
    assert mailed_codes(chat.world, email_of(plain)) == []
    assert gone.mailed() == []


@pytest.mark.parametrize("body", [{}, {"emailOrUsername": ""}, {"emailOrUsername": 7}, []])
def test_without_a_name_nothing_is_sent_and_that_is_said(chat: Chat, body: Any) -> None:
    answer = chat.call("POST", SEND, body)
    assert (answer.status_code, answer.json()["errorType"]) == (400, "error-parameter-required")


def test_the_tenants_limit_of_codes_holds_for_strangers_without_a_word(chat: Chat) -> None:
    person = guarded(chat, "email")
    limit = {"enabled": True, "limit": 2, "timePeriodInSeconds": 3600}
    chat.person().tenant(rateLimitConfiguration={"sendTwoFactor": limit})
    try:
        assert [send(chat, person.email).status_code for _ in range(5)] == [200] * 5
        do_what_strangers_asked(chat.world.service)
    finally:
        chat.person().tenant(rateLimitConfiguration={"sendTwoFactor": limit | {"enabled": False}})
    assert len(person.mailed()) == 2


def test_a_phone_that_is_set_up_later_is_asked_for_first(chat: Chat) -> None:
    session = chat.somebody()
    assert session.post(ENABLE).status_code == 200
    phone = Phone(chat.world)
    user_id = chat.world.rows("SELECT id FROM users WHERE rc_id = %s", session.user_id)[0][0]
    body = {"code": phone.code(), "method": "authenticator", "secret": phone.base64}
    assert chat.world.service.call("POST", f"/api/user/two-factor/{user_id}", body).status_code == 200
    asked = chat.login({"user": email_of(session), "password": PASSWORD}).json()["details"]
    assert (asked["method"], asked["availableMethods"]) == ("totp", ["totp", "email"])


def test_a_personal_token_that_bypasses_the_second_factor_is_asked_for_none(chat: Chat) -> None:
    person = guarded(chat, "email", "totp")
    session = session_of(person, person.phone.code())
    made = []
    for bypass in (False, True):
        headers = {"x-2fa-code": person.phone.code(), "x-2fa-method": "totp"}
        answer = session.post(GENERATE, {"tokenName": f"{bypass}", "bypassTwoFactor": bypass}, headers=headers)
        assert answer.status_code == 200, answer.text
        made.append(Session(chat, session.user_id, answer.json()["token"]))
    plain, bypassing = made
    assert plain.post(DISABLE).json()["errorType"] == "totp-required"
    assert bypassing.post(DISABLE).json() == {"success": True}
    assert methods_of(session) == ["authenticator"]


def test_enabling_leaves_personal_tokens_alive(chat: Chat) -> None:
    session = chat.somebody()
    token = personal(session)
    assert session.post(ENABLE).status_code == 200
    assert token.is_alive


def test_whoever_has_neither_a_second_factor_nor_a_password_is_asked_for_nothing(chat: Chat) -> None:
    session = chat.somebody()
    forget = "DELETE FROM passwords WHERE user_id = (SELECT id FROM users WHERE rc_id = %s) RETURNING 1"
    assert chat.world.rows(forget, session.user_id) == [(1,)]
    assert session.post(DISABLE).json() == {"success": True}
