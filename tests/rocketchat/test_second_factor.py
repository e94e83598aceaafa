"""The second factor of a login at the Rocket.Chat door (rocket section 7; decision 27; decision record 0028)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from identity.domain.second_factor import WRONG_PER_CHALLENGE
from tests.rocketchat.client import Chat, unauthorized
from tests.rocketchat.factors import Guarded, guarded, offer_every_kind
from tests.second_factors import change_application, tenant_policy
from tests.storm import at_once
from tests.webhook_world import NO, hooks_of


@pytest.fixture(autouse=True)
def every_kind(chat: Chat) -> None:
    if chat.world.rows("SELECT 1 FROM messengers") == []:
        offer_every_kind(chat)


def others(right: str, count: int) -> list[str]:
    """Codes of the same kind that are not this one."""
    return [text for number in range(count + 1) if (text := f"{number:06}") != right.replace("-", "")][:count]


def test_without_a_code_an_authenticator_is_asked_for(chat: Chat) -> None:
    answer = guarded(chat, "totp").login()
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/json")
    assert answer.json() == {
        "success": False,
        "status": "error",
        "error": "totp-required",
        "message": "TOTP Required",
        "details": {"method": "totp", "codeGenerated": False, "availableMethods": ["totp"]},
    }


def test_the_code_comes_with_the_password_and_logs_in_once(chat: Chat) -> None:
    person = guarded(chat, "totp")
    assert person.error() == "totp-required"
    code = person.phone.code()
    answer = person.login(code)
    assert answer.status_code == 200, answer.text
    assert person.logins() == 1
    me = answer.json()["data"]["me"]
    assert me["services"]["totp"] == {"enabled": True}
    headers = {"X-Auth-Token": answer.json()["data"]["authToken"], "X-User-Id": me["_id"]}
    assert chat.call("GET", "/api/v1/me", headers=headers).status_code == 200
    assert person.error(code) == "totp-invalid"


def test_a_code_needs_no_request_without_one_before_it(chat: Chat) -> None:
    person = guarded(chat, "totp")
    assert person.login(person.phone.code()).status_code == 200


def as_number(code: str) -> Any:
    return int(code)


def in_groups(code: str) -> Any:
    return f" {code[:3]} {code[3:]} "


def with_a_dash(code: str) -> Any:
    return f"{code[:3]}-{code[3:]}"


@pytest.mark.parametrize("written", [str, as_number, in_groups, with_a_dash])
def test_a_code_may_be_a_number_and_may_have_spaces_and_dashes(chat: Chat, written: Callable[[str], Any]) -> None:
    person = guarded(chat, "totp")
    assert person.login(written(person.phone.code())).status_code == 200


def test_the_header_brings_the_code_where_the_body_has_none(chat: Chat) -> None:
    person = guarded(chat, "totp")
    code, wrong = person.phone.code(), person.phone.wrong_codes(1)[0]
    assert person.login(wrong, headers={"x-2fa-code": code}).status_code == 401
    assert person.login(headers={"x-2fa-code": code}).status_code == 200


def test_the_object_form_of_the_user_may_have_a_code_too(chat: Chat) -> None:
    person = guarded(chat, "totp")
    body = {"user": {"email": person.email}, "password": "correct horse battery", "code": person.phone.code()}
    assert chat.login(body).status_code == 200


def test_a_wrong_code_is_said_to_be_wrong(chat: Chat) -> None:
    person = guarded(chat, "totp")
    answer = person.login(person.phone.wrong_codes(1)[0])
    assert answer.status_code == 401
    body = answer.json()
    assert (body["error"], body["message"]) == ("totp-invalid", "TOTP Invalid")
    assert body["details"] == {"method": "totp", "codeGenerated": False, "availableMethods": ["totp"]}


@pytest.mark.parametrize("code", ["é", "１２３４５６", "0", "x" * 255, "' OR 1=1", 10**15, "12345", "𝟏𝟐𝟑𝟒𝟓𝟔"])
def test_whatever_is_no_code_is_a_wrong_code(chat: Chat, code: Any) -> None:
    assert guarded(chat, "totp").error(code) == "totp-invalid"


@pytest.mark.parametrize("code", [True, 1.5, -1, [], ["123456"], {"code": 1}, "x" * 300])
def test_a_code_of_another_type_is_no_form(chat: Chat, code: Any) -> None:
    assert unauthorized(guarded(chat, "totp").login(code))


@pytest.mark.parametrize("code", [None, "", " - "])
def test_an_empty_code_is_none(chat: Chat, code: Any) -> None:
    person = guarded(chat, "totp")
    body = {"user": person.email, "password": "correct horse battery", "code": code}
    assert chat.login(body).json()["error"] == "totp-required"


def test_with_a_wrong_password_nobody_hears_of_the_second_factor(chat: Chat) -> None:
    person = guarded(chat, "totp")
    body = {"user": person.email, "password": "wrong", "code": person.phone.code()}
    assert unauthorized(chat.login(body))


def test_a_recovery_code_works_once_however_it_is_written(chat: Chat) -> None:
    person = guarded(chat, "totp")
    first, second = person.recovery[:2]
    assert person.login(first).status_code == 200
    assert person.error(first) == "totp-invalid"
    assert person.login(f"{second[:4]}-{second[4:]}".lower()).status_code == 200


def test_a_code_is_mailed_in_two_groups_and_works_once(chat: Chat) -> None:
    person = guarded(chat, "email")
    answer = person.login()
    assert answer.status_code == 401
    body = answer.json()
    assert (body["error"], body["message"]) == ("totp-required", "TOTP Required")
    details = body["details"]
    assert details["method"] == "email"
    assert details["codeGenerated"] is True
    assert details["availableMethods"] == ["email"]
    assert details["emailOrUsername"] == person.email
    [code] = person.mailed()
    assert re.fullmatch(r"\d{3}-\d{3}", code)
    assert person.login(code).status_code == 200
    assert person.logins() == 1
    assert person.error(code) == "totp-invalid"


def test_whoever_has_a_username_is_told_that_one(chat: Chat) -> None:
    name = f"name-{uuid4().hex}"
    assert guarded(chat, "email", username=name).details()["emailOrUsername"] == name


def test_no_other_code_is_mailed_while_one_is_out_and_it_may_be_sent_as_a_number(chat: Chat) -> None:
    person = guarded(chat, "email")
    now = chat.world.service.services.runtime.now()
    expires = datetime.fromisoformat(person.details()["codeExpires"])
    assert 599 <= expires.timestamp() - now / 1000 <= 620
    again = person.details()
    assert again["codeGenerated"] is False
    assert datetime.fromisoformat(again["codeExpires"]) == expires
    assert len(person.mailed()) == 1
    assert person.login(int(person.mailed()[0].replace("-", ""))).status_code == 200


def test_a_mailed_code_lives_ten_minutes_and_then_another_one_is_mailed(chat: Chat) -> None:
    person = guarded(chat, "email")
    assert person.error() == "totp-required"
    chat.world.clock.advance(seconds=595)
    assert person.details()["codeGenerated"] is False
    chat.world.clock.advance(seconds=10)
    answer = person.login(person.mailed()[0])
    assert answer.json()["error"] == "totp-invalid"
    assert answer.json()["details"]["codeGenerated"] is True
    assert len(person.mailed()) == 2
    assert person.login(person.mailed()[1]).status_code == 200


def test_a_mailed_code_works_for_its_whole_time_though_challenges_are_shorter(chat: Chat) -> None:
    person = guarded(chat, "email")
    assert person.error() == "totp-required"
    chat.world.clock.advance(seconds=590)
    assert person.login(person.mailed()[0]).status_code == 200


def test_too_many_wrong_codes_end_a_mailed_code_and_the_next_request_mails_another(chat: Chat) -> None:
    person = guarded(chat, "email")
    assert person.error() == "totp-required"
    [code] = person.mailed()
    wrong = others(code, WRONG_PER_CHALLENGE)
    assert [person.error(each) for each in wrong[:-1]] == ["totp-invalid"] * (WRONG_PER_CHALLENGE - 1)
    answer = person.login(wrong[-1])
    assert answer.status_code == 401
    body = answer.json()
    assert (body["error"], body["message"]) == ("totp-max-attempts", "TOTP Maximun Failed Attempts Reached")
    assert body["details"]["method"] == "email"
    assert body["details"]["codeGenerated"] is False
    assert person.error(code) == "totp-invalid"
    assert len(person.mailed()) == 2
    assert person.login(person.mailed()[1]).status_code == 200


def test_asking_again_is_no_new_set_of_tries(chat: Chat) -> None:
    person = guarded(chat, "email")
    assert person.error() == "totp-required"
    [code] = person.mailed()
    errors = []
    for each in others(code, WRONG_PER_CHALLENGE):
        errors.append(person.error(each))
        if errors[-1] != "totp-max-attempts":
            assert person.error() == "totp-required"
    assert errors[-1] == "totp-max-attempts"
    assert len(person.mailed()) == 1


def test_an_authenticator_is_asked_for_before_e_mail_and_either_answers(chat: Chat) -> None:
    person = guarded(chat, "email", "totp")
    details = person.details()
    assert details == {"method": "totp", "codeGenerated": False, "availableMethods": ["totp", "email"]}
    assert person.mailed() == []
    assert person.login(person.phone.code()).status_code == 200


def test_a_user_with_messages_only_is_asked_for_the_code_of_a_message(chat: Chat) -> None:
    person = guarded(chat, "sms")
    before = len(person.messaged())
    details = person.details()
    assert (details["method"], details["codeGenerated"], details["availableMethods"]) == ("sms", True, ["sms"])
    [code] = person.messaged()[before:]
    assert re.fullmatch(r"\d{6}", code)
    assert person.login(code).status_code == 200


def test_where_the_tenant_limits_codes_none_is_sent_beyond_it(chat: Chat) -> None:
    limit = {"enabled": True, "limit": 1, "timePeriodInSeconds": 3600}
    person = guarded(chat, "email")
    chat.person().tenant(rateLimitConfiguration={"sendTwoFactor": limit})
    try:
        assert person.details()["codeGenerated"] is True
        chat.world.clock.advance(seconds=601)
        details = person.details()
    finally:
        chat.person().tenant(rateLimitConfiguration={"sendTwoFactor": limit | {"enabled": False}})
    assert details["codeGenerated"] is False
    assert "codeExpires" not in details
    assert len(person.mailed()) == 1


def test_the_same_wrong_code_counts_once_within_a_second(chat: Chat) -> None:
    person = guarded(chat, "totp")
    wrong = person.phone.wrong_codes(1)[0]
    with chat.world.clock.standing_still():
        assert [person.error(wrong) for _ in range(4)] == ["totp-invalid"] * 4
    assert code_failures(person) == 1


def code_failures(person: Guarded) -> int:
    rows = person.chat.world.rows("SELECT code_failures FROM login_failures WHERE user_id = %s", person.user_id)
    return int(rows[0][0])


def test_ten_wrong_codes_lock_the_user_out_at_every_door(chat: Chat) -> None:
    person = guarded(chat, "totp")
    for wrong in person.phone.wrong_codes(10):
        assert person.error(wrong) == "totp-invalid"
    assert person.error(person.phone.code()) == "error-login-blocked-for-user"
    assert (
        chat.world.service.call(
            "POST", "/api/login", {"loginId": person.email, "password": "correct horse battery"}
        ).status_code
        == 423
    )
    chat.world.clock.advance(minutes=16)
    assert person.login(person.phone.code()).status_code == 200


def test_of_32_wrong_codes_at_once_ten_are_looked_at_and_the_right_one_then_is_not(chat: Chat) -> None:
    person = guarded(chat, "totp")
    wrong = person.phone.wrong_codes(32)
    found = Counter(at_once(lambda number: person.error(wrong[number]), 32))
    assert set(found) <= {"totp-invalid", "error-login-blocked-for-user"}
    assert person.login(person.phone.code()).status_code == 401
    [(locked,)] = chat.world.rows(
        "SELECT locked_until IS NOT NULL FROM login_failures WHERE user_id = %s", person.user_id
    )
    assert locked


def test_of_many_logins_with_the_same_code_at_once_one_gets_in(chat: Chat) -> None:
    person = guarded(chat, "totp")
    code = person.phone.code()
    statuses = Counter(at_once(lambda _: person.login(code).status_code, 16))
    assert statuses == {200: 1, 401: 15}
    assert person.logins() == 1


def test_one_mail_goes_out_however_many_ask_at_once(chat: Chat) -> None:
    person = guarded(chat, "email")
    generated = at_once(lambda _: person.details()["codeGenerated"], 8)
    assert generated.count(True) == 1
    assert len(person.mailed()) == 1


def test_no_more_than_one_challenge_of_a_user_waits(chat: Chat) -> None:
    person = guarded(chat, "totp")
    for _ in range(5):
        assert person.error() == "totp-required"
    query = "SELECT count(*) FROM external_identifiers WHERE user_id = %s AND kind = 'two-factor'"
    assert chat.world.rows(query, person.user_id) == [(1,)]


def test_resume_asks_for_no_second_factor(chat: Chat) -> None:
    person = guarded(chat, "totp")
    token = person.login(person.phone.code()).json()["data"]["authToken"]
    assert chat.login({"resume": token}).status_code == 200


def test_a_user_who_has_to_have_a_method_and_has_none_is_told_that_there_is_none(chat: Chat) -> None:
    person = guarded(chat)
    tenant_policy(chat.world, loginPolicy="Required")
    try:
        details = person.details()
    finally:
        tenant_policy(chat.world, loginPolicy="Enabled")
    assert details == {"method": "totp", "codeGenerated": False, "availableMethods": []}


def test_where_the_application_wants_no_second_factor_this_door_asks_for_none(chat: Chat) -> None:
    person = guarded(chat, "totp")
    change_application(chat.world, multiFactorConfiguration={"loginPolicy": "Disabled"})
    try:
        assert person.login().status_code == 200
    finally:
        change_application(chat.world, multiFactorConfiguration={"loginPolicy": None})  # the tenant's counts again


def test_codes_of_a_method_that_was_removed_meanwhile_are_none(chat: Chat) -> None:
    person = guarded(chat, "email", "sms")
    assert person.details()["method"] == "email"
    service, code = chat.world.service, person.mailed()[0]
    [method] = [each for each in chat.world.user(person.user_id)["twoFactor"]["methods"] if each["method"] == "email"]
    chosen = {"userId": person.user_id, "methodId": method["id"]}
    assert service.call("POST", "/api/two-factor/send", chosen).status_code == 200
    removal = {"code": person.mailed()[-1], "methodId": method["id"]}
    assert service.call("DELETE", f"/api/user/two-factor/{person.user_id}", params=removal).status_code == 200
    details = person.details(code)
    assert (details["method"], details["codeGenerated"]) == ("sms", True)


def test_webhooks_hear_of_a_wrong_code_and_of_one_login(chat: Chat) -> None:
    person = guarded(chat, "totp")
    with hooks_of(chat.world.service) as hooks:
        hook = hooks.add("user.login.failed", "user.login.success")
        hooks.switch_on("user.login.failed", "user.login.success")
        assert person.error() == "totp-required"
        assert person.error(person.phone.wrong_codes(1)[0]) == "totp-invalid"
        assert person.login(person.phone.code()).status_code == 200
        hooks.deliver()
        assert hook.types == ["user.login.failed", "user.login.success"]
        assert {event["user"]["id"] for event in hook.events} == {person.user_id}
        hooks.switch_on()


def test_a_webhook_that_refuses_a_login_lets_no_token_leave_and_the_code_is_spent(chat: Chat) -> None:
    person = guarded(chat, "totp")
    code = person.phone.code()
    with hooks_of(chat.world.service) as hooks:
        hooks.add("user.login.success", behaviour=NO)
        hooks.switch_on("user.login.success", transaction="AbsoluteMajority")
        assert person.login(code).status_code == 500
        hooks.switch_on()
    assert person.logins() == 0
    assert person.error(code) == "totp-invalid"
    assert person.login(person.phone.code()).status_code == 200


def test_a_code_that_was_mailed_before_a_password_change_is_worth_nothing(chat: Chat) -> None:
    person = guarded(chat, "email")
    assert person.error() == "totp-required"
    chat.world.change_user(person.user_id, password="another horse battery")
    body = {"user": person.email, "password": "another horse battery", "code": person.mailed()[0]}
    assert chat.login(body).json()["error"] == "totp-invalid"


def test_no_code_and_no_two_factor_id_is_stored_in_clear(chat: Chat) -> None:
    person = guarded(chat, "email")
    assert person.error() == "totp-required"
    code = person.mailed()[0].replace("-", "")
    query = f"SELECT count(*) FROM external_identifiers e WHERE user_id = %s AND strpos(e::text, '{code}') > 0"
    assert chat.world.rows(query, person.user_id) == [(0,)]
